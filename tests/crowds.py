"""Simulated labelers whose reliability is known, as columns of votes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from storage.judgements import FIRST, SECOND, Judgements


def crowd(etas: Sequence[float], pairs: int, overlap: int, seed: int, spread: float = 3.0) -> Judgements:
    """Votes by Crowd-BT: each of `pairs` is seen by `overlap` labelers; labeler k follows the Bradley-Terry model with
    probability `etas[k]`. The differences of the pairs are normal with this `spread`, in log odds."""
    random = np.random.default_rng(seed)
    who = np.argsort(random.random((pairs, len(etas))), axis=1)[:, :overlap].ravel()
    pair = np.repeat(np.arange(pairs), overlap)
    difference = random.normal(0, spread, pairs)
    by_model = random.random(len(who)) < 1 / (1 + np.exp(-difference[pair]))
    follows = random.random(len(who)) < np.asarray(etas)[who]
    return votes(who, pair, np.where(by_model == follows, FIRST, SECOND), random, len(etas))


def votes(
    who: Sequence[int], pair: Sequence[int], choice: Sequence[int], random: np.random.Generator, people: int
) -> Judgements:
    """Votes whose sides, lengths and days mean nothing."""
    count = len(who)
    decided = np.asarray(choice) <= SECOND
    return Judgements(
        tuple(f"labeler-{number + 1}" for number in range(people)),
        np.asarray(who, dtype=np.int64),
        np.asarray(pair, dtype=np.int64),
        np.asarray(pair, dtype=np.int64),
        np.asarray(pair, dtype=np.int64),
        np.zeros(count, dtype=bool),
        np.asarray(choice, dtype=np.int64),
        np.where(decided, random.integers(1, 5, count), 0),
        decided & (random.random(count) < 0.5),
        random.integers(-300, 301, count),
        2460000 + np.asarray(pair, dtype=np.int64) // 50,
    )


def order(values: Sequence[float]) -> list[int]:
    """The places of the values, the least first."""
    return np.argsort(values, kind="stable").tolist()


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """The rank correlation of values without ties (Spearman 1904)."""
    a, b = np.argsort(np.argsort(first)), np.argsort(np.argsort(second))
    return round(float(np.corrcoef(a, b)[0, 1]), 9)
