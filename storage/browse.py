"""What was voted, to be looked through: newest first, a page at a time, as the labelers saw it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from storage.database import Store
from storage.details import NOTHING, details_of, turned
from storage.labels import STANDING_VOTES
from storage.records import Details, Message

PAGE = 50  # votes to a page

SHOWN = f"""
SELECT p.preference_id, s.showing_id, p.strength, p.created_at, s.labeler, s.flipped, q.messages,
       iif(s.flipped, y.text, x.text) AS left, iif(s.flipped, x.text, y.text) AS right,
       CASE p.verdict WHEN 'a' THEN iif(s.flipped, 'right', 'left') WHEN 'b' THEN iif(s.flipped, 'left', 'right')
                      ELSE p.verdict END AS shown
{STANDING_VOTES}WHERE p.verdict <> 'withdrawn'
"""
MATCHING = f"""
SELECT * FROM ({SHOWN})
WHERE (:verdict = '' OR shown = :verdict) AND (:labeler = '' OR labeler = :labeler)
AND (:search = '' OR instr(lower(left), lower(:search))
    OR instr(lower(right), lower(:search))
    OR EXISTS (SELECT 1 FROM json_each(messages) WHERE instr(lower(json_extract(value, '$.content')), lower(:search))))
"""
THUMBS = "SELECT thumb, count(*) AS n FROM current_ratings GROUP BY thumb"


@dataclass(frozen=True)
class ShownVote:
    """A standing vote: sides, verdict (left, right, tie, both_bad, skip) and ratings in the order shown."""

    preference_id: int
    showing_id: int
    labeler: str
    prompt: tuple[Message, ...]
    left: str
    right: str
    verdict: str
    strength: int
    created_at: str
    details: Details


@dataclass(frozen=True)
class VotePage:
    """Votes of one page, newest first, and whether there are matching ones on either side of it."""

    votes: list[ShownVote]
    newer: bool
    older: bool


@dataclass(frozen=True)
class Tally:
    """Standing votes in all and by verdict as shown, how many people cast them, on how many prompts; all prompts.

    `thumbs_up` and `thumbs_down` are the standing thumbs on single answers.
    """

    votes: int
    left: int
    right: int
    tie: int
    both_bad: int
    skip: int
    labelers: int
    prompts: int
    train: int
    heldout: int
    thumbs_up: int
    thumbs_down: int


@dataclass(frozen=True)
class TakenSnapshot:
    """A snapshot in the list of all: its hash, its size, when it was first taken, and the rounds that trained on it."""

    snapshot_id: int
    sha256: str
    rows: int
    created_at: str
    rounds: tuple[int, ...]


def votes(
    store: Store,
    verdict: str = "",
    search: str = "",
    labeler: str = "",
    before: int | None = None,
    after: int | None = None,
) -> VotePage:
    """One page of the votes with this verdict as shown, by this labeler, with this text in prompt or answers.

    An empty filter is all; letters A to Z are found in either case. `before` asks for the votes that are older than
    that preference_id, `after` for the newer ones next to it, neither for the newest.
    """
    wanted = {"verdict": verdict, "search": search.strip(), "labeler": labeler, "before": before, "after": after}
    edge, order = ("preference_id > :after", "ASC") if after is not None else ("preference_id < :before", "DESC")
    where = edge if before is not None or after is not None else "true"
    rows = store.rows(f"{MATCHING} AND {where} ORDER BY preference_id {order} LIMIT {PAGE + 1}", wanted)
    more = len(rows) > PAGE
    said = details_of(store, [row["preference_id"] for row in rows])
    found = [_shown_vote(row, said.get(row["preference_id"], NOTHING)) for row in rows[:PAGE]]
    if after is not None:
        return VotePage(found[::-1], newer=more, older=True)
    return VotePage(found, newer=before is not None, older=more)


def _shown_vote(row: dict[str, Any], details: Details) -> ShownVote:
    return ShownVote(
        row["preference_id"],
        row["showing_id"],
        row["labeler"],
        tuple(json.loads(row["messages"])),
        row["left"],
        row["right"],
        row["shown"],
        row["strength"],
        row["created_at"],
        turned(details, bool(row["flipped"])),
    )


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
    splits = {row["split"]: row["n"] for row in store.rows("SELECT split, count(*) AS n FROM prompts GROUP BY split")}
    thumbs = {row["thumb"]: row["n"] for row in store.rows(THUMBS)}
    return Tally(
        **row,
        train=splits.get("train", 0),
        heldout=splits.get("heldout", 0),
        thumbs_up=thumbs.get("up", 0),
        thumbs_down=thumbs.get("down", 0),
    )


def labelers(store: Store) -> list[str]:
    """Whoever was shown a pair, by name."""
    rows = store.rows(
        "SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM showings s WHERE s.labeler = u.name) ORDER BY name"
    )
    return [row["name"] for row in rows]


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
