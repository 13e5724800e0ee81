"""Which text can be kept: in the database, in files, and on the way between."""

from __future__ import annotations

from typing import Any


def one_line(value: Any) -> str:
    """A text with its stretches of white space as single spaces; empty for what cannot be kept."""
    return " ".join(value.split()) if is_text(value) else ""


def is_text(value: Any) -> bool:
    """Whether this is text that can be stored and sent on, which half a surrogate pair cannot."""
    return isinstance(value, str) and value == value.encode(errors="replace").decode()
