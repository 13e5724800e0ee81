"""Small heads on frozen features: how often one that learned from so many votes picks the chosen answer.

A head is a logistic regression of a vote on the difference of its two answers' features, the Bradley-Terry model with
a linear score, held to zero by a ridge. It is no match for a reward model that is trained whole, but it costs
milliseconds, and its accuracy rises with the votes for the same reason. Imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.statistics import Interval

SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
ORDERS = 8  # in which the prompts come, each with its own subsets
DRAWS = 1000
RIDGE = 10.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Votes:
    """Votes for one side: features of the chosen answer less the other's (votes, features), and their prompts."""

    difference: Floats
    prompt_id: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """Accuracy on unseen votes after so many votes (a mean over subsets), with its interval over unseen prompts."""

    votes: int
    accuracy: Interval


@dataclass(frozen=True)
class Curve:
    """The points, fewest votes first, and by how much accuracy is expected to rise with so many `more` votes."""

    points: list[Point]
    more: int
    gain: Interval


def learning_curve(seen: Votes, unseen: Votes, more: int, seed: int = 0) -> Curve:
    """Accuracy of heads on growing subsets of the `seen` votes, prompt by prompt, and what `more` of them would add.

    The expectation is that of a line through the points in 1 / sqrt(votes), so that it holds as far as accuracy goes on
    to rise as it did. Intervals are a bootstrap over the unseen prompts, the same draws for all points.
    """
    scale = seen.difference.std(axis=0)
    scale[scale == 0] = 1.0
    x, test = seen.difference / scale, unseen.difference / scale
    counts, right = [], []
    random = np.random.default_rng(seed)
    orders = [random.permutation(np.unique(seen.prompt_id)) for _ in range(ORDERS)]
    for share in SHARES:
        fits = []
        for order in orders if share < 1 else orders[:1]:
            chosen = np.isin(seen.prompt_id, order[: max(1, round(share * len(order)))])
            score = test @ head(x[chosen])
            fits.append((int(chosen.sum()), (score > 0) + 0.5 * (score == 0)))
        counts.append(round(float(np.mean([count for count, _ in fits]))))
        right.append(np.mean([hits for _, hits in fits], axis=0))
    return _with_intervals(np.array(counts), np.stack(right), unseen.prompt_id, more, random)


def head(difference: Floats, steps: int = 30) -> Floats:
    """Weights under which the chosen answers score higher: Newton's method on the ridge-held log likelihood."""
    weights = np.zeros(difference.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(difference @ weights, -30, 30)))
        gradient = difference.T @ (1 - p) - RIDGE * weights
        curve = difference.T @ (difference * (p * (1 - p))[:, None]) + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curve, gradient)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _with_intervals(
    counts: npt.NDArray[np.int64],
    right: Floats,
    prompt_id: npt.NDArray[np.int64],
    more: int,
    random: np.random.Generator,
) -> Curve:
    """`right` (points, votes) is how often each unseen vote was told right."""
    prompts, prompt = np.unique(prompt_id, return_inverse=True)
    sums = np.stack([np.bincount(prompt, hits) for hits in right])  # (points, prompts)
    sizes = np.bincount(prompt).astype(np.float64)
    draws = random.multinomial(len(prompts), np.full(len(prompts), 1 / len(prompts)), size=DRAWS)
    drawn = (draws @ sums.T) / (draws @ sizes)[:, None]  # (draws, points)
    value = right.mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    points = [
        Point(int(n), Interval(float(v), min(float(a), float(v)), max(float(b), float(v))))
        for n, v, a, b in zip(counts, value, low, high, strict=True)
    ]
    gains = expected_gain(counts, drawn, more)
    gain = float(expected_gain(counts, value[None, :], more)[0])
    low, high = np.quantile(gains, (0.025, 0.975))
    return Curve(points, more, Interval(gain, min(float(low), gain), max(float(high), gain)))


def expected_gain(counts: npt.NDArray[np.int64], accuracy: Floats, more: int) -> Floats:
    """What `more` votes than the last count add by the line through each row of `accuracy` in 1 / sqrt(votes)."""
    x = 1 / np.sqrt(np.maximum(counts, 1).astype(np.float64))
    centred = x - x.mean()
    spread = np.square(centred).sum()
    slope = (accuracy - accuracy.mean(axis=1, keepdims=True)) @ centred / (spread or 1.0)
    return np.asarray(slope * (1 / np.sqrt(counts[-1] + more) - x[-1]))
