"""The fields of a row of a file, checked: each function says with a BadRow why a value cannot be taken."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from storage.exchange.reading import BadRow
from storage.exchange.shapes import Messages, PreferenceRow
from storage.records import Message

MOST_CHARACTERS = 200_000  # of one text: far more than any policy here reads, and still shown in a page
LONGEST_NAME = 100  # of a labeler or a model
LONGEST_COMMENT = 2000
ROLES = ("system", "user", "assistant")

_SURROGATE = re.compile("[\ud800-\udfff]")


def field_of(row: Any, *names: str) -> Any:
    """The first of these fields that a row has. Raises BadRow when it has none."""
    if not isinstance(row, dict):
        raise BadRow("it is no object with named fields")
    for name in names:
        if row.get(name) is not None:
            return row[name]
    raise BadRow(f"it has no {' or '.join(names)}")


def text_of(value: Any, what: str) -> str:
    """A text as it is. Raises BadRow when it is none, is too long, or holds what is no character."""
    if not isinstance(value, str):
        raise BadRow(f"{what} is no text")
    if len(value) > MOST_CHARACTERS:
        raise BadRow(f"{what} has {len(value)} characters, and {MOST_CHARACTERS} are the most")
    if "\0" in value:
        raise BadRow(f"{what} has a NUL character")
    if not value.isascii() and _SURROGATE.search(value):
        raise BadRow(f"{what} has half a surrogate pair, which is no character")
    return value


def conversation_of(value: Any, what: str) -> Messages:
    """Messages with a role and a text each; plain text is one turn of a user's.

    A struct of lists, as some Parquet files have messages, is read too.
    """
    if isinstance(value, dict) and isinstance(value.get("role"), list) and isinstance(value.get("content"), list):
        if len(value["role"]) != len(value["content"]):
            raise BadRow(f"{what} has more roles than texts, or fewer")
        pairs = zip(value["role"], value["content"], strict=True)
        value = [{"role": role, "content": content} for role, content in pairs]
    if not isinstance(value, list):
        return ({"role": "user", "content": text_of(value, what)},)
    turns: list[Message] = []
    for turn in value:
        role = turn.get("role") if isinstance(turn, dict) else None
        if role not in ROLES:
            raise BadRow(f"a message of {what} has a role that is none of {', '.join(ROLES)}")
        turns.append({"role": role, "content": text_of(turn.get("content"), f"a message of {what}")})
    if sum(len(turn["content"]) for turn in turns) > MOST_CHARACTERS:
        raise BadRow(f"{what} has more than {MOST_CHARACTERS} characters")
    return tuple(turns)


def prompt_of(turns: Messages) -> Messages:
    """A conversation that ends in what a user asks. Raises BadRow when it does not."""
    if not turns or turns[-1]["role"] != "user":
        raise BadRow("the prompt does not end in a user's turn")
    if not turns[-1]["content"].strip():
        raise BadRow("the prompt is empty")
    return turns


def answer_of(value: Any, what: str) -> str:
    """An answer: text, or one message of an assistant's."""
    if isinstance(value, list):
        turns = conversation_of(value, what)
        if [turn["role"] for turn in turns] != ["assistant"]:
            raise BadRow(f"{what} is not one message of an assistant's")
        return turns[0]["content"]
    return text_of(value, what)


def as_messages(answer: str) -> list[Message]:
    """An answer as the one message that `answer_of` reads."""
    return [{"role": "assistant", "content": answer}]


def name_of(value: Any, what: str) -> str | None:
    """The name of a labeler or a model, or None where there is none. A number is a name too."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRow(f"{what} is no name")
    name = text_of(str(value), what).strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadRow(f"{what} is no name of 1 to {LONGEST_NAME} printable characters")
    return name


def number_of(value: Any, what: str) -> float | None:
    """A finite number, written out or not, or None where there is none."""
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise BadRow(f"{what} is no number")
    return number


def whole_number_of(value: Any, what: str, among: Sequence[int]) -> int:
    """A whole number that is one of these."""
    number = number_of(value, what)
    if number is None or number not in among:
        raise BadRow(f"{what} is none of {', '.join(map(str, among))}")
    return int(number)


def differing(row: PreferenceRow) -> PreferenceRow:
    """The row, if its answers differ: of the same answer twice there is nothing to say."""
    if row.a == row.b:
        if row.flipped is None:
            raise BadRow("chosen and rejected are the same, so neither is preferred")
        raise BadRow("its two answers are the same, so neither is preferred")
    return row
