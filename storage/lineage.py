"""Lineage: from a model back to all that it was made from, down to whose votes and thumbs those were.

A model's card names what its job read: files by their hash, and other models by their id or by the job that made them.
Following these leads from any model to everything behind it.
"""

from __future__ import annotations

from storage.database import Store

LABELERS = """
SELECT s.labeler FROM current_preferences p JOIN showings s USING (showing_id)
UNION SELECT labeler FROM current_ratings ORDER BY 1
"""


def labelers(store: Store) -> list[str]:
    """Everybody of whom a vote or a thumb stands, by name."""
    return [row["labeler"] for row in store.rows(LABELERS)]
