"""Files that are there whole or not at all, whatever moment the power fails at."""

from __future__ import annotations

import os
from pathlib import Path


def put_in_place(partial: Path, target: Path) -> None:
    """Let a file that is written take the place of `target` in the same directory: its content first, then its name."""
    with partial.open("rb") as handle:
        os.fsync(handle.fileno())
    partial.replace(target)
    sync_directory(target.parent)


def sync_directory(path: Path) -> None:
    """Make renames in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
