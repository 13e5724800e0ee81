"""What sways labelers besides the answers: the side they are shown on, and their length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from storage.judgements import FIRST, Integers, Judgements
from storage.statistics import Z95, Interval, shares_by_group, wilson

CHARACTERS = 100.0  # the unit of the slope
BINS = (50, 200)  # characters at which differences of length are parted
RIDGE = 1e-2  # keeps a slope finite where every vote goes one way: a normal prior with standard deviation 10


@dataclass(frozen=True)
class Bias:
    """Of votes for one side: the share for the left answer, and for the longer one; None where there is none.

    `slope` is by how much the log odds of an answer rise with every 100 characters that it is longer.
    """

    left: Interval | None
    longer: Interval | None
    slope: Interval | None


def bias(votes: Judgements) -> Bias:
    """The bias of all votes together."""
    return _biases(votes, np.zeros(len(votes.choice), dtype=np.int64), 1)[0]


def bias_by_labeler(votes: Judgements) -> list[Bias]:
    """The bias of each labeler."""
    return _biases(votes, votes.labeler, len(votes.labelers))


def longer_by_difference(votes: Judgements) -> list[tuple[int, int | None, Interval]]:
    """Share of votes for the longer answer where it is longer by `from` to `to` characters; (from, to, share)."""
    apart = votes.where(votes.decided & (votes.longer != 0))
    size, won = np.abs(apart.longer), (apart.choice == FIRST) == (apart.longer > 0)
    found: list[tuple[int, int | None, Interval]] = []
    for low, high in zip((0, *BINS), (*BINS, None), strict=True):
        inside = (size > low) & (size <= (high or size.max(initial=0)))
        if inside.any():
            found.append((low + 1, high, wilson(int(won[inside].sum()), int(inside.sum()))))
    return found


def _biases(votes: Judgements, group: Integers, groups: int) -> list[Bias]:
    decided = votes.decided
    left = shares_by_group(votes.left[decided], group[decided], groups)
    apart = decided & (votes.longer != 0)
    won = (votes.choice == FIRST) == (votes.longer > 0)
    longer = shares_by_group(won[apart], group[apart], groups)
    slope = _slopes(votes.longer[apart] / CHARACTERS, votes.choice[apart] == FIRST, group[apart], groups)
    return [Bias(*three) for three in zip(left, longer, slope, strict=True)]


def _slopes(longer: np.ndarray, won: np.ndarray, group: Integers, groups: int) -> list[Interval | None]:
    """A logistic regression without intercept for every group at once, by Newton's method; Wald's interval."""
    slope, curve = np.zeros(groups), np.full(groups, RIDGE)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(longer * slope[group], -30, 30)))
        gradient = np.bincount(group, longer * (won - p), minlength=groups) - RIDGE * slope
        curve = np.bincount(group, longer**2 * p * (1 - p), minlength=groups) + RIDGE
        step = np.clip(gradient / curve, -1.0, 1.0)
        slope += step
        if np.abs(step).max(initial=0.0) < 1e-8:
            break
    half = Z95 / np.sqrt(curve)
    votes = np.bincount(group, minlength=groups)
    return [
        Interval(float(b), float(b - h), float(b + h)) if n else None
        for b, h, n in zip(slope, half, votes, strict=True)
    ]
