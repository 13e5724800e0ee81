"""The queue of pairs, kept up with every vote, so that the next pair is found without looking at all of them.

A row of `pair_queue` says what a pair's showings and votes come to: how many people voted what, how many more it wants
(`storage.overlap`), and from when on one of these places is free. A row of `holds` is a showing that lies unanswered in
front of a labeler; it holds a place for a limited time, after which the place is free for others, and a vote that comes
later counts all the same. Neither is data: `rebuild` makes the queue again. All this is done inside the transaction of
the caller, who changes what it follows from.
"""

from __future__ import annotations

import json
from datetime import timedelta

from sqlite_utils import Database

from storage import overlap
from storage.database import first, from_now, now

SERVED = ("generated", "battle", "chat")  # the sources of pairs that are in the queue
LEASE = timedelta(minutes=15)  # how long a showing holds its place
VOTES = """
SELECT count(*) FILTER (WHERE p.verdict = 'a') AS a, count(*) FILTER (WHERE p.verdict = 'b') AS b,
       count(*) FILTER (WHERE p.verdict = 'tie') AS tie, count(*) FILTER (WHERE p.verdict = 'both_bad') AS both_bad,
       count(*) FILTER (WHERE p.verdict = 'skip') AS skip
FROM showings s CROSS JOIN current_preferences p USING (showing_id) WHERE s.pair_id = ?
"""


def rules(db: Database) -> tuple[int, int]:
    """`overlap` and `contested` as the project has them set."""
    names = {"overlap": overlap.OVERLAP, "contested": overlap.CONTESTED}
    values = "SELECT name, value FROM project_settings WHERE name IN ('overlap', 'contested') ORDER BY setting_id"
    names.update({row["name"]: json.loads(row["value"]) for row in db.query(values)})
    return names["overlap"], names["contested"]


def place_of(row_id: int) -> int:
    """A place in the ring of 2**32, far from the neighbours': multiplied by 2**32 / golden ratio, which scatters."""
    return row_id * 2654435761 % 2**32


def lease_end() -> str:
    """Until when a showing holds its place that is shown now."""
    return from_now(LEASE)


def add(db: Database, pair_id: int, source: str, model_id: int | None) -> None:
    """Put a new pair into the queue, if pairs of its source are served."""
    if source in SERVED:
        db.execute(
            "INSERT INTO pair_queue (pair_id, line, place, missing) VALUES (?, ?, ?, ?)",
            [pair_id, model_id or 0, place_of(pair_id), rules(db)[0]],
        )


def hold(db: Database, showing_id: int, deliberate: bool = False) -> None:
    """Let a showing hold its place from now on; one that lies open already holds it anew."""
    db.execute(
        "INSERT INTO holds SELECT showing_id, pair_id, labeler, shown_at, ?, ? FROM showings WHERE showing_id = ?"
        " ON CONFLICT (showing_id) DO UPDATE SET until = excluded.until",
        [lease_end(), int(deliberate), showing_id],
    )
    _refresh_of(db, showing_id)


def count_turn(db: Database, labeler: str) -> None:
    """Count one more pair that a labeler was served."""
    db.execute(
        "INSERT INTO turns (labeler, served) VALUES (?, 1) ON CONFLICT (labeler) DO UPDATE SET served = served + 1",
        [labeler],
    )


def is_held(db: Database, showing_id: int) -> bool:
    """Whether a showing lies in front of its labeler, for the first time or asked for again."""
    return first(db, "SELECT 1 FROM holds WHERE showing_id = ?", [showing_id]) is not None


def answered(db: Database, showing_id: int) -> None:
    """Follow a vote on a showing, or its withdrawal."""
    db.execute("DELETE FROM holds WHERE showing_id = ?", [showing_id])
    _refresh_of(db, showing_id)


def refresh(db: Database, pair_id: int) -> None:
    """Make a pair's row say what its showings and votes come to."""
    if first(db, "SELECT 1 FROM pair_queue WHERE pair_id = ?", [pair_id]) is None:
        return
    votes = next(db.query(VOTES, [pair_id]))
    missing = overlap.missing([votes[verdict] for verdict in ("a", "b", "tie", "both_bad")], *rules(db))
    if first(db, "SELECT 1 FROM rulings WHERE pair_id = ?", [pair_id]) is not None:
        missing = 0  # a researcher has ruled on it
    until = db.query("SELECT until FROM holds WHERE pair_id = ? AND deliberate = 0 ORDER BY until", [pair_id])
    free_at = _free_at(missing, [row["until"] for row in until])
    db.execute(
        "UPDATE pair_queue SET a = :a, b = :b, tie = :tie, both_bad = :both_bad, skip = :skip, missing = :missing,"
        " free_at = :free_at WHERE pair_id = :pair_id",
        {**votes, "missing": missing, "free_at": free_at, "pair_id": pair_id},
    )


def rebuild(db: Database) -> None:
    """Follow a change of the rules: what every pair wants, and for how long its places are held."""
    many, most = rules(db)

    def missing_people(a: int, b: int, tie: int, both_bad: int) -> int:
        return overlap.missing((a, b, tie, both_bad), many, most)

    db.register_function(missing_people, deterministic=True, replace=True)
    db.execute(
        "UPDATE pair_queue SET free_at = '', missing = CASE WHEN pair_id IN (SELECT pair_id FROM rulings) THEN 0"
        " ELSE missing_people(a, b, tie, both_bad) END"
    )
    for row in list(db.query("SELECT DISTINCT pair_id FROM holds WHERE until > ?", [now()])):
        refresh(db, row["pair_id"])


def _free_at(missing: int, until: list[str]) -> str:
    """When a place is free: those who hold the pair, until these moments in order, leave one of `missing` then."""
    return until[len(until) - missing] if 0 < missing <= len(until) else ""


def _refresh_of(db: Database, showing_id: int) -> None:
    refresh(db, next(db.query("SELECT pair_id FROM showings WHERE showing_id = ?", [showing_id]))["pair_id"])
