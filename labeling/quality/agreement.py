"""How far labelers agree: Krippendorff's alpha and percent agreement, with bootstrap intervals over comparisons.

All of it depends on a comparison only by how many chose what, and of such counts there are few however many
comparisons there are. So the counts are grouped, and a bootstrap draws how often each group comes: as many draws cost
the same for a hundred votes as for a million.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.judgements import BOTH_BAD, FIRST, SECOND, Integers, Judgements
from storage.statistics import Interval, wilson

FEW = 20  # comparisons seen by several, below which nothing is said of agreement
DRAWS = 1000
CHOICES = BOTH_BAD + 1
STRONGEST = 4

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats, Floats], Floats]  # counts (groups, values), draws (any, groups) -> one figure a draw


@dataclass(frozen=True)
class Counts:
    """Comparisons that several people judged: `counts[g]` is how many chose each value, in `times[g]` comparisons."""

    counts: Floats
    times: Floats

    @property
    def comparisons(self) -> int:
        """How many there are."""
        return int(self.times.sum())


@dataclass(frozen=True)
class Agreement:
    """Agreement on so many comparisons; each figure is None where it cannot be told.

    `alpha` is of the choice (a, b, tie, both bad), `alpha_strength` of its signed strength (-4 to 4, 0 a tie), `same`
    the share of couples of votes on one comparison that are the same, `same_side` that of couples for one side.
    """

    comparisons: int
    alpha: Interval | None
    alpha_strength: Interval | None
    same: Interval | None
    same_side: Interval | None


def agreement(votes: Judgements, seed: int = 0) -> Agreement:
    """Agreement of different people; of votes without repeats, in which each has judged a comparison once."""
    chosen = grouped(votes.comparison, votes.choice, CHOICES)
    told = votes.where(votes.choice < BOTH_BAD)  # which says nothing of how far the two are apart
    signed = np.select([told.choice == FIRST, told.choice == SECOND], [told.strength, -told.strength], 0)
    strengths = grouped(told.comparison, signed + STRONGEST, 2 * STRONGEST + 1)
    decided = votes.where(votes.decided)
    sides = grouped(decided.comparison, decided.choice, 2)
    return Agreement(
        chosen.comparisons,
        bootstrap(chosen, lambda counts, draws: alpha(counts, draws, nominal(CHOICES)), seed),
        bootstrap(strengths, lambda counts, draws: alpha(counts, draws, interval(2 * STRONGEST + 1)), seed),
        bootstrap(chosen, share_of_couples, seed, share=True),
        bootstrap(sides, share_of_couples, seed, share=True),
    )


def over_time(votes: Judgements, seed: int = 0, most: int = 12) -> list[tuple[int, Agreement]]:
    """Agreement by week, oldest first, the newest `most` of them: (Julian day of the week's Monday, figures).

    A comparison is of the week of the last vote on it.
    """
    last = np.zeros(int(votes.comparison.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(last, votes.comparison, votes.day - votes.day % 7)  # Julian day 0 was a Monday
    week = last[votes.comparison]
    return [(int(one), agreement(votes.where(week == one), seed)) for one in np.unique(week)[-most:]]


def with_others(votes: Judgements, seed: int = 0) -> list[tuple[int, Interval | None]]:
    """By labeler: on how many comparisons others voted too, and the mean share of them who chose the same."""
    counts = tally(votes.comparison, votes.choice, CHOICES)
    others = counts.sum(axis=1)[votes.comparison] - 1
    seen = others > 0
    whose = votes.labeler[seen]
    order = np.argsort(whose, kind="stable")
    alike = counts[votes.comparison, votes.choice] - 1
    shares = (alike[seen] / others[seen])[order]
    ends = np.cumsum(np.bincount(whose, minlength=len(votes.labelers)))
    found = []
    for own in np.split(shares, ends)[:-1]:
        values, times = np.unique(own, return_counts=True)
        weighted = Counts(values[:, None], times.astype(np.float64))
        found.append((weighted.comparisons, bootstrap(weighted, _mean, seed, share=True)))
    return found


def tally(comparison: Integers, value: Integers, values: int) -> Integers:
    """Of each comparison, how many votes have each of the whole-number values from 0 to `values` - 1."""
    places = int(comparison.max(initial=-1)) + 1
    return np.bincount(comparison * values + value, minlength=places * values).reshape(places, values)


def grouped(comparison: Integers, value: Integers, values: int) -> Counts:
    """Counts of whole-number values from 0 to `values` - 1, of comparisons with at least two votes."""
    counts = tally(comparison, value, values)
    kinds, times = np.unique(counts[counts.sum(axis=1) > 1], axis=0, return_counts=True)
    return Counts(kinds.astype(np.float64), times.astype(np.float64))


def alpha(counts: Floats, draws: Floats, distance: Floats) -> Floats:
    """Krippendorff's alpha (Krippendorff 2011, "Computing Krippendorff's alpha-reliability") of each draw.

    `counts` (groups, values) are votes by value, `draws` (draws, groups) how many comparisons have these counts,
    `distance` (values, values) how far two values are apart. NaN where all votes are the same.
    """
    votes = counts.sum(axis=1)
    couples = np.einsum("gv,vw,gw->g", counts, distance, counts) / (votes - 1)
    totals = draws @ counts
    expected = np.einsum("dv,vw,dw->d", totals, distance, totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = 1 - (draws @ couples) * (totals.sum(axis=1) - 1) / expected
    return found


def nominal(values: int) -> Floats:
    """Any two different values are as far apart as any others."""
    return 1.0 - np.eye(values)


def interval(values: int) -> Floats:
    """Values are as far apart as the square of their difference."""
    scale = np.arange(values, dtype=np.float64)
    return np.square(scale[:, None] - scale[None, :])


def share_of_couples(counts: Floats, draws: Floats) -> Floats:
    """The mean, over comparisons, of the share of couples of votes that are the same."""
    votes = counts.sum(axis=1)
    shares = (counts * (counts - 1)).sum(axis=1) / (votes * (votes - 1))
    return np.asarray(draws @ shares / draws.sum(axis=1))


def bootstrap(counts: Counts, statistic: Statistic, seed: int, share: bool = False) -> Interval | None:
    """A statistic with its percentile interval over comparisons; None where it is not defined.

    Where every comparison came out alike a bootstrap knows of no chance: for a `share` Wilson's interval stands in.
    """
    if counts.comparisons == 0:
        return None
    value = float(statistic(counts.counts, counts.times[None, :])[0])
    if np.isnan(value):
        return None
    if share and value in (0.0, 1.0):
        return wilson(value * counts.comparisons, counts.comparisons)
    shares = counts.times / counts.times.sum()
    draws = np.random.default_rng(seed).multinomial(counts.comparisons, shares, size=DRAWS).astype(np.float64)
    drawn = statistic(counts.counts, draws)
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Interval(value, min(float(low), value), max(float(high), value))


def _mean(values: Floats, draws: Floats) -> Floats:
    return np.asarray(draws @ values[:, 0] / draws.sum(axis=1))
