"""What a format is: how its rows are known, what they are read as, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from storage.exchange.shapes import Shape, What
from storage.snapshots import CONVERSATION

About = dict[str, Any]  # what the store knows of a row besides: its ids, its split, when it was made
Reader = Callable[[Any], Sequence[Any]]  # the shapes of one row; raises BadRow where it has none
STRING = pa.string()
MESSAGES = CONVERSATION
COMPARED = ("a", "b", "tie", "both_bad")


@dataclass(frozen=True)
class Writer:
    """How rows go out. `write` makes a row of the file of the shapes that stand together, and of what is known of each.

    These are one, unless `grouped`: then they are all votes on one pair. It raises BadRow with the reason where the
    format has no way to say it. Votes with other `verdicts` have no place in it.
    """

    schema: pa.Schema
    write: Callable[[Sequence[tuple[Any, About]]], dict[str, Any]]
    grouped: bool = False
    verdicts: tuple[str, ...] = ("a", "b")


@dataclass(frozen=True)
class Format:
    """A format. `known_by` says why a row is taken to be of it, or nothing where it is not.

    The first of the `readers` is what is read unless something else is asked for.
    """

    name: str
    known_by: Callable[[dict[str, Any]], str]
    readers: dict[What, Reader] = field(default_factory=dict)
    writers: dict[What, Writer] = field(default_factory=dict)


def one(write: Callable[[Any, About], dict[str, Any]]) -> Callable[[Sequence[tuple[Any, About]]], dict[str, Any]]:
    """A writer of a row for each shape."""
    return lambda rows: write(*rows[0])


def alone(read: Callable[[Any], Shape]) -> Reader:
    """A reader of one shape a row."""
    return lambda row: [read(row)]


def columns(**types: pa.DataType) -> pa.Schema:
    """A schema by the names of its columns."""
    return pa.schema(list(types.items()))


def having(*names: str) -> Callable[[dict[str, Any]], str]:
    """Known by these columns, all of them."""
    said = f"its first row has {', '.join(names[:-1])}{' and ' if names[1:] else ''}{names[-1]}"
    return lambda row: said if all(name in row for name in names) else ""
