"""Ratings: thumbs that people give to single answers, the newest of a person on an answer standing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlite_utils import Database

from storage.database import Store, first, now
from storage.frozen import freeze_lines
from storage.prompts import FOLD_HASH, JUDGE_BOUND, fold_of, prompt_hash
from storage.records import Fold, Message, Thumb

STANDING = """
FROM current_ratings r
JOIN completions c USING (completion_id)
JOIN prompts q USING (prompt_id)
LEFT JOIN models m USING (model_id)
"""
ROWS = f"""
SELECT r.rating_id, r.completion_id, c.prompt_id, r.labeler, q.messages, c.text AS completion, c.ended, m.name AS model,
       r.thumb, q.split, {FOLD_HASH} AS fold_sha256, r.created_at
{STANDING}ORDER BY r.rating_id
"""
TALLY = f"""
SELECT r.thumb, {FOLD_HASH} < '{JUDGE_BOUND}' AS judge, count(*) AS n {STANDING} WHERE q.split = 'train'
AND r.labeler NOT IN (SELECT value FROM json_each(?)) GROUP BY r.thumb, judge
"""
# A chat's answer is no job's; what is in a prompt's row decides its hash, so this is one conversation and its answer.
ANSWER = """
SELECT completion_id FROM completions JOIN prompts USING (prompt_id)
WHERE sha256 = ? AND model_id IS ? AND text = ? AND job_id IS NULL ORDER BY completion_id LIMIT 1
"""


def insert_rating(db: Database, completion_id: int, labeler: str, thumb: str, client_key: str) -> int:
    """Append what a labeler thinks of a completion, inside the caller's transaction."""
    cursor = db.execute(
        "INSERT INTO ratings (completion_id, labeler, thumb, client_key, created_at) VALUES (?, ?, ?, ?, ?)",
        [completion_id, labeler, thumb, client_key, now()],
    )
    return int(cursor.lastrowid or 0)


def completion_of(db: Database, messages: Sequence[Message], model_id: int | None, text: str) -> int | None:
    """The completion that keeps this answer of a model's (None: imported text) to a conversation, if it is kept."""
    row = first(db, ANSWER, [prompt_hash(messages), model_id, text])
    return row["completion_id"] if row else None


def standing(db: Database, completion_id: int, labeler: str) -> dict[str, Any] | None:
    """The rating that stands of a labeler on a completion, or None: there was none, or it was taken back."""
    sql = "SELECT * FROM current_ratings WHERE completion_id = ? AND labeler = ?"
    return first(db, sql, [completion_id, labeler])


def by_client_key(db: Database, completion_id: int, labeler: str, client_key: str) -> dict[str, Any] | None:
    """The rating that this key of a labeler's already made on a completion."""
    sql = "SELECT * FROM ratings WHERE completion_id = ? AND labeler = ? AND client_key = ?"
    return first(db, sql, [completion_id, labeler, client_key])


def is_held_out(store: Store, completion_id: int) -> bool:
    """Whether the completion's prompt is held out, so that no model learns from the ratings on it."""
    sql = "SELECT 1 FROM completions JOIN prompts USING (prompt_id) WHERE completion_id = ? AND split = 'heldout'"
    return store.row(sql, [completion_id]) is not None


def rows(store: Store) -> Iterator[dict[str, Any]]:
    """Those that stand, with the answer and its prompt, in the order of their ids."""
    for row in store.db().query(ROWS):
        row["prompt"] = json.loads(row.pop("messages"))
        row["fold"] = fold_of(row.pop("fold_sha256"))
        row["ended"] = None if row["ended"] is None else bool(row["ended"])
        yield row


def to_learn_from(store: Store, excluded: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Those that stand on train prompts, without those of the `excluded` labelers."""
    return [row for row in rows(store) if row["split"] == "train" and row["labeler"] not in excluded]


def freeze(store: Store, excluded: Sequence[str] = ()) -> str | None:
    """Freeze what may be learned from, without the `excluded` labelers, and return the hash that names the file.

    None where there is nothing.
    """
    found = to_learn_from(store, excluded)
    return freeze_lines(store, "ratings", found) if found else None


def tally(store: Store, excluded: Sequence[str] = ()) -> Counter[tuple[Thumb, Fold]]:
    """How many ratings `freeze` would hold, by thumb and fold."""
    found = store.rows(TALLY, [json.dumps(excluded)])
    return Counter({(row["thumb"], "judge" if row["judge"] else "train"): row["n"] for row in found})
