"""Instructions in the Alpaca format: records with instruction, input and output. Imports no torch.

in: a JSON list or JSON Lines, also .gz      out: demonstrations, in the file's order
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment.textfiles import read_text
from storage.errors import UserError


@dataclass(frozen=True)
class Demonstration:
    """What somebody asks, and the answer that a policy is to learn from."""

    prompt: str
    answer: str


def read_instructions(path: Path) -> list[Demonstration]:
    """All records of an Alpaca file; an `input` that is not empty follows its instruction after a blank line.

    Raises UserError for a file without records, and for the first malformed one, naming the file and its number (in
    JSON Lines its line).
    """
    text = read_text(path)
    records = _of_list(path, text) if text.lstrip().startswith("[") else _of_lines(path, text)
    found = [_demonstration(record, where) for where, record in records]
    if not found:
        raise UserError(f"{path} holds no instructions: it takes records with instruction, input and output.")
    return found


def _of_list(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    for number, record in enumerate(_parsed(text, str(path)), start=1):
        yield f"record {number} of {path}", record


def _of_lines(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"line {number} of {path}"
            yield where, _parsed(line, where)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{_opening(where)} is not JSON ({error}): mend it.") from error


def _demonstration(record: Any, where: str) -> Demonstration:
    if not isinstance(record, dict):
        raise UserError(f"{_opening(where)} is no record: it must be an object with instruction, input and output.")
    instruction, context, answer = (_text(record, key, where) for key in ("instruction", "input", "output"))
    for key, value in (("instruction", instruction), ("output", answer)):
        if not value.strip():
            raise UserError(f"{_opening(where)} has no {key}: fill it in, or take the record out.")
    return Demonstration(f"{instruction}\n\n{context}" if context.strip() else instruction, answer)


def _text(record: dict[str, Any], key: str, where: str) -> str:
    """A field's text; one that is missing or null is empty."""
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(f"{_opening(where)} has {type(value).__name__} as its {key}, which must be text.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise UserError(f"{_opening(where)} has half a character (a lone surrogate) in its {key}: mend the text.")
    return value


def _opening(where: str) -> str:
    """`where` at the beginning of a sentence; a path keeps its own letters."""
    return where if where.startswith("/") else where[:1].upper() + where[1:]
