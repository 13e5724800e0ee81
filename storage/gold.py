"""Gold pairs: their verdict is known, so that they tell how a labeler does. Mixed in silently, or for calibration."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from storage.database import MOST_ID, Store, now
from storage.errors import UserError
from storage.journal import record
from storage.labels import COMPARED, is_pair_of_its_own
from storage.text import one_line

LONGEST_WHY = 2000  # characters
AGREED = 3  # people of one mind, and nobody of another, propose a pair
PROPOSED = f"""
SELECT u.pair_id, CASE WHEN u.a > 0 THEN 'a' ELSE 'b' END AS verdict, u.a + u.b AS people, q.messages
FROM pair_queue u JOIN pairs r USING (pair_id) JOIN prompts q USING (prompt_id)
WHERE max(u.a, u.b) >= {AGREED} AND min(u.a, u.b) + u.tie + u.both_bad = 0
  AND u.pair_id NOT IN (SELECT pair_id FROM gold)
ORDER BY people DESC, u.pair_id LIMIT ?
"""


@dataclass(frozen=True)
class Gold:
    """A pair with its verdict, in the pair's own order, and why it is so; `calibration` is for new labelers."""

    pair_id: int
    verdict: str
    why: str
    calibration: bool
    set_by: str
    created_at: str


@dataclass(frozen=True)
class Proposal:
    """A pair on which so many people are of one mind."""

    pair_id: int
    verdict: str
    people: int
    messages: str  # JSON


def set_gold(store: Store, pair_id: int, verdict: str, why: str, actor: str, calibration: bool = False) -> Gold:
    """Let a pair's verdict be known from now on; a later call replaces what was said before.

    Raises UserError for a pair that is not there or is a repeat, for what is no verdict, and where nothing says why.
    """
    why = one_line(why)
    if verdict not in COMPARED:
        raise UserError(f"The verdict of a gold pair is one of {', '.join(COMPARED)}, in the pair's own order.")
    if not 1 <= len(why) <= LONGEST_WHY:
        raise UserError(f"Say in 1 to {LONGEST_WHY:,} characters why the verdict is so: labelers may read it.")
    with store.write() as db:
        if not is_pair_of_its_own(db, pair_id):
            raise UserError(f"There is no pair {pair_id} whose verdict could be known.")
        _insert(db, pair_id, verdict, why, calibration, False, actor)
        record(db, actor, "gold", f"pair {pair_id}", verdict=verdict, why=why, calibration=calibration)
    return next(one for one in gold(store) if one.pair_id == pair_id)


def retire_gold(store: Store, pair_id: int, actor: str) -> None:
    """Use a gold pair no more. Raises UserError where it is none."""
    with store.write() as db:
        stands = store.row("SELECT * FROM current_gold WHERE pair_id = ?", [max(-1, min(pair_id, MOST_ID))])
        if stands is None:
            raise UserError(f"Pair {pair_id} is no gold pair: `gold list` has those that are.")
        _insert(db, pair_id, stands["verdict"], stands["why"], bool(stands["calibration"]), True, actor)
        record(db, actor, "gold retired", f"pair {pair_id}")


def gold(store: Store) -> list[Gold]:
    """The gold pairs in use, newest first."""
    rows = store.rows(
        "SELECT pair_id, verdict, why, calibration, set_by, created_at FROM current_gold ORDER BY gold_id DESC"
    )
    return [Gold(**{**row, "calibration": bool(row["calibration"])}) for row in rows]


def proposals(store: Store, most: int = 50) -> list[Proposal]:
    """Pairs that at least three people voted on, all for the same side, and that never were gold; most people first."""
    return [Proposal(**row) for row in store.rows(PROPOSED, [most])]


def _insert(db: Database, pair_id: int, verdict: str, why: str, calibration: bool, retired: bool, actor: str) -> None:
    db.execute(
        "INSERT INTO gold (pair_id, verdict, why, calibration, retired, set_by, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [pair_id, verdict, why, int(calibration), int(retired), actor, now()],
    )
