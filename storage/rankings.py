"""Rankings of sets of answers, and the votes that each comes to: one for every two of its answers.

The votes are written with the ranking and give way with it, so that they count together or not at all. Everything here
speaks in the set's own order; how the answers lay on the screen is the business of `labeling.ranking`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from sqlite_utils import Database

from storage import labels
from storage.answer_sets import answers_of
from storage.database import first, now
from storage.records import Details

STRONGEST = 4


def votes_of(ranks: Sequence[int]) -> list[tuple[int, int, str, int]]:
    """A ranking as votes: for every two answers their places, the verdict (a, b or tie) and its strength.

    `ranks` are 1 for the best; answers that tie share one. A ranking tells the order and not how far apart the answers
    are. What it has is how many ranks lie between: neighbours are barely different (strength 1, a margin of 0), and
    each rank in between adds a degree, up to far better (4).
    """
    found = []
    for a, b in combinations(range(len(ranks)), 2):
        distance = ranks[b] - ranks[a]
        verdict = "tie" if distance == 0 else "a" if distance > 0 else "b"
        found.append((a, b, verdict, min(abs(distance), STRONGEST)))
    return found


def insert_ranking(
    db: Database,
    showing: dict[str, Any],
    client_key: str,
    verdict: str,
    ranks: Sequence[int],
    seconds: float | None,
    details: Details,
    supersedes: int | None,
    side: Callable[[int], bool],
) -> int:
    """Append one link to a showing's chain of rankings, with its votes, inside the caller's transaction.

    `verdict` is ranked, all_bad (of every two answers both are), skip or withdrawn. `side` says of a pair which answer
    is on the left: nobody sees the two alone, so it is drawn as for those who do.
    """
    cursor = db.execute(
        "INSERT INTO rankings (showing_id, client_key, verdict, ranks, seconds, flagged, reasons, comment, supersedes,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            showing["showing_id"],
            client_key,
            verdict,
            json.dumps(list(ranks)),
            seconds,
            int(details.flagged),
            json.dumps(details.reasons, ensure_ascii=False),
            details.comment,
            supersedes,
            now(),
        ],
    )
    ranking_id = int(cursor.lastrowid or 0)
    answers = [row["completion_id"] for row in answers_of(db, showing["set_id"])]
    for a, b, said, strength in _votes(verdict, ranks, len(answers)):
        pair_id = _pair(db, showing["prompt_id"], answers[a], answers[b], create=said != "withdrawn")
        if pair_id is not None:
            _vote(db, ranking_id, pair_id, showing["labeler"], client_key, said, strength, side)
    return ranking_id


def standing(db: Database, showing_id: int) -> dict[str, Any] | None:
    """The ranking that stands for a showing (which may be a withdrawn one), or None before the first."""
    return first(db, "SELECT * FROM current_rankings WHERE showing_id = ?", [showing_id])


def by_client_key(db: Database, showing_id: int, client_key: str) -> dict[str, Any] | None:
    """The ranking that this key already made for this showing."""
    sql = "SELECT * FROM rankings WHERE showing_id = ? AND client_key = ?"
    return first(db, sql, [showing_id, client_key])


def last_standing(db: Database, labeler: str) -> dict[str, Any] | None:
    """The labeler's newest ranking, or skip of a set, that still stands."""
    sql = (
        "SELECT c.* FROM current_rankings c CROSS JOIN set_showings s USING (showing_id)"
        " WHERE s.labeler = ? AND c.verdict <> 'withdrawn' ORDER BY c.ranking_id DESC LIMIT 1"
    )
    return first(db, sql, [labeler])


def undone_by(db: Database, labeler: str, client_key: str) -> int | None:
    """The showing whose ranking this key of the labeler's took back, or None."""
    sql = (
        "SELECT c.showing_id FROM rankings c JOIN set_showings s USING (showing_id)"
        " WHERE s.labeler = ? AND c.client_key = ? AND c.verdict = 'withdrawn'"
    )
    row = first(db, sql, [labeler, client_key])
    return row["showing_id"] if row else None


def _votes(verdict: str, ranks: Sequence[int], count: int) -> list[tuple[int, int, str, int]]:
    if verdict == "ranked":
        return votes_of(ranks)
    said = "both_bad" if verdict == "all_bad" else "withdrawn"  # a skip says nothing, so what stood is taken back
    return [(a, b, said, 0) for a, b in combinations(range(count), 2)]


def _pair(db: Database, prompt_id: int, a: int, b: int, create: bool) -> int | None:
    """The pair of two answers, which all who rank the set share."""
    known = labels.pair_of(db, a, b)
    return labels.insert_pair(db, prompt_id, a, b, "ranking") if known is None and create else known


def _vote(
    db: Database,
    ranking_id: int,
    pair_id: int,
    labeler: str,
    client_key: str,
    verdict: str,
    strength: int,
    side: Callable[[int], bool],
) -> None:
    showing_id = labels.showing_on(db, pair_id, labeler)
    stands = labels.standing(db, showing_id) if showing_id is not None else None
    if verdict == "withdrawn" and (stands is None or stands["verdict"] == "withdrawn"):
        return
    if showing_id is None:
        showing_id = labels.insert_showing(db, pair_id, labeler, side(pair_id))
    supersedes = stands["preference_id"] if stands else None
    vote = labels.insert_preference(db, showing_id, client_key, verdict, strength, None, supersedes)
    db.execute("INSERT INTO ranking_votes (preference_id, ranking_id) VALUES (?, ?)", [vote, ranking_id])
