"""What stands around the lists: the votes counted, what there is to filter by, and the snapshots."""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage.browse.vote_list import LEFT, RIGHT
from storage.database import Store

THUMBS = "SELECT thumb, count(*) AS n FROM current_ratings GROUP BY thumb"


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


def tally(store: Store) -> Tally:
    """The standing votes, counted. Skips are counted apart, as they say nothing about the answers."""
    row = store.row(
        "SELECT count(*) FILTER (WHERE p.verdict <> 'skip') AS votes,"
        f" count(*) FILTER (WHERE {LEFT}) AS left, count(*) FILTER (WHERE {RIGHT}) AS right,"
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


def sources(store: Store) -> list[str]:
    """Where prompts came from, and how pairs came about, by name."""
    rows = store.rows("SELECT source FROM prompts UNION SELECT source FROM pairs ORDER BY source")
    return [row["source"] for row in rows]


def writers(store: Store) -> list[str]:
    """The models that can have written an answer, the newest first."""
    rows = store.rows("SELECT name FROM models WHERE kind = 'policy' ORDER BY model_id DESC")
    return [row["name"] for row in rows]


def withheld(store: Store) -> dict[str, int]:
    """How many prompts are shown to nobody, by why: retired, personal data."""
    rows = store.rows("SELECT why, count(*) AS n FROM withheld_prompts GROUP BY why")
    return {row["why"]: row["n"] for row in rows}


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
