"""Checkpoints that are whole or do not count. Imports no torch.

A trainer writes a checkpoint in place, so a kill leaves a torn one, and one that lacks its optimizer or random state
still loads and silently gives other weights. So a manifest (files, sizes, sha256) is written last, after all files
are on disk, and only a checkpoint that agrees with its manifest is resumed from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from alignment.jobdir import write_json
from storage.durable import sync_directory

MANIFEST = "manifest.json"
PREFIX = "checkpoint-"
REQUIRED = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json")


def seal(checkpoint: Path) -> None:
    """Put every file of a finished checkpoint on disk, then its manifest."""
    files = {}
    for path in sorted(found for found in checkpoint.rglob("*") if found.is_file()):
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        files[str(path.relative_to(checkpoint))] = {"size": path.stat().st_size, "sha256": digest}
    for directory in [checkpoint, *(found for found in checkpoint.rglob("*") if found.is_dir())]:
        sync_directory(directory)
    write_json(checkpoint / MANIFEST, {"files": files})
    sync_directory(checkpoint.parent)


def verify(checkpoint: Path) -> bool:
    """Whether a checkpoint has a manifest, all that training needs to go on, and every file just as it was sealed."""
    try:
        files = json.loads((checkpoint / MANIFEST).read_text())["files"]
    except (OSError, ValueError, KeyError, TypeError):  # missing or torn: the checkpoint never was finished
        return False
    # On several processes each has a random state of its own, so the name of that file carries a rank.
    has_random_state = any(name.startswith("rng_state") for name in files)
    if not has_random_state or any(name not in files for name in REQUIRED if name != "rng_state.pth"):
        return False
    return all(_is_as_sealed(checkpoint / name, entry) for name, entry in files.items())


def newest_verified(root: Path) -> Path | None:
    """The newest checkpoint under `root` that verifies, or None; newer ones that do not are deleted."""
    for checkpoint in reversed(_checkpoints(root)):
        if verify(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def prune(root: Path, keep: int = 2) -> None:
    """Delete all but the newest `keep` checkpoints; called after the newest is sealed."""
    for checkpoint in _checkpoints(root)[:-keep]:
        shutil.rmtree(checkpoint)


def _checkpoints(root: Path) -> list[Path]:
    """Checkpoint directories in the order of their steps."""
    found = [path for path in root.glob(f"{PREFIX}*") if path.name.removeprefix(PREFIX).isdigit()]
    return sorted(found, key=lambda path: int(path.name.removeprefix(PREFIX)))


def _is_as_sealed(path: Path, entry: dict[str, str | int]) -> bool:
    if not path.is_file() or path.stat().st_size != entry["size"]:
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == entry["sha256"]
