"""From what is written on the Align page to the settings of a round."""

from __future__ import annotations

from typing import Any

import yaml

from storage.errors import UserError


def round_settings(fields: dict[str, str | None], recipe: str | None) -> dict[str, Any]:
    """Settings as a round takes them; a field that is empty, or was never opened, leaves its default.

    A field's name is its key, and `recipe` has a line of key=value for each setting more, which rules over a field. A
    dot in a key goes one level down. Raises UserError for a line of another form; whether a key is known, and its
    value possible, is for the round to say.
    """
    settings: dict[str, Any] = {}
    for key, text in fields.items():
        if text and text.strip():
            _set(settings, f"{key}={text}")
    for line in (recipe or "").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            _set(settings, line)
    return settings


def _set(settings: dict[str, Any], line: str) -> None:
    key, equals, text = line.partition("=")
    *path, last = key.strip().split(".")
    if not equals or not last:
        raise UserError(f"The line {line.strip()!r} of the recipe is not of the form key=value.")
    level = settings
    for part in path:
        level = level.setdefault(part, {})
        if not isinstance(level, dict):
            raise UserError(f"The line {line.strip()!r} of the recipe goes below {part!r}, which has a value itself.")
    try:
        level[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"The value in {line.strip()!r} cannot be read: write it as in YAML.") from error
