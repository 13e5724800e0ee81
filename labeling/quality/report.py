"""How good the labels are, all in one: what the command and the page tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np

from labeling.quality.agreement import FEW, Agreement, agreement, over_time, with_others
from labeling.quality.bias import Bias, bias, bias_by_labeler, longer_by_difference
from labeling.quality.consistency import repeats, self_consistency
from labeling.quality.contested import Contested, contested
from labeling.quality.reliability import reliability
from storage.adjudications import rulings
from storage.database import Store
from storage.judgements import Integers, Judgements, judgements
from storage.statistics import Interval

BEFORE_YEAR_ONE = 1721425  # days from Julian day 0 to the day before the first of January of the year 1


@dataclass(frozen=True)
class Week:
    """Agreement on the comparisons whose last vote was cast in the week from this Monday on."""

    monday: str
    agreement: Agreement


@dataclass(frozen=True)
class Labeler:
    """One labeler. A figure is None where there is nothing to tell it by.

    `agrees` is how often another's vote on the same comparison is the same, on `comparisons`; `reliability` is eta;
    `steady` is how often a repeat got the same vote, of `repeats`.
    """

    name: str
    votes: int
    comparisons: int
    agrees: Interval | None
    reliability: Interval | None
    repeats: int
    steady: Interval | None
    bias: Bias


@dataclass(frozen=True)
class LongerBy:
    """The share of votes for the longer answer, where it is longer by so many characters; `up_to` None is any more."""

    characters: int
    up_to: int | None
    share: Interval


@dataclass(frozen=True)
class Quality:
    """How good the labels are. `enough` says whether there are comparisons enough to speak of agreement."""

    votes: int
    enough: bool
    agreement: Agreement
    weeks: list[Week]
    repeats: int
    steady: Interval | None
    bias: Bias
    longer_by: list[LongerBy]
    labelers: list[Labeler]
    contested: list[Contested]


def quality(store: Store, seed: int = 0) -> Quality:
    """All of it, of the votes as they stand. Pairs that were ruled on are no longer on the list of contested ones."""
    return of_votes(judgements(store), _ruled(store), seed)


def still_contested(store: Store) -> list[Contested]:
    """The contested pairs alone, which are a small part of the work."""
    return _contested(judgements(store).first_looks(), _ruled(store))


def of_votes(votes: Judgements, ruled: Collection[int] = (), seed: int = 0) -> Quality:
    """All of it, of these votes; `ruled` are the pairs that need no ruling any more."""
    first = votes.first_looks()
    overall = agreement(first, seed)
    whose, _ = repeats(votes)
    steady, each_steady = self_consistency(votes)
    return Quality(
        votes=len(votes.choice),
        enough=overall.comparisons >= FEW,
        agreement=overall,
        weeks=[
            Week(date.fromordinal(day - BEFORE_YEAR_ONE).isoformat(), found) for day, found in over_time(first, seed)
        ],
        repeats=len(whose),
        steady=steady,
        bias=bias(first),
        longer_by=[LongerBy(*one) for one in longer_by_difference(first)],
        labelers=_labelers(votes, first, whose, each_steady, seed),
        contested=_contested(first, ruled),
    )


def _ruled(store: Store) -> set[int]:
    return {one.pair_id for one in rulings(store)}


def _contested(first: Judgements, ruled: Collection[int]) -> list[Contested]:
    """The pairs to rule on; `first` are votes without repeats."""
    return contested(first.where(~np.isin(first.pair_id, list(ruled))))


def _labelers(
    votes: Judgements, first: Judgements, repeated_by: Integers, steady: list[Interval | None], seed: int
) -> list[Labeler]:
    """Who has voted, most votes first; `repeated_by` is whose each repeat is, `steady` each labeler's."""
    count = np.bincount(votes.labeler, minlength=len(votes.labelers)).tolist()
    repeated = np.bincount(repeated_by, minlength=len(votes.labelers)).tolist()
    agrees, eta, swayed = with_others(first, seed), reliability(first).eta, bias_by_labeler(first)
    found = [
        Labeler(name, count[at], *agrees[at], eta[at], repeated[at], steady[at], swayed[at])
        for at, name in enumerate(votes.labelers)
        if count[at]
    ]
    return sorted(found, key=lambda one: (-one.votes, one.name))
