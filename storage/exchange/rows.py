"""Rows of the store by the hundred: gathered, and inserted together, for which their ids are chosen beforehand.

That is several times as fast as a statement a row, and the write lock is held that much shorter. No pair of a file is
ever served, so that none of them is put into the queue.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from storage.database import now
from storage.details import as_row
from storage.labels import random_showing_id
from storage.records import Details

TABLES = {
    "completions": ("completion_id", "prompt_id", "text", "sampling", "created_at"),
    "imported_models": ("completion_id", "name"),
    "pairs": ("pair_id", "prompt_id", "completion_a", "completion_b", "source", "created_at"),
    "showings": ("showing_id", "pair_id", "labeler", "flipped", "shown_at", "purpose"),
    "preferences": ("preference_id", "showing_id", "client_key", "verdict", "strength", "seconds", "created_at"),
    "preference_details": ("preference_id", "flagged", "reasons", "comment", "ratings"),
    "ratings": ("completion_id", "labeler", "thumb", "client_key", "created_at"),
    "demonstrations": ("prompt_id", "labeler", "text", "created_at"),
}  # in the order in which they point to each other
ELSEWHERE = "elsewhere"  # where it was decided: not here
COUNTED = {"completions": "completion_id", "pairs": "pair_id", "preferences": "preference_id"}


class Rows:
    """What is about to be inserted, inside the caller's transaction, which holds the write lock from before."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._moment = now()
        self._rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        newest = {table: f"SELECT coalesce(max({key}), 0) AS n FROM {table}" for table, key in COUNTED.items()}
        self._last = {table: int(next(iter(db.query(sql)))["n"]) for table, sql in newest.items()}

    def completion(self, prompt_id: int, text: str, model: str | None) -> int:
        """An answer of no model of this home; returns its id."""
        completion_id = self._next("completions")
        self._rows["completions"].append((completion_id, prompt_id, text, "{}", self._moment))
        if model is not None:
            self._rows["imported_models"].append((completion_id, model))
        return completion_id

    def pair(self, prompt_id: int, a: int, b: int, source: str) -> int:
        """Two answers to a prompt; returns the pair's id."""
        pair_id = self._next("pairs")
        self._rows["pairs"].append((pair_id, prompt_id, a, b, source, self._moment))
        return pair_id

    def vote(
        self,
        pair_id: int,
        labeler: str,
        flipped: bool,
        client_key: str,
        verdict: str,
        strength: int,
        seconds: float | None,
        details: Details | None,
    ) -> None:
        """A labeler's first vote on a pair, with its showing."""
        showing_id, preference_id = random_showing_id(), self._next("preferences")
        self._rows["showings"].append((showing_id, pair_id, labeler, int(flipped), self._moment, ELSEWHERE))
        vote = (preference_id, showing_id, client_key, verdict, strength, seconds, self._moment)
        self._rows["preferences"].append(vote)
        if details is not None:
            self._rows["preference_details"].append(as_row(preference_id, details))

    def rating(self, completion_id: int, labeler: str, thumb: str, client_key: str) -> None:
        """A thumb on an answer."""
        self._rows["ratings"].append((completion_id, labeler, thumb, client_key, self._moment))

    def demonstration(self, prompt_id: int, labeler: str, text: str) -> None:
        """What a labeler would have answered."""
        self._rows["demonstrations"].append((prompt_id, labeler, text, self._moment))

    def insert(self) -> None:
        """Insert all of it."""
        for table, columns in TABLES.items():
            if self._rows[table]:
                marks = ", ".join("?" * len(columns))
                sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
                self._db.conn.executemany(sql, self._rows[table])

    def _next(self, table: str) -> int:
        self._last[table] += 1
        return self._last[table]
