"""Edits: better answers that labelers wrote in view of others, with the pairs and the demonstration that come of each.

An edit belongs to one vote, and stands as long as that vote does: what takes the vote back takes back all that came of
the edit, so that the edited answer counts as a whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlite_utils import Database

from storage import demonstrations, labels
from storage.database import Store, first
from storage.records import NewCompletion

STRENGTH = 3  # of 4, of the edited answer over another: better, and nobody was asked by how much
OWN_VOTES = """
SELECT p.* FROM edits e
JOIN preferences anchor ON anchor.preference_id = e.preference_id
JOIN pairs r ON r.completion_a = e.completion_id AND r.source = 'edit'
JOIN showings s ON s.pair_id = r.pair_id
JOIN current_preferences p ON p.showing_id = s.showing_id
WHERE e.preference_id = ? AND p.showing_id <> anchor.showing_id AND p.verdict <> 'withdrawn'
"""
DEMONSTRATION = """
SELECT d.* FROM edits e JOIN demonstrations d USING (demonstration_id) WHERE e.preference_id = ?
AND NOT EXISTS (SELECT 1 FROM demonstrations later WHERE later.prompt_id = d.prompt_id
                AND later.labeler = d.labeler AND later.demonstration_id > d.demonstration_id)
"""
BEFORE_IT = """
SELECT text FROM demonstrations WHERE prompt_id = ? AND labeler = ? AND demonstration_id < ?
ORDER BY demonstration_id DESC LIMIT 1
"""
TEXTS = """
SELECT e.preference_id, c.text FROM edits e JOIN completions c USING (completion_id)
WHERE e.preference_id IN (SELECT value FROM json_each(?))
"""


def insert_edited(db: Database, prompt_id: int, text: str, origin_id: int | None) -> int:
    """Store an edited answer as a completion of no model, inside the caller's transaction.

    What it was made from is in its record; whose it is, the votes on it say, from which a person can be taken out.
    """
    edited = NewCompletion(prompt_id, text, sampling={"edit_of": origin_id}, ended=True)
    (completion_id,) = labels.insert_completions(db, [edited])
    return completion_id


def insert_preferred(
    db: Database, prompt_id: int, edited: int, other: int, labeler: str, client_key: str, side: Callable[[int], bool]
) -> int:
    """Store that a labeler prefers their edited answer to another one: pair, showing and vote. Returns the vote's id.

    Nobody saw the two side by side, so `side` says of the pair which is on the left, as it does for those who do.
    """
    pair_id = labels.insert_pair(db, prompt_id, edited, other, "edit")
    showing_id = labels.insert_showing(db, pair_id, labeler, side(pair_id))
    return labels.insert_preference(db, showing_id, client_key, "a", STRENGTH, None, None)


def insert_edit(
    db: Database, preference_id: int, completion_id: int, origin_id: int | None, demonstration: int
) -> None:
    """Record that an edit came with a vote, inside the caller's transaction."""
    db.execute(
        "INSERT INTO edits (preference_id, completion_id, origin_id, demonstration_id) VALUES (?, ?, ?, ?)",
        [preference_id, completion_id, origin_id, demonstration],
    )


def take_back(db: Database, preference_id: int, client_key: str) -> None:
    """Take back what came of the edit that a vote was given with, as that vote gives way; nothing where there is none.

    The answer that the labeler had written to the prompt before stands again, unless they have written one since.
    """
    for vote in list(db.query(OWN_VOTES, [preference_id])):
        labels.insert_preference(db, vote["showing_id"], client_key, "withdrawn", 0, None, vote["preference_id"])
    for written in list(db.query(DEMONSTRATION, [preference_id])):
        of = [written["prompt_id"], written["labeler"], written["demonstration_id"]]
        before = next(iter(db.query(BEFORE_IT, of)), {"text": None})
        demonstrations.insert(db, written["prompt_id"], written["labeler"], before["text"], written["showing_id"])


def by_client_key(db: Database, labeler: str, client_key: str) -> int | None:
    """The preference_id of the edit that this key of the labeler's already made, or None."""
    sql = (
        "SELECT preference_id FROM edits JOIN preferences p USING (preference_id) JOIN showings s USING (showing_id)"
        " WHERE s.labeler = ? AND p.client_key = ?"
    )
    row = first(db, sql, [labeler, client_key])
    return row["preference_id"] if row else None


def edit_of(db: Database, preference_id: int) -> dict[str, Any] | None:
    """The row of the edit that a vote came with, or None."""
    return first(db, "SELECT * FROM edits WHERE preference_id = ?", [preference_id])


def texts_of(store: Store, preference_ids: Sequence[int]) -> dict[int, str]:
    """The edited answers that these votes came with, of those that came with one."""
    return {row["preference_id"]: row["text"] for row in store.rows(TEXTS, [json.dumps(list(preference_ids))])}


def is_held_out(store: Store, preference_id: int) -> bool:
    """Whether the prompt of the vote is held out, so that no model learns from the edit that it came with."""
    sql = (
        "SELECT 1 FROM preferences JOIN showings USING (showing_id) JOIN pairs USING (pair_id)"
        " JOIN prompts USING (prompt_id) WHERE preference_id = ? AND split = 'heldout'"
    )
    return store.row(sql, [preference_id]) is not None
