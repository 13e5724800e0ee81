"""A labeler's own newest decisions, to look at again: votes, edits as one with their vote, and rankings as one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from labeling.ranking import as_shown
from storage import answer_sets, browse, edits
from storage.browse.vote_list import ShownVote
from storage.database import Store

MOST = 50
MOST_PAGES = 20  # of votes that are looked through: a ranking of eight answers comes to 28
PARTS = """
SELECT preference_id FROM preferences JOIN showings USING (showing_id) JOIN pairs USING (pair_id)
WHERE source IN ('ranking', 'edit') AND preference_id IN (SELECT value FROM json_each(?))
"""
RANKINGS = """
SELECT c.*, s.set_id, s.arrangement, q.messages FROM current_rankings c
JOIN set_showings s USING (showing_id) JOIN answer_sets USING (set_id) JOIN prompts q USING (prompt_id)
WHERE s.labeler = ? AND c.verdict <> 'withdrawn' ORDER BY c.ranking_id DESC LIMIT ?
"""


def newest(store: Store, labeler: str, most: int = MOST) -> list[dict[str, Any]]:
    """Up to `most` decisions, newest first, as the page shows them.

    A vote is as in `storage.browse`, with the better answer that it came with in `edited`. A ranking has answers and
    ranks in the order shown in the place of two sides.
    """
    found = [*_votes(store, labeler, most), *_rankings(store, labeler, most)]
    return sorted(found, key=lambda one: one["created_at"], reverse=True)[:most]


def _votes(store: Store, labeler: str, most: int) -> list[dict[str, Any]]:
    found: list[ShownVote] = []
    edge = browse.NEWEST
    for _ in range(MOST_PAGES):
        page = browse.votes(store, browse.VoteListFilters(labeler=labeler), edge)
        parts = _parts(store, [vote.preference_id for vote in page.rows])
        found += [vote for vote in page.rows if vote.preference_id not in parts]
        if len(found) >= most or not page.older:
            break
        edge = browse.Edge(before=page.rows[-1].preference_id)
    edited = edits.texts_of(store, [vote.preference_id for vote in found])
    return [{**asdict(vote), "edited": edited.get(vote.preference_id, "")} for vote in found]


def _parts(store: Store, preference_ids: Sequence[int]) -> set[int]:
    """Those that are parts of a ranking or an edit, which say nothing by themselves."""
    return {row["preference_id"] for row in store.rows(PARTS, [json.dumps(list(preference_ids))])}


def _rankings(store: Store, labeler: str, most: int) -> list[dict[str, Any]]:
    found = []
    for row in store.rows(RANKINGS, [labeler, most]):
        order = json.loads(row["arrangement"])
        texts = [answer["text"] for answer in answer_sets.answers_of(store.db(), row["set_id"])]
        said = {"flagged": bool(row["flagged"]), "reasons": json.loads(row["reasons"]), "comment": row["comment"]}
        found.append(
            {
                "showing_id": row["showing_id"],
                "prompt": json.loads(row["messages"]),
                "answers": [texts[place] for place in order],
                "ranks": as_shown(row["ranks"], order),
                "verdict": row["verdict"],
                "created_at": row["created_at"],
                "details": {**said, "ratings": {}},
            }
        )
    return found
