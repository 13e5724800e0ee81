"""Files of JSON lines that never change, each named by the sha256 of its content, for a job to learn from."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from storage.database import Store
from storage.durable import put_in_place


def freeze_lines(store: Store, name: str, rows: Iterable[dict[str, Any]]) -> str:
    """Write rows to the file `path_of(store, name, sha256)` and return that hash. The same rows are the same file."""
    content = "".join(json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n" for row in rows).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(store, name, sha256)
    partial = path.with_suffix(f".{secrets.token_hex(8)}.partial")
    partial.write_bytes(content)
    put_in_place(partial, path)
    return sha256


def path_of(store: Store, name: str, sha256: str) -> Path:
    """Where the rows of this name and hash are."""
    return store.snapshots / f"{name}-{sha256}.jsonl"


def is_whole(path: Path, sha256: str) -> bool:
    """Whether the file is there and holds exactly the content of this hash."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:  # gone, or the disk does not give it back
        return False
