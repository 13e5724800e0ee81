"""Which pair a labeler sees next.

A pair waits while nobody has answered it; whoever skipped it does not see it again, but others do. Pairs of the
promoted model come first, newer models before older ones; among these, what the labeler was shown and left open, then
what nobody has in front of them. The order is shuffled in a way of the labeler's own, so that people who work side by
side begin at different ends.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from storage.labels import PROMOTED
from storage.prompts import SERVED

NEXT = f"""
SELECT r.pair_id
FROM pairs r LEFT JOIN showings mine ON mine.pair_id = r.pair_id AND mine.labeler = :labeler
WHERE r.source = 'generated' AND r.{SERVED}
  AND NOT EXISTS (
      SELECT 1 FROM showings s JOIN current_preferences p USING (showing_id)
      WHERE s.pair_id = r.pair_id AND p.verdict <> 'withdrawn' AND (p.verdict <> 'skip' OR s.labeler = :labeler)
  )
  AND (mine.showing_id IS NULL OR mine.showing_id NOT IN (SELECT value FROM json_each(:holding)))
ORDER BY r.model_id IS NOT {PROMOTED}, r.model_id DESC, mine.shown_at IS NULL, mine.shown_at,
         EXISTS (SELECT 1 FROM showings s WHERE s.pair_id = r.pair_id), (r.pair_id * 2654435761 + :salt) % 1000003
LIMIT :count
"""


def next_pairs(db: Database, labeler: str, count: int, holding: Sequence[int] = (), salt: int = 0) -> list[int]:
    """The ids of up to `count` pairs; `holding` lists the showings that the labeler's page holds already, and `salt`
    makes the order their own.

    This looks at every pair, so it is not for inside a transaction that others wait for.
    """
    parameters = {"labeler": labeler, "salt": salt, "count": count, "holding": json.dumps(list(holding))}
    return [row["pair_id"] for row in db.query(NEXT, parameters)]
