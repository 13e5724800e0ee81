"""From what is written on the Align page to the settings of a round."""

from __future__ import annotations

from typing import Any

from storage.assignments import assign


def round_settings(fields: dict[str, str | None], recipe: str | None) -> dict[str, Any]:
    """Settings as a round takes them; a field that is empty, or was never opened, leaves its default.

    A field's name is its key, and `recipe` has a line of key=value for each setting more, which rules over a field. A
    dot in a key goes one level down. Raises UserError for a line of another form; whether a key is known, and its
    value possible, is for the round to say.
    """
    settings: dict[str, Any] = {}
    for key, text in fields.items():
        if text and text.strip():
            assign(settings, f"{key}={text}")
    for line in (recipe or "").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            assign(settings, line)
    return settings
