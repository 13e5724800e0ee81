"""Whether a directory holds a model that may be loaded: safetensors weights, no code of its own. Imports no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from storage.errors import UserError

MAX_HEADER_BYTES = 100 * 1024 * 1024  # the limit of the safetensors format
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def validate_model_dir(path: Path) -> None:
    """Raise UserError, in one sentence, unless `path` is a model directory in Hugging Face format that is safe to load.

    Reads config.json, the tokenizer's settings and the safetensors headers, not the weights.
    """
    if not path.is_dir():
        raise UserError(f"There is no model directory {path}: name one in Hugging Face format.")
    config = _read_json(path / "config.json", f"{path} is no model directory, for it has no readable config.json")
    if not isinstance(config.get("model_type"), str):
        raise UserError(f"{path / 'config.json'} does not say its model_type, so it cannot be loaded.")
    _refuse_code(config, path / "config.json")
    _refuse_code(_read_optional(path / "tokenizer_config.json"), path / "tokenizer_config.json")
    if not any((path / name).is_file() for name in TOKENIZER_FILES):
        raise UserError(f"{path} has no tokenizer ({', '.join(TOKENIZER_FILES[:3])}): put the model's own beside it.")
    _check_added_tokens(path / "tokenizer.json")
    for name in ("generation_config.json", "special_tokens_map.json"):
        _read_optional(path / name)
    _check_weights(path)


def _check_added_tokens(path: Path) -> None:
    tokens = _read_optional(path).get("added_tokens", [])
    well_formed = isinstance(tokens, list) and all(
        isinstance(token, dict) and isinstance(token.get("content"), str) and isinstance(token.get("id"), int)
        for token in tokens
    )
    if not well_formed:
        raise UserError(f"{path} lists an added token without its content or id: copy the model again.")


def _check_weights(path: Path) -> None:
    weights = sorted(path.glob("*.safetensors"))
    if not weights:
        pickles = sorted(found.name for pattern in PICKLES for found in path.glob(pattern))
        if pickles:
            raise UserError(
                f"{path} has its weights as a pickle ({pickles[0]}), which can run code when loaded: "
                "save them as safetensors."
            )
        raise UserError(f"{path} has no weights: a *.safetensors file is needed.")
    for part in weights:
        _check_header(part)
    index = path / "model.safetensors.index.json"
    if index.exists():
        named = _read_json(index, f"{index} cannot be read").get("weight_map", {})
        if not isinstance(named, dict) or not all(isinstance(part_name, str) for part_name in named.values()):
            raise UserError(f"{index} does not map tensors to files: copy the model again.")
        for part_name in sorted(set(named.values())):
            if part_name not in {part.name for part in weights}:
                raise UserError(f"{index.name} in {path} names {part_name}, which is missing: copy the whole model.")


def matrices_of(path: Path) -> set[str]:
    """The names that the modules of a model directory have whose weight is a matrix, as q_proj; each once."""
    found = set()
    for part in path.glob("*.safetensors"):
        for name, entry in _check_header(part).items():
            module, _, kind = name.rpartition(".")
            if kind == "weight" and len(entry["shape"]) == 2:
                found.add(module.rpartition(".")[2])
    return found


def _check_header(path: Path) -> dict[str, Any]:
    """A safetensors file opens with the length of its JSON header, 8 bytes little-endian; tensors fill the rest."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
            raise UserError(f"{path} is no whole safetensors file: its header would be {length} of {size} bytes.")
        text = handle.read(length)
    try:
        header = json.loads(text)
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        whole = max(ends, default=0) == size - 8 - length
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} is no safetensors file: its header cannot be read.") from error
    if not whole:
        raise UserError(f"{path} is cut short or too long for the tensors that its header lists: copy it again.")
    return header


def _refuse_code(settings: dict[str, Any], source: Path) -> None:
    if settings.get("auto_map"):
        raise UserError(f"{source} asks to run the model's own code (auto_map), which is never done.")


def _read_optional(path: Path) -> dict[str, Any]:
    return _read_json(path, f"{path} cannot be read") if path.exists() else {}


def _read_json(path: Path, complaint: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{complaint}.") from error
    if not isinstance(value, dict):
        raise UserError(f"{complaint}.")
    return value
