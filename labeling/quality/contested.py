"""The pairs that labelers disagree about most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeling.quality.agreement import CHOICES, tally
from storage.judgements import Judgements


@dataclass(frozen=True)
class Contested:
    """A pair, the entropy of its votes in bits (0 for all alike, 1 for two camps, at most 2), and their number."""

    pair_id: int
    entropy: float
    votes: int


def contested(votes: Judgements, most: int = 20) -> list[Contested]:
    """Pairs with different votes of different people, without repeats: the highest entropy first, then most votes."""
    counts = tally(votes.comparison, votes.choice, CHOICES)
    total = counts.sum(axis=1)
    share = counts / np.maximum(total, 1)[:, None]
    entropy = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1)
    pair_of = np.zeros(len(counts), dtype=np.int64)
    pair_of[votes.comparison] = votes.pair_id
    order = np.lexsort((pair_of, -total, -entropy))
    return [
        Contested(int(pair_of[one]), float(entropy[one]), int(total[one])) for one in order[:most] if entropy[one] > 0
    ]
