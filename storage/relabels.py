"""Asking again for pairs that were judged, after the guideline changed or because people disagree."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from storage import pair_queue
from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record

KNOWN = "SELECT pair_id FROM pairs WHERE pair_id IN (SELECT value FROM json_each(?))"
JUDGED = """
SELECT s.showing_id FROM showings s CROSS JOIN current_preferences p USING (showing_id)
WHERE s.pair_id = ? AND p.verdict NOT IN ('skip', 'withdrawn')
"""

AGAIN = """
SELECT l.why FROM holds h JOIN relabels l USING (pair_id)
JOIN current_preferences p ON p.showing_id = h.showing_id AND p.verdict <> 'withdrawn'
WHERE h.showing_id = ? AND h.deliberate ORDER BY l.relabel_id DESC LIMIT 1
"""


def ask_again(store: Store, pair_ids: Sequence[int], why: str, actor: str) -> int:
    """Let everybody who judged one of these pairs see it once more, before any other; returns how many showings it is.

    Their votes stand until they vote again, which supersedes them. `why` is shown with the pair. Raises UserError, and
    asks nobody, where there is no reason or a pair that is not there.
    """
    why = why.strip()
    if not 1 <= len(why) <= 500:
        raise UserError("Say in 1 to 500 characters why these pairs are to be judged again: labelers read it.")
    with store.write() as db:
        known = db.query(KNOWN, [json.dumps(list(pair_ids))])
        unknown = set(pair_ids) - {row["pair_id"] for row in known}
        if unknown:
            raise UserError(f"There is no pair {min(unknown)}, so none was asked for again.")
        asked = 0
        for pair_id in dict.fromkeys(pair_ids):
            db.execute(
                "INSERT INTO relabels (pair_id, why, asked_by, created_at) VALUES (?, ?, ?, ?)",
                [pair_id, why, actor, now()],
            )
            for row in list(db.query(JUDGED, [pair_id])):
                pair_queue.hold(db, row["showing_id"], deliberate=True)
                asked += 1
        record(db, actor, "ask again", f"{len(set(pair_ids))} pairs", pairs=sorted(set(pair_ids)), why=why)
    return asked


def why_again(db: Database, showing_id: int) -> str:
    """Why a pair lies in front of its labeler once more, or an empty text where it does not."""
    return next((row["why"] for row in db.query(AGAIN, [showing_id])), "")
