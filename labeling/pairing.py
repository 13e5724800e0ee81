"""Which pair a labeler sees next.

A pair waits while it wants another person (`storage.overlap`) and a place is free: those who hold the pair unanswered
count too, until their time is over. Nobody is served a pair that they had before, were it in a chat of their own.
Pairs of the promoted model, and those of two models, come first, then newer models before older ones; among these, what
the labeler was shown and left open, then what others have begun, so that it gets done, then the rest. The pairs lie in
a ring in a scattered order, and each labeler begins at a place of their own, so that people who work side by side do
not meet. Where nothing is free and somebody would sit idle, they get the pair whose place comes free first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from storage.database import now
from storage.labels import PROMOTED
from storage.prompts import SERVED

Asked = dict[str, Any]  # parameters of a query
RING = 2**32  # places in the order
LOOK = 100  # of the pairs that others have begun, how many are looked at each time

OWN = """
SELECT h.pair_id, h.showing_id FROM holds h JOIN pairs r USING (pair_id) LEFT JOIN pair_queue u USING (pair_id)
WHERE h.labeler = :labeler AND h.showing_id NOT IN (SELECT value FROM json_each(:holding)) AND {of} AND {served}
ORDER BY h.shown_at LIMIT :count
"""
DELIBERATE = OWN.format(of="h.deliberate", served=f"r.{SERVED}")
LEFT_OPEN = OWN.format(
    of="NOT h.deliberate AND u.missing > 0 AND u.line IN (SELECT value FROM json_each(:lines))", served=f"r.{SERVED}"
)
NEW = f"""
NOT EXISTS (SELECT 1 FROM showings s WHERE s.pair_id = u.pair_id AND s.labeler = :labeler)
AND EXISTS (SELECT 1 FROM pairs r WHERE r.pair_id = u.pair_id AND r.{SERVED})
"""
# The partial index is walked from a place of the ring on.
OPEN = "pair_queue u WHERE u.missing > 0 AND u.line = :line AND u.begun = :begun"
STRETCH = "u.place >= :first AND u.place < :last"
FREE = f"""
SELECT u.pair_id, u.place FROM {OPEN} AND {STRETCH} AND u.free_at <= :now AND {NEW}
ORDER BY u.place LIMIT :count
"""
LOOKED_AT = f"""
SELECT u.pair_id, u.place, u.free_at <= :now AND {NEW} AS free FROM {OPEN} AND {STRETCH}
ORDER BY u.place LIMIT :look
"""
SOONEST = f"""
SELECT u.pair_id FROM pair_queue u WHERE u.missing > 0 AND {NEW}
ORDER BY u.line NOT IN (SELECT value FROM json_each(:lines)), u.free_at LIMIT 1
"""
LINES = f"""
WITH RECURSIVE lines (line) AS (
    SELECT max(line) FROM pair_queue WHERE missing > 0
    UNION ALL SELECT (SELECT max(line) FROM pair_queue WHERE missing > 0 AND line < lines.line)
    FROM lines WHERE line > 0
)
SELECT line FROM lines WHERE line > 0 AND line IS NOT {PROMOTED}
"""


@dataclass(frozen=True)
class Next:
    """A pair to serve, what for, and with which sides (None: by lot); `showing_id` where the labeler has it already."""

    pair_id: int
    showing_id: int | None = None
    purpose: str = "queue"
    flipped: bool | None = None


def next_pairs(db: Database, labeler: str, count: int, holding: Sequence[int] = (), salt: int = 0) -> list[Next]:
    """Up to `count` pairs; `holding` lists the showings that the labeler's page holds already.

    `salt`, 0 to 2**32 - 1, is where in the ring the labeler begins. Called inside the transaction that serves the
    pairs, so that a place is given once.
    """
    asked: Asked = {"labeler": labeler, "holding": json.dumps(list(holding)), "now": now()}
    chosen = _nexts(db, DELIBERATE, {**asked, "count": count})
    for lines in _lines(db):
        if len(chosen) < count:
            open_ones = {**asked, "lines": json.dumps(lines), "count": count - len(chosen)}
            chosen += _nexts(db, LEFT_OPEN, open_ones)
            chosen += _begun(db, lines, asked, count - len(chosen))
            chosen += _free(db, lines, asked, salt, count - len(chosen))
    if not chosen and not holding:
        chosen = _rather_than_idle(db, asked, salt)
    return chosen


def _begun(db: Database, lines: list[int], asked: Asked, count: int) -> list[Next]:
    """Of the next so many pairs that others have begun, those that are free; the look goes on from there next time.

    Most of these can be the labeler's own, so looking at all of them would take ever longer.
    """
    found: list[Next] = []
    start = next((row["place"] for row in db.query("SELECT place FROM turns WHERE labeler = :labeler", asked)), 0)
    for line in lines if count else []:
        left, reached = LOOK, start
        for first, last in ((start, RING), (0, start)):
            stretch = {**asked, "line": line, "begun": 1, "first": first, "last": last, "look": left}
            for row in db.query(LOOKED_AT, stretch) if left else []:
                left, reached = left - 1, row["place"]
                if row["free"]:
                    found.append(Next(row["pair_id"]))
                if len(found) == count:
                    _look_on_from(db, labeler=asked["labeler"], place=reached + 1)
                    return found
        if left < LOOK:
            _look_on_from(db, labeler=asked["labeler"], place=reached + 1)
    return found


def _look_on_from(db: Database, labeler: str, place: int) -> None:
    db.execute(
        "INSERT INTO turns (labeler, place) VALUES (?, ?) ON CONFLICT (labeler) DO UPDATE SET place = excluded.place",
        [labeler, place],
    )


def _free(db: Database, lines: list[int], asked: Asked, salt: int, count: int, begun: int = 0) -> list[Next]:
    """Free pairs that nobody has voted on, around the ring from the labeler's place."""
    rows: list[dict[str, Any]] = []
    for line in lines if count > 0 else []:
        before = len(rows)
        for first, last in ((salt, RING), (0, salt)):
            stretch = {**asked, "line": line, "begun": begun, "first": first, "last": last}
            rows += db.query(FREE, {**stretch, "count": count + before - len(rows)})
    rows.sort(key=lambda row: (row["place"] - salt) % RING)
    return [Next(row["pair_id"]) for row in rows[:count]]


def _rather_than_idle(db: Database, asked: Asked, salt: int) -> list[Next]:
    """One pair for somebody who has none: any that others have begun, else one that others hold."""
    for lines in _lines(db):
        if found := _free(db, lines, asked, salt, 1, begun=1):
            return found
    return [Next(row["pair_id"]) for row in db.query(SOONEST, {**asked, "lines": json.dumps(next(_lines(db)))})]


def _lines(db: Database) -> Iterator[list[int]]:
    """The models whose pairs are open, in the order in which they come; 0 stands for pairs of two models."""
    promoted = next(db.query(f"SELECT {PROMOTED} AS model_id"))["model_id"]
    yield [0] if promoted is None else [promoted, 0]
    for row in list(db.query(LINES)):
        yield [row["line"]]


def _nexts(db: Database, sql: str, asked: Asked) -> list[Next]:
    return [Next(row["pair_id"], row["showing_id"]) for row in db.query(sql, asked)]
