"""The formats, each in a module of its own: `docs/formats.md` describes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from storage.errors import UserError
from storage.exchange.format import Format, Reader
from storage.exchange.formats import (
    alpaca,
    arena,
    argilla,
    chat,
    helpsteer3,
    hh,
    labelstudio,
    openai,
    prompts,
    rankings,
    self_instruct,
    trl,
    ultrafeedback,
    unpaired,
    votes,
)
from storage.exchange.reading import listed
from storage.exchange.shapes import What

# In the order in which a row is tried: one that has more columns of its own comes before one that has fewer.
FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        *(labelstudio, argilla, openai, votes, rankings, arena, helpsteer3, ultrafeedback, hh, trl, unpaired),
        *(self_instruct, alpaca, chat, prompts),
    )
}


def guess(path: Path, values: Iterable[Any]) -> tuple[str, str]:
    """The format of a file by its first readable row, and why. Raises UserError when it is none."""
    first = next((value for value in values if isinstance(value, str | dict)), None)
    if not isinstance(first, dict):
        return "prompts", "its rows are plain text"
    for name, format in FORMATS.items():
        if why := format.known_by(first):
            return name, why
    raise UserError(
        f"{path} has {listed(first) or 'no columns'}, which is no format that is known: docs/formats.md lists those "
        "that are."
    )


def reader(name: str, what: str | None) -> tuple[What, Reader]:
    """What the rows of a format are read as, and how. Raises UserError for what cannot be."""
    if name not in FORMATS:
        raise UserError(f"{name!r} is no format to import: take {', '.join(['auto', *FORMATS])}.")
    readers = FORMATS[name].readers
    chosen = what or next(iter(readers))
    for known, read in readers.items():
        if known == chosen:
            return known, read
    raise UserError(f"{name} holds no {chosen}: it can be read as {', '.join(readers)}.")
