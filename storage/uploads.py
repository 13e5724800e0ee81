"""Files that came through a page, kept in the home: where the server puts them they do not stay."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from storage.database import Store


def keep(store: Store, path: Path) -> Path:
    """A copy of a file in the home, named by the sha256 of its content; the same content is kept once."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    target = store.uploads / "".join([digest, *path.suffixes[-2:]])
    if not target.exists():
        partial = target.with_name(f".{secrets.token_hex(8)}.partial")
        shutil.copyfile(path, partial)
        with partial.open("rb") as handle:
            os.fsync(handle.fileno())
        partial.replace(target)
    return target
