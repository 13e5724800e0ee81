"""How steady labelers are: what they choose when the same pair comes again with its answers the other way round."""

from __future__ import annotations

import numpy as np

from storage.judgements import Flags, Integers, Judgements
from storage.statistics import Interval, shares_by_group, wilson


def self_consistency(votes: Judgements) -> tuple[Interval | None, list[Interval | None]]:
    """Share of repeats on which the same was chosen again, with Wilson's interval: of all, and by labeler.

    None where nothing was repeated. A repeat is held against its labeler's first vote on the comparison.
    """
    labeler, same = repeats(votes)
    each = shares_by_group(same, labeler, len(votes.labelers))
    return (wilson(int(same.sum()), len(same)) if len(same) else None), each


def repeats(votes: Judgements) -> tuple[Integers, Flags]:
    """Of every repeat that has a first vote to be held against: whose it is, and whether it chose the same."""
    key = votes.comparison * max(1, len(votes.labelers)) + votes.labeler
    came_again = np.zeros(
        int(votes.comparison.max(initial=-1)) + 1, dtype=bool
    )  # few did, and sorting the rest is slow
    came_again[votes.comparison[votes.repeat]] = True
    first = ~votes.repeat & came_again[votes.comparison]
    first_keys, place = np.unique(key[first], return_index=True)
    first_choice = votes.choice[first][place]
    asked = key[votes.repeat]
    found = np.searchsorted(first_keys, asked)
    known = np.isin(asked, first_keys)
    same = first_choice[found[known]] == votes.choice[votes.repeat][known]
    return votes.labeler[votes.repeat][known], same
