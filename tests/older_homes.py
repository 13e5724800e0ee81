"""A home as an older Plumbline left it, to be opened by this one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from storage.database import Store
from storage.migrations import SCHEMA


def older_home(path: Path, migrations: str, monkeypatch: pytest.MonkeyPatch, before: str = "9999") -> Store:
    """A new home under `path` with the migrations of that file pattern alone, until `monkeypatch` is undone.

    Those numbered `before` and later are left out.
    """
    (path / "schema").mkdir(parents=True)
    for file in SCHEMA.glob(migrations):
        if file.name < before:
            shutil.copy(file, path / "schema")
    monkeypatch.setattr("storage.migrations.SCHEMA", path / "schema")
    return Store.open(path / "home")
