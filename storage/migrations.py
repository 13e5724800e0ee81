"""The schema, as numbered SQL files that are applied in order, each once.

A file that has landed is never edited: a change to the schema is a new file. All pending files are applied inside
one transaction, so a store is either the old one or the new one and never between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations
from sqlite_utils.utils import sqlite3

SCHEMA = Path(__file__).parent / "schema"


def migrations() -> Migrations:
    """The migrations of the schema folder, in the order of their file names."""
    ordered = Migrations("plumbline")
    for path in sorted(SCHEMA.glob("*.sql")):
        ordered(name=path.stem)(_runner(path.read_text()))
    return ordered


def statements(script: str) -> Iterator[str]:
    """Split a script into single statements; a trigger with semicolons inside it stays whole.

    `executescript` would be shorter, but it commits the open transaction first.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"the script ends inside a statement: {statement.strip()[:60]!r}")


def _runner(script: str) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        for statement in statements(script):
            db.execute(statement)

    return run
