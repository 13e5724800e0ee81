"""What was voted, to be looked through: newest first, a page at a time, as the labelers saw it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage.database import Store
from storage.records import Message

PAGE = 20  # votes to a page

SHOWN = """
SELECT p.preference_id, p.strength, p.created_at, s.labeler, q.messages,
       iif(s.flipped, y.text, x.text) AS left, iif(s.flipped, x.text, y.text) AS right,
       CASE p.verdict WHEN 'a' THEN iif(s.flipped, 'right', 'left') WHEN 'b' THEN iif(s.flipped, 'left', 'right')
                      ELSE p.verdict END AS shown
FROM current_preferences p
JOIN showings s USING (showing_id)
JOIN pairs r USING (pair_id)
JOIN prompts q USING (prompt_id)
JOIN completions x ON x.completion_id = r.completion_a
JOIN completions y ON y.completion_id = r.completion_b
WHERE p.verdict <> 'withdrawn'
"""
MATCHING = f"""
SELECT * FROM ({SHOWN})
WHERE (:verdict = '' OR shown = :verdict) AND (:search = '' OR instr(lower(left), lower(:search))
    OR instr(lower(right), lower(:search))
    OR EXISTS (SELECT 1 FROM json_each(messages) WHERE instr(lower(json_extract(value, '$.content')), lower(:search))))
"""


@dataclass(frozen=True)
class ShownVote:
    """A standing vote, with the sides and the verdict (left, right, tie, both_bad, skip) in the order shown."""

    preference_id: int
    labeler: str
    prompt: tuple[Message, ...]
    left: str
    right: str
    verdict: str
    strength: int
    created_at: str


@dataclass(frozen=True)
class Tally:
    """Standing votes in all and by verdict as shown, how many people cast them, and on how many prompts."""

    votes: int
    left: int
    right: int
    tie: int
    both_bad: int
    skip: int
    labelers: int
    prompts: int


@dataclass(frozen=True)
class TakenSnapshot:
    """A snapshot in the list of all: its hash, its size, when it was first taken, and the rounds that trained on it."""

    snapshot_id: int
    sha256: str
    rows: int
    created_at: str
    rounds: tuple[int, ...]


def votes(store: Store, verdict: str = "", search: str = "", page: int = 0) -> tuple[list[ShownVote], int]:
    """One page of the votes with this verdict as shown and this text in prompt or answers, and how many there are.

    An empty `verdict` or `search` is all. Letters A to Z are found in either case.
    """
    wanted = {"verdict": verdict, "search": search.strip()}
    rows = store.rows(
        f"{MATCHING} ORDER BY preference_id DESC LIMIT {PAGE} OFFSET :offset", {**wanted, "offset": page * PAGE}
    )
    found = store.row(f"SELECT count(*) AS n FROM ({MATCHING})", wanted)
    assert found is not None
    return [
        ShownVote(
            row["preference_id"],
            row["labeler"],
            tuple(json.loads(row["messages"])),
            row["left"],
            row["right"],
            row["shown"],
            row["strength"],
            row["created_at"],
        )
        for row in rows
    ], found["n"]


def tally(store: Store) -> Tally:
    """The standing votes, counted. Skips are counted apart, as they say nothing about the answers."""
    row = store.row(
        "SELECT count(*) FILTER (WHERE p.verdict <> 'skip') AS votes,"
        " count(*) FILTER (WHERE (p.verdict = 'a' AND NOT s.flipped) OR (p.verdict = 'b' AND s.flipped)) AS left,"
        " count(*) FILTER (WHERE (p.verdict = 'b' AND NOT s.flipped) OR (p.verdict = 'a' AND s.flipped)) AS right,"
        " count(*) FILTER (WHERE p.verdict = 'tie') AS tie,"
        " count(*) FILTER (WHERE p.verdict = 'both_bad') AS both_bad,"
        " count(*) FILTER (WHERE p.verdict = 'skip') AS skip,"
        " count(DISTINCT s.labeler) AS labelers, count(DISTINCT r.prompt_id) AS prompts"
        " FROM current_preferences p JOIN showings s USING (showing_id) JOIN pairs r USING (pair_id)"
        " WHERE p.verdict <> 'withdrawn'"
    )
    assert row is not None
    return Tally(**row)


def taken_snapshots(store: Store) -> list[TakenSnapshot]:
    """Every snapshot, newest first."""
    rows = store.rows(
        "SELECT s.snapshot_id, s.sha256, s.row_count, s.created_at, json_group_array(r.round_id) AS rounds"
        " FROM snapshots s LEFT JOIN rounds r USING (snapshot_id) GROUP BY s.snapshot_id ORDER BY s.snapshot_id DESC"
    )
    return [
        TakenSnapshot(
            row["snapshot_id"],
            row["sha256"],
            row["row_count"],
            row["created_at"],
            tuple(sorted(round_id for round_id in json.loads(row["rounds"]) if round_id is not None)),
        )
        for row in rows
    ]
