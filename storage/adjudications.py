"""Rulings on pairs that labelers disagree about.

A researcher's ruling is a vote of their own, with a reason. While it stands, the votes on the pair that say something
else are overruled: no model learns from them. Those that say the same are learned from as before, so that whoever
shaped a model is told as truly as ever. Agreement is measured without rulings, which were given in the knowledge of the
others' votes, and with the votes that they overrule.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from storage import labels, pair_queue
from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record
from storage.records import prompt_text
from storage.text import one_line

LONGEST_REASON = 2000  # characters


@dataclass(frozen=True)
class Ruling:
    """The verdict that stands on a pair, in the pair's own order, by whom and why."""

    pair_id: int
    verdict: str
    strength: int
    actor: str
    reason: str
    created_at: str


@dataclass(frozen=True)
class Case:
    """A pair to rule on: its prompt and answers, and who voted what on it, in the pair's own order."""

    pair_id: int
    prompt: str
    a: str
    b: str
    votes: list[tuple[str, str, int]]


def cases(store: Store, pair_ids: Sequence[int]) -> list[Case]:
    """These pairs, in this order, with the votes that stand on them."""
    asked = json.dumps(list(pair_ids))
    votes: dict[int, list[tuple[str, str, int]]] = {pair_id: [] for pair_id in pair_ids}
    for row in store.rows(
        "SELECT s.pair_id, s.labeler, p.verdict, p.strength"
        " FROM current_preferences p JOIN showings s USING (showing_id)"
        " WHERE s.pair_id IN (SELECT value FROM json_each(?)) AND p.verdict IN ('a', 'b', 'tie', 'both_bad')"
        " ORDER BY p.preference_id",
        [asked],
    ):
        votes[row["pair_id"]].append((row["labeler"], row["verdict"], row["strength"]))
    texts = {pair_id: labels.pair_texts(store.db(), pair_id) for pair_id in pair_ids}
    return [Case(one, prompt_text(text["messages"]), text["a"], text["b"], votes[one]) for one, text in texts.items()]


def adjudicate(store: Store, pair_id: int, verdict: str, strength: int, reason: str, actor: str) -> Ruling:
    """Rule on a pair: a, b, tie or both_bad, with strength 1 to 4 for a side, else 0.

    A later ruling takes the place of an earlier one. Raises UserError for a pair that is not there or is a repeat, a
    verdict that is none, and where there is no reason.
    """
    reason = one_line(reason)
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise UserError(f"A ruling takes a reason of 1 to {LONGEST_REASON:,} characters: say why.")
    fits = strength in range(1, 5) if verdict in ("a", "b") else strength == 0
    if verdict not in labels.COMPARED or not fits:
        raise UserError("A ruling is a or b with a strength of 1 to 4, or tie or both_bad with none.")
    with store.write() as db:
        if not labels.is_pair_of_its_own(db, pair_id):
            raise UserError(f"There is no pair {pair_id} to rule on: `quality` lists the most contested ones.")
        showing_id = labels.showing_on(db, pair_id, actor) or labels.insert_showing(db, pair_id, actor, flipped=False)
        before = labels.standing(db, showing_id)
        key = f"ruling-{secrets.token_hex(16)}"
        supersedes = before["preference_id"] if before else None
        preference_id = labels.insert_preference(db, showing_id, key, verdict, strength, None, supersedes)
        db.execute(
            "INSERT INTO adjudications (preference_id, reason, created_at) VALUES (?, ?, ?)",
            [preference_id, reason, now()],
        )
        pair_queue.refresh(db, pair_id)  # which wants nobody more
        record(db, actor, "adjudicate", f"pair {pair_id}", verdict=verdict, reason=reason)
    return next(one for one in rulings(store) if one.pair_id == pair_id)


def rulings(store: Store, most: int = -1) -> list[Ruling]:
    """The rulings that stand, newest first."""
    rows = store.rows(
        "SELECT pair_id, verdict, strength, actor, reason, created_at FROM rulings ORDER BY adjudication_id DESC"
        " LIMIT ?",
        [most],
    )
    return [Ruling(**row) for row in rows]
