"""Figures and their uncertainty, as pure functions of numbers and texts. Imports no torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from storage.statistics import RESAMPLES, Interval

FEW_RESAMPLES = 400  # where each is a fit of its own


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


def length_controlled(groups: Sequence[tuple[Sequence[float], Sequence[float]]], seed: int = 0) -> Interval:
    """The win rate at equal lengths: sigmoid(a) of win ~ sigmoid(a + b tanh(d / sd(d))) (Dubois et al. 2024).

    A group is a prompt's (wins, length differences), one of each for every couple of answers: a win is 0, 0.5 or 1, a
    difference my length less theirs. The interval is a percentile bootstrap over groups, as couples of one prompt
    are not independent.
    """
    if not groups:
        raise ValueError("there is no win to control for length")
    y = np.concatenate([np.asarray(wins, dtype=np.float64) for wins, _ in groups])
    d = np.concatenate([np.asarray(longer, dtype=np.float64) for _, longer in groups])
    group = np.repeat(np.arange(len(groups)), [len(wins) for wins, _ in groups])
    x = np.column_stack([np.ones_like(d), np.tanh(d / (float(d.std()) or 1.0))])
    value = _at_equal_length(x, y, np.ones_like(y))
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=FEW_RESAMPLES)
    rates = [_at_equal_length(x, y, counts[group].astype(np.float64)) for counts in drawn]
    low, high = np.quantile(rates, (0.025, 0.975))
    return Interval(value, min(float(low), value), max(float(high), value))


def _at_equal_length(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> float:
    """sigmoid(a) of a logistic regression by Newton's method, each row counted `counts` times.

    A weak ridge (1e-2) keeps the fit finite where every win goes one way.
    """
    weights = np.zeros(2)
    ridge = 1e-2 * np.eye(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (counts * (p - y)) + ridge @ weights
        step = np.linalg.solve(x.T @ (x * (counts * p * (1 - p))[:, None]) + ridge, gradient)
        weights = np.clip(weights - step, -20.0, 20.0)
        if np.abs(step).max() < 1e-8:
            break
    return float(1 / (1 + math.exp(-weights[0])))


def as_voters_judge(shares: Sequence[float], agreement: float, trials: int, seed: int = 0) -> Interval:
    """The win rate that voters would find where a judge that agrees with some of them found `shares`, one a prompt.

    A judge that says what a voter says with probability q turns a rate p into w = p q + (1 - p)(1 - q), so that
    p = (w + q - 1) / (2 q - 1), cut to 0 and 1 (Rogan and Gladen 1978). The interval holds the errors of both figures
    (Lang and Reiczigel 2014): w is drawn by a bootstrap over prompts, q from its Beta posterior under Jeffreys' prior
    after `trials` votes that the judge had not seen. A draw of q at one half or below says nothing of p, and gives one
    from all of 0 to 1. It rests on two things: that the judge agrees as often on these answers as on those that were
    voted on, and whoever of the two wrote the better one.
    """
    if not shares or trials < 1 or not 0 <= agreement <= 1:
        raise ValueError("there must be shares, votes, and an agreement from 0 to 1")
    data = np.asarray(shares, dtype=np.float64)
    random = np.random.default_rng(seed)
    w = data[random.integers(0, len(data), size=(RESAMPLES, len(data)))].mean(axis=1)
    q = random.beta(agreement * trials + 0.5, (1 - agreement) * trials + 0.5, size=RESAMPLES)
    known = q > 0.5
    p = random.uniform(size=RESAMPLES)
    p[known] = np.clip((w[known] + q[known] - 1) / (2 * q[known] - 1), 0.0, 1.0)
    value = min(max((data.mean() + agreement - 1) / (2 * agreement - 1), 0.0), 1.0) if agreement > 0.5 else 0.5
    low, high = np.quantile(p, (0.025, 0.975))
    return Interval(float(value), min(float(low), float(value)), max(float(high), float(value)))


def best_of_n_kl(n: int) -> float:
    """The most nats that picking the best of n samples moves a policy: log n - (n - 1) / n (Stiennon et al. 2020).

    An upper bound of the KL from the policy that was sampled (Beirami et al. 2024).
    """
    return math.log(n) - (n - 1) / n


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
