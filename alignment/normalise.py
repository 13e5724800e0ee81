"""What a model directory that was brought may lack for any server to chat with it: a chat template, its end token.

`alignment.models` makes up for both when a job loads a model; here they are written down, so that a server which knows
nothing of us reads the same. Imports no torch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from alignment.chatformat import PLAIN_TEMPLATE

TEMPLATE = "chat_template.jinja"


def normalise(model: Path) -> None:
    """Write the plain chat template into a directory that has none, and eos among the tokens that end an answer."""
    settings = _read(model / "tokenizer_config.json")
    if not settings.get("chat_template") and not any(
        (model / name).is_file() for name in (TEMPLATE, "chat_template.json")
    ):
        (model / TEMPLATE).write_text(PLAIN_TEMPLATE, encoding="utf-8")
    eos = settings.get("eos_token") or _read(model / "special_tokens_map.json").get("eos_token")
    eos = eos.get("content") if isinstance(eos, dict) else eos
    special = {
        token["content"]: token["id"]
        for token in _read(model / "tokenizer.json").get("added_tokens", [])
        if token.get("special")
    }
    if isinstance(eos, str) and eos in special:
        _end_with(model, special[eos], set(special.values()))


def _end_with(model: Path, eos_id: int, special: set[int]) -> None:
    """Put eos first among the ends; those named besides stay if they are special, for others are words here."""
    file = model / "generation_config.json"
    settings = _read(file)
    if not settings:
        config = _read(model / "config.json")
        settings = {name: config.get(name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    named = settings.get("eos_token_id")
    ids = named if isinstance(named, list) else [] if named is None else [named]
    if eos_id in ids:
        return
    others = [token_id for token_id in ids if token_id in special]
    file.write_text(json.dumps({**settings, "eos_token_id": [eos_id, *others]}, indent=2) + "\n", encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    """A JSON file, or nothing where there is none; that it is well formed has been checked by `modelcheck`."""
    value = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return value if isinstance(value, dict) else {}
