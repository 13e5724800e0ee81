"""Pairs that say something about the labeler: known verdicts, and pairs that they had before, with the sides changed.

Both are mixed in silently, by lot, at the shares that the project has set. A new labeler does a calibration set first,
and is told after each what was known. Nothing is learned from repeats and calibration; a vote on a
gold pair counts as any.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from labeling import shuffle
from labeling.pairing import Next
from storage.database import first
from storage.labels import insert_pair, pair_of
from storage.project import Project
from storage.prompts import SERVED

REPEAT_AFTER = 20  # pairs that a labeler has voted on since
REPEAT_OF = 200  # of so many before that
REPEATABLE = f"""
SELECT r.pair_id, r.prompt_id, r.completion_a, r.completion_b, r.model_id, s.flipped
FROM showings s CROSS JOIN current_preferences p USING (showing_id) CROSS JOIN pairs r USING (pair_id)
WHERE s.labeler = :labeler AND s.purpose = 'queue' AND p.verdict NOT IN ('skip', 'withdrawn') AND r.{SERVED}
  AND NOT EXISTS (
      SELECT 1 FROM pairs t LEFT JOIN showings m ON m.pair_id = t.pair_id AND m.labeler = :labeler
      WHERE t.completion_a = r.completion_b AND t.completion_b = r.completion_a
        AND (m.showing_id IS NOT NULL OR t.source <> 'repeat')
  )
ORDER BY s.shown_at DESC LIMIT {REPEAT_OF} OFFSET {REPEAT_AFTER}
"""
UNSEEN_GOLD = f"""
SELECT g.pair_id FROM current_gold g JOIN pairs r USING (pair_id) WHERE g.calibration >= ? AND r.{SERVED}
  AND NOT EXISTS (SELECT 1 FROM showings s WHERE s.pair_id = g.pair_id AND s.labeler = ?) ORDER BY g.gold_id
"""
DONE = "SELECT count(*) AS n FROM showings WHERE labeler = ? AND purpose = 'calibration'"


def calibration_left(db: Database, labeler: str, wanted: int) -> list[Next]:
    """The pairs of the calibration set that a labeler has still to do, of as many as are `wanted` in all.

    Only for the role labeler; those who have voted out of the queue before are not new, and have none to do.
    """
    role = next(db.query("SELECT role FROM users WHERE name = ?", [labeler]))["role"]
    if not wanted or role != "labeler" or first(db, "SELECT 1 FROM turns WHERE labeler = ? AND served > 0", [labeler]):
        return []
    left = max(0, wanted - next(db.query(DONE, [labeler]))["n"])
    return [Next(row["pair_id"], purpose="calibration") for row in db.query(UNSEEN_GOLD, [1, labeler])][:left]


def due(db: Database, labeler: str, seed: str, settings: Project) -> Next | None:
    """The pair that comes instead of the labeler's next one out of the queue, if it is time for one."""
    row = first(db, "SELECT served FROM turns WHERE labeler = ?", [labeler])
    turn = str(row["served"] if row else 0)
    if shuffle.lot(seed, "gold", labeler, turn) < settings.gold_share:
        unseen = [row["pair_id"] for row in db.query(UNSEEN_GOLD, [0, labeler])]
        if unseen:
            return Next(_pick(unseen, seed, "which gold", labeler, turn), purpose="gold")
    if shuffle.lot(seed, "repeat", labeler, turn) < settings.repeats:
        before = list(db.query(REPEATABLE, {"labeler": labeler}))
        if before:
            return _repeat(db, _pick(before, seed, "which repeat", labeler, turn))
    return None


def _repeat(db: Database, before: dict[str, Any]) -> Next:
    """The same pair with its answers the other way round, a row of its own that labelers share."""
    a, b = before["completion_b"], before["completion_a"]
    pair_id = pair_of(db, a, b) or insert_pair(db, before["prompt_id"], a, b, "repeat", before["model_id"])
    return Next(pair_id, purpose="repeat", flipped=bool(before["flipped"]))


def _pick(among: list[Any], *of: str) -> Any:
    return among[int(shuffle.lot(*of) * len(among))]
