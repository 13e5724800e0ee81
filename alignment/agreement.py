"""How far labelers agree, with each other and with themselves: what no model of their votes can be above for long.

Two votes are on the same comparison when the prompt and the two texts are the same, whatever pair they came in. Only
votes for one side are compared. Imports no torch.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from alignment.preferences import Votes
from storage.statistics import Interval, wilson

Comparison = tuple[int, frozenset[str]]  # a prompt and two texts
ONCE, ALL_AGREE, DIVIDED = "one vote only", "all agree", "divided"


@dataclass(frozen=True)
class Agreement:
    """Share of couples of votes on one comparison that name the same winner; the interval is over comparisons."""

    share: Interval
    comparisons: int


def comparison(row: dict[str, Any]) -> Comparison:
    """What a row of a snapshot compares."""
    return row["prompt_id"], frozenset((row["completion_a"], row["completion_b"]))


def winners(votes: Votes) -> dict[Comparison, list[tuple[str, str]]]:
    """Labeler and winning text of every vote for one side, by what it compared."""
    found: dict[Comparison, list[tuple[str, str]]] = defaultdict(list)
    for row in votes:
        if row["verdict"] in ("a", "b"):
            found[comparison(row)].append((row["labeler"], row[f"completion_{row['verdict']}"]))
    return found


def between_labelers(votes: Votes) -> Agreement | None:
    """Agreement of different labelers; None where no two have judged the same."""
    return _agreement(winners(votes).values(), same_labeler=False)


def within_labelers(votes: Votes) -> Agreement | None:
    """Agreement of labelers with themselves; None where nobody has judged the same twice."""
    return _agreement(winners(votes).values(), same_labeler=True)


def levels(votes: Votes) -> dict[Comparison, str]:
    """How far those who voted for a side of each comparison agree: ONCE, ALL_AGREE or DIVIDED."""
    found = {}
    for what, cast in winners(votes).items():
        texts = Counter(text for _, text in cast)
        found[what] = ONCE if texts.total() == 1 else ALL_AGREE if len(texts) == 1 else DIVIDED
    return found


def best_accuracy(agreement: float) -> float:
    """The accuracy of a model that always knows the better answer, on votes that agree with one another so often.

    If each vote names the better answer with probability p, on its own, two agree with p^2 + (1 - p)^2; solved for
    p >= 1/2. Agreement below one half is no better than chance.
    """
    return (1 + math.sqrt(max(0.0, 2 * agreement - 1))) / 2


def _agreement(cast: Iterable[Sequence[tuple[str, str]]], same_labeler: bool) -> Agreement | None:
    """The mean, over comparisons with a couple of votes to compare, of the share of couples that agree."""
    shares = []
    for votes in cast:
        couples = [a[1] == b[1] for a, b in itertools.combinations(votes, 2) if (a[0] == b[0]) == same_labeler]
        if couples:
            shares.append(sum(couples) / len(couples))
    return Agreement(wilson(sum(shares), len(shares)), len(shares)) if shares else None
