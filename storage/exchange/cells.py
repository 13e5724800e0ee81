"""Cells of CSV, which knows only text: what is no text is JSON in its cell."""

from __future__ import annotations

import json
from typing import Any

# These hold messages or text, so that only what can be nothing but messages is taken for them.
CONVERSATIONS = {
    "prompt",
    "messages",
    "chosen",
    "rejected",
    "completion",
    "context",
    "conversation_a",
    "conversation_b",
}
# These are never plain text. `input` is Alpaca's text and OpenAI's object.
STRUCTURES = {
    *("fields", "responses", "suggestions", "metadata", "data", "annotations", "instances"),
    *("preferred_output", "non_preferred_output", "reasons", "individual_preference"),
    *("completions", "ranks"),
}


def cell_of(name: str, text: str) -> Any:
    """What a cell under this heading stands for."""
    is_structure = name in STRUCTURES and text[:1] in ("[", "{")
    if is_structure or (name in CONVERSATIONS and text.startswith("[{")) or text.startswith('{"messages": '):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return value if name not in CONVERSATIONS or _are_messages(value) else text
    return text


def text_of_cell(value: Any) -> Any:
    """What is written into a cell."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _are_messages(value: Any) -> bool:
    return all(isinstance(turn, dict) and turn.keys() >= {"role", "content"} for turn in value)
