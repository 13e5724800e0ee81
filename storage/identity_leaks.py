"""Answers that name their model, as `labeling.leaks` found them when they were first shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from storage.database import Store, now


@dataclass(frozen=True)
class IdentityLeak:
    """A phrase in which an answer names its model, the pairs that the answer is in, and the votes that stand on them.

    `model` is the registered model that wrote it, None for an imported answer.
    """

    completion_id: int
    model: str | None
    phrase: str
    pair_ids: tuple[int, ...]
    votes: int


def insert_identity_leaks(db: Database, completion_id: int, phrases: Sequence[str]) -> None:
    """Keep what was found in an answer, inside the caller's transaction; a phrase known already changes nothing."""
    for phrase in phrases:
        db.execute("INSERT OR IGNORE INTO identity_leaks VALUES (?, ?, ?)", [completion_id, phrase, now()])


def identity_leaks(store: Store) -> list[IdentityLeak]:
    """Every phrase that was found, by answer."""
    found = []
    for row in store.rows(
        "SELECT l.completion_id, l.phrase, m.name AS model"
        " FROM identity_leaks l JOIN completions c USING (completion_id)"
        " LEFT JOIN models m USING (model_id) ORDER BY l.completion_id, l.phrase"
    ):
        pairs = store.rows(
            "SELECT r.pair_id, (SELECT count(*) FROM showings s JOIN current_preferences p USING (showing_id)"
            " WHERE s.pair_id = r.pair_id AND p.verdict NOT IN ('skip', 'withdrawn')) AS votes"
            " FROM completions c CROSS JOIN pairs r USING (prompt_id)"  # from the prompt on: it has few pairs
            " WHERE c.completion_id = :one AND :one IN (r.completion_a, r.completion_b) ORDER BY r.pair_id",
            {"one": row["completion_id"]},
        )
        pair_ids = tuple(pair["pair_id"] for pair in pairs)
        found.append(IdentityLeak(**row, pair_ids=pair_ids, votes=sum(pair["votes"] for pair in pairs)))
    return found
