"""Setting texts aside to measure on, so that a near-duplicate of one is not trained on. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from storage.near_duplicates import assign_splits
from storage.records import Split


def hold_out(texts: Sequence[str], share: float) -> list[Split]:
    """A side for each text: about `share` of them are held out, near-duplicates together.

    Few texts can leave chance without a pick; then the share is doubled until there is one. All of one side means
    that the texts are too few, or too much alike, to be split.
    """
    sides = assign_splits(texts, [], share)
    while "heldout" not in sides and share < 0.5:
        share *= 2
        sides = assign_splits(texts, [], share)
    return sides
