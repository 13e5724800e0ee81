"""The turns of a conversation as they come from outside, and what is taken of them."""

from __future__ import annotations

from typing import Any

from storage.errors import UserError
from storage.records import Message
from storage.text import is_text

ROLES = ("system", "user", "assistant")


def remembered(turns: Any) -> list[Message]:
    """The turns that a browser kept; none where they are spoilt."""
    try:
        return to_messages(turns)
    except UserError:
        return []


def to_messages(turns: Any) -> list[Message]:
    """Turns from outside, checked. Raises UserError for anything that is no list of roles and texts."""
    if not isinstance(turns, list):
        raise UserError("The history is no list of turns.")
    for turn in turns:
        if not isinstance(turn, dict) or turn.get("role") not in ROLES or not is_text(turn.get("content")):
            raise UserError(f"A turn of the history has a role ({', '.join(ROLES)}) and a content, which is text.")
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]
