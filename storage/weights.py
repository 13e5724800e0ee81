"""What tells one model from another, and a damaged one from a whole one: the hash of its weights, kept on the card, and
that of its other files, kept with what came of a job that read it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from storage.records import Model


def weights_sha256(model: Path) -> str:
    """sha256 over the names and bytes of a model's safetensors files, in the order of their names."""
    return _sha256(sorted(model.glob("*.safetensors")))


def has_registered_weights(model: Model) -> bool:
    """Whether the weights are there and are those that the model was registered with, where its card says which."""
    try:
        return "weights_sha256" not in model.card or weights_sha256(Path(model.path)) == model.card["weights_sha256"]
    except OSError:  # a file that the disk does not give back
        return False


def settings_sha256(model: Path) -> str:
    """sha256 over the names and bytes of a model's other files: its configuration, tokenizer and chat template."""
    return _sha256(sorted(path for path in model.glob("*") if path.is_file() and path.suffix != ".safetensors"))


def _sha256(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode())
        with path.open("rb") as handle:
            while block := handle.read(2**20):
                digest.update(block)
    return digest.hexdigest()
