"""Which pair a labeler sees next.

A pair waits while nobody has answered it. Pairs of the promoted model come first, then older ones, each in a
shuffled order that is the labeler's own, so that people who work side by side begin at different ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from storage.labels import PROMOTED, UNANSWERED


def next_pairs(db: Database, labeler: str, count: int) -> list[int]:
    """Ids of up to `count` pairs that nobody has answered and this labeler has not been shown."""
    rows = db.query(
        f"SELECT r.pair_id FROM pairs r WHERE r.source = 'generated' AND {UNANSWERED}"
        " AND NOT EXISTS (SELECT 1 FROM showings s WHERE s.pair_id = r.pair_id AND s.labeler = :labeler)"
        f" ORDER BY r.model_id IS NOT {PROMOTED}, r.model_id DESC,"
        " EXISTS (SELECT 1 FROM showings s WHERE s.pair_id = r.pair_id),"
        " (r.pair_id * 2654435761 + :salt) % 1000003 LIMIT :count",
        {"labeler": labeler, "salt": sum(labeler.encode()) * 7919, "count": count},
    )
    return [row["pair_id"] for row in rows]


def open_showings(db: Database, labeler: str, holding: Sequence[int], count: int) -> list[int]:
    """Showings this labeler was served and has not answered, besides those their page already holds."""
    held = set(holding)
    rows = db.query(
        "SELECT s.showing_id FROM showings s JOIN pairs r USING (pair_id)"
        " WHERE s.labeler = ? AND r.source = 'generated'"
        " AND NOT EXISTS (SELECT 1 FROM current_preferences p"
        "   WHERE p.showing_id = s.showing_id AND p.verdict <> 'withdrawn')"
        f" ORDER BY r.model_id IS NOT {PROMOTED}, s.showing_id",
        [labeler],
    )
    return [row["showing_id"] for row in rows if row["showing_id"] not in held][:count]
