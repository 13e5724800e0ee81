"""What tells one model's weights from another's, and damaged ones from whole ones: their hash, kept on the card."""

from __future__ import annotations

import hashlib
from pathlib import Path


def weights_sha256(model: Path) -> str:
    """sha256 over the names and bytes of a model's safetensors files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(model.glob("*.safetensors")):
        digest.update(path.name.encode())
        with path.open("rb") as handle:
            while block := handle.read(2**20):
                digest.update(block)
    return digest.hexdigest()
