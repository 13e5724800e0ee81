"""The same votes give the same figures as independent implementations: krippendorff, evalica and choix."""

from __future__ import annotations

import choix
import evalica
import krippendorff
import numpy as np
import pytest

from labeling.quality.agreement import alpha, grouped, interval, nominal
from labeling.quality.ladder import bradley_terry
from tests.crowds import crowd

MODELS = 5


@pytest.mark.parametrize("level", ["nominal", "interval"])
def test_alpha_is_that_of_krippendorff(level: str) -> None:
    votes = crowd([0.6, 0.7, 0.8, 0.9], 300, 3, seed=1)
    value = votes.choice * 4 + votes.strength - 1  # eight values
    found = grouped(votes.comparison, value, 8)
    distance = {"nominal": nominal, "interval": interval}[level](8)
    table = np.zeros((300, 8), dtype=int)
    np.add.at(table, (votes.comparison, value), 1)
    theirs = krippendorff.alpha(value_counts=table, level_of_measurement=level)
    assert alpha(found.counts, found.times[None, :], distance)[0] == pytest.approx(theirs, abs=1e-12)


def battles(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    first = random.integers(0, MODELS, 600)
    second = (first + random.integers(1, MODELS, 600)) % MODELS
    won = np.where(random.random(600) < 0.15, 0.5, (random.random(600) < 0.5 + (second - first) / 12).astype(float))
    return first, second, won


def ours(first: np.ndarray, second: np.ndarray, won: np.ndarray) -> np.ndarray:
    x = np.zeros((len(won), MODELS))
    x[np.arange(len(won)), first], x[np.arange(len(won)), second] = 1, -1
    return bradley_terry(x, won, np.ones(len(won)))


def test_the_ladder_is_that_of_evalica() -> None:
    first, second, won = battles(2)
    said = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    theirs = evalica.bradley_terry(
        first.tolist(), second.tolist(), [said[one] for one in won], tolerance=1e-12, limit=10_000
    )
    strengths = np.log(theirs.scores.sort_index().to_numpy())
    assert ours(first, second, won) == pytest.approx(strengths - strengths.mean(), abs=1e-4)


def test_the_ladder_is_that_of_choix() -> None:
    first, second, won = battles(3)
    halves = [  # each battle as two halves, of which a tie gives one to either
        pair
        for a, b, share in zip(first.tolist(), second.tolist(), won.tolist(), strict=True)
        for pair in [(a, b)] * int(2 * share) + [(b, a)] * int(2 - 2 * share)
    ]
    assert ours(first, second, won) == pytest.approx(choix.opt_pairwise(MODELS, halves, alpha=1e-6), abs=1e-4)
