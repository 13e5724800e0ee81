"""Figures and their uncertainty, as pure functions of numbers and texts. Imports no torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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


def wilson(successes: float, trials: int) -> Interval:
    """A share of independent trials with Wilson's score interval (Wilson 1927), which holds at 0 and at 1 too."""
    if trials == 0:
        raise ValueError("there is no trial to take the share of")
    share = successes / trials
    spread = Z95**2 / trials
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def win_share(mine: Sequence[float], theirs: Sequence[float]) -> float:
    """P(one of my answers scores above one of theirs), over all couples, ties as half (Mann and Whitney 1947)."""
    a, b = np.asarray(mine)[:, None], np.asarray(theirs)[None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


@dataclass(frozen=True)
class Bin:
    """Predictions of similar probability: their mean, the mean of what came of them, and how many they are."""

    probability: float
    outcome: float
    count: int


def calibration_bins(probabilities: Sequence[float], outcomes: Sequence[float], bins: int = 10) -> list[Bin]:
    """Predictions in `bins` parts of 0 to 1, of equal width; a part without any is left out."""
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    places = np.minimum((p * bins).astype(int), bins - 1)
    members = [places == place for place in np.unique(places)]
    return [Bin(float(p[inside].mean()), float(y[inside].mean()), int(inside.sum())) for inside in members]


def calibration_error(probabilities: Sequence[float], outcomes: Sequence[float], bins: int = 10) -> float:
    """Expected calibration error (Naeini et al. 2015): mean |outcome - probability| a bin, weighted by its share."""
    found = calibration_bins(probabilities, outcomes, bins)
    return sum(abs(one.outcome - one.probability) * one.count for one in found) / len(probabilities)


def correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Pearson's correlation; 0 where one of the two does not vary."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def length_controlled(wins: Sequence[float], length_differences: Sequence[float]) -> float:
    """The win rate at equal lengths: sigmoid(a) of win ~ sigmoid(a + b tanh(d / sd(d))) (Dubois et al. 2024).

    `wins` are 0, 0.5 or 1, `length_differences` mine minus theirs. A weak ridge (1e-2) keeps the fit finite where
    every win goes one way; the fit is Newton's method.
    """
    y, d = np.asarray(wins, dtype=np.float64), np.asarray(length_differences, dtype=np.float64)
    deviation = float(d.std()) or 1.0
    x = np.column_stack([np.ones_like(d), np.tanh(d / deviation)])
    weights = np.zeros(2)
    ridge = 1e-2 * np.eye(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (p - y) + ridge @ weights
        step = np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + ridge, gradient)
        weights = np.clip(weights - step, -20.0, 20.0)
        if np.abs(step).max() < 1e-10:
            break
    return float(1 / (1 + math.exp(-weights[0])))


def repetition(text: str, n: int = 3) -> float:
    """Share of a text's word n-grams that it has had before: 0 for no repeat, towards 1 for nothing else."""
    words = text.lower().split()
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def distinct(texts: Sequence[str], n: int = 2) -> float:
    """Distinct word n-grams over all word n-grams of some texts (Li et al. 2016)."""
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = text.lower().split()
        counts.update(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
    return len(counts) / counts.total() if counts else 0.0
