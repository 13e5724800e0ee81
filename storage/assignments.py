"""Settings as a person writes them: key=value, on a command line or in a field of a page."""

from __future__ import annotations

from typing import Any

import yaml

from storage.errors import UserError


def assign(settings: dict[str, Any], setting: str) -> None:
    """Put one key=value into `settings`; a dot in the key goes one level down, and the value is read as YAML.

    Raises UserError for a setting of another form. Whether the key is known is for others to say.
    """
    key, equals, text = setting.partition("=")
    *path, last = key.strip().split(".")
    if not equals or not last:
        raise UserError(f"The setting {setting.strip()!r} is not of the form key=value.")
    level = settings
    for part in path:
        level = level.setdefault(part, {})
        if not isinstance(level, dict):
            raise UserError(f"The setting {setting.strip()!r} goes below {part!r}, which has a value of its own.")
    try:
        level[last] = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that no calendar has
        raise UserError(f"The value in the setting {setting.strip()!r} cannot be read: put it in quotes.") from error
