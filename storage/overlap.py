"""How many people are to judge a pair: easy ones few, contested ones more."""

from __future__ import annotations

from collections.abc import Sequence

OVERLAP = 1  # people to a pair, where nobody sets it
CONTESTED = 3  # up to how many people a pair goes on which they disagree


def missing(votes: Sequence[int], overlap: int = OVERLAP, contested: int = CONTESTED) -> int:
    """How many more people a pair wants.

    `votes` has how many people said each of the verdicts (a, b, tie, both bad); skips are none of them. Until
    `overlap` people have voted it wants the rest of these. Where they agree then, it wants nobody more. Where they do
    not, it goes to up to `contested` people, but no further than it takes until the verdict that leads cannot be
    caught up with.
    """
    cast = sum(votes)
    if cast < overlap:
        return overlap - cast
    first, second = sorted(votes, reverse=True)[:2]
    left = contested - cast
    return left if second > 0 and left > 0 and first - second <= left else 0
