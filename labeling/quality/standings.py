"""The ladder of this home's models."""

from __future__ import annotations

import numpy as np

from labeling.quality.ladder import STYLE, Battles, Ladder, ladder
from storage.battles import battles
from storage.database import Store


def standings(store: Store, seed: int = 0) -> Ladder:
    """The ladder by all votes on answers of two known models."""
    found = battles(store)
    models = tuple(sorted({name for one in found for name in (one.first, one.second)}))
    place = {name: at for at, name in enumerate(models)}
    columns = Battles(
        models,
        np.array([place[one.first] for one in found], dtype=np.int64),
        np.array([place[one.second] for one in found], dtype=np.int64),
        np.array([one.won for one in found], dtype=np.float64),
        np.array([one.prompt_id for one in found], dtype=np.int64),
        np.array([one.style for one in found], dtype=np.float64).reshape(-1, len(STYLE)),
    )
    return ladder(columns, seed)
