"""Estimates with their intervals, as pure functions of numbers: what the parts of the app have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile
RESAMPLES = 4000


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def bootstrap_mean(values: Sequence[float], seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """The mean of independent values (one a prompt), with a percentile bootstrap interval (Efron 1979)."""
    if not values:
        raise ValueError("there is no value to take the mean of")
    data = np.asarray(values, dtype=np.float64)
    draws = np.random.default_rng(seed).integers(0, len(data), size=(resamples, len(data)))
    low, high = np.quantile(data[draws].mean(axis=1), (0.025, 0.975))
    mean = float(data.mean())
    return Interval(mean, min(float(low), mean), max(float(high), mean))


def win_rate(shares: Sequence[float], seed: int = 0) -> Interval:
    """The mean share of won comparisons (one a prompt, 0 to 1), with `bootstrap_mean`'s interval.

    Where all prompts came out alike a bootstrap knows of no chance, and Wilson's interval of as many trials stands in.
    """
    if len(set(shares)) == 1:
        return wilson(sum(shares), len(shares))
    return bootstrap_mean(shares, seed)


def wilson(successes: float, trials: int) -> Interval:
    """A share of independent trials with Wilson's score interval (Wilson 1927), which holds at 0 and at 1 too."""
    if trials == 0:
        raise ValueError("there is no trial to take the share of")
    share = successes / trials
    spread = Z95**2 / trials
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def shares_by_group(won: npt.NDArray[np.bool_], group: npt.NDArray[np.int64], groups: int) -> list[Interval | None]:
    """The share of trials won in each group from 0 to `groups` - 1, by `wilson`; None where there is no trial."""
    trials, wins = np.bincount(group, minlength=groups), np.bincount(group[won], minlength=groups)
    return [wilson(int(k), int(n)) if n else None for k, n in zip(wins, trials, strict=True)]
