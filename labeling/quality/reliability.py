"""How far each labeler can be relied on: Crowd-BT, with the difference of a pair's answers integrated out.

In Crowd-BT (Chen, Bennett, Collins-Thompson and Horvitz 2013, "Pairwise ranking aggregation in a crowdsourced
setting", WSDM) a labeler k follows the Bradley-Terry model with probability eta_k and votes against it otherwise:

    P(k prefers a to b) = eta_k s(d) + (1 - eta_k) s(-d),    s(d) = 1 / (1 + exp(-d)),  d = score(a) - score(b)

There every item meets many others, so that its score can be fitted. Here most answers meet one rival, and two or three
people see a pair: a score fitted to so few votes would fit their errors. So d is no parameter but is drawn once for
every pair from a normal distribution of mean 0, and integrated out on a grid; what remains are the etas, which are
found by Newton's method, each with the others held.

What identifies eta: only pairs that several people judged. Two labelers agree with probability
1/2 + (2 eta_k - 1)(2 eta_l - 1) E[(2 s(d) - 1)^2] / 2, so who agrees with whom gives every labeler's 2 eta - 1 up to a
common factor, and with it the order. The factor, how clear the pairs are, two votes a pair cannot tell: it is held at
SPREAD, so that an eta is to be read beside the others'. Nor do votes tell who is right where two camps oppose each
other: a prior holds that most people are right more often than not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.judgements import FIRST, Judgements
from storage.statistics import Z95, Interval

RIGHT, WRONG = 4.0, 2.0  # a Beta prior of eta, with its mode at 3/4
SPREAD = 3.0  # of d, in log odds: the better of two answers wins 84 % of fair votes, over all pairs
NODES = 9
STEPS, STEADY = 200, 1e-3
LARGEST_STEP = 0.1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """`eta` of each labeler with its interval, None for those who share no pair, and the votes that it rests on."""

    eta: list[Interval | None]
    votes: list[int]


@dataclass(frozen=True)
class _Votes:
    """Votes for one side on shared pairs, by pair: whose, on which, where each pair's begin, and for which answer."""

    labeler: npt.NDArray[np.int64]
    pair: npt.NDArray[np.int64]
    begins: npt.NDArray[np.int64]
    first: npt.NDArray[np.bool_]
    labelers: int


def reliability(votes: Judgements) -> Reliability:
    """The reliability of every labeler, from votes for one side without repeats."""
    shared = _shared(votes)
    counted = np.bincount(shared.labeler, minlength=shared.labelers)
    eta = np.full(shared.labelers, 0.75)
    x, weight = np.polynomial.hermite_e.hermegauss(NODES)
    curve = np.ones_like(eta)
    for _ in range(STEPS if len(shared.pair) else 0):
        gradient, curve = _slopes(shared, eta, x * SPREAD, weight)
        step = np.clip(gradient / curve, -LARGEST_STEP, LARGEST_STEP)
        eta = np.clip(eta + step, 0.01, 0.99)
        if np.abs(step).max() < STEADY:
            break
    half = Z95 / np.sqrt(curve)
    found = [
        Interval(float(e), max(0.0, float(e - h)), min(1.0, float(e + h))) if n else None
        for e, h, n in zip(eta, half, counted, strict=True)
    ]
    return Reliability(found, counted.tolist())


def _shared(votes: Judgements) -> _Votes:
    decided = votes.where(votes.decided)
    several = np.bincount(decided.comparison, minlength=1)[decided.comparison] > 1
    kept = decided.where(several)
    order = np.argsort(kept.comparison, kind="stable")
    _, begins, pair = np.unique(kept.comparison[order], return_index=True, return_inverse=True)
    return _Votes(kept.labeler[order], pair, begins, kept.choice[order] == FIRST, len(votes.labelers))


def _slopes(votes: _Votes, eta: Floats, d: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """First derivative and curvature of the log posterior in each eta.

    A vote is right with a probability m that the other votes on its pair give; its own is eta m + (1 - eta)(1 - m),
    which is linear in eta, so both are exact while the other etas are as they are.
    """
    side = 1 / (1 + np.exp(-d))
    right = np.where(votes.first[:, None], side, 1 - side)
    mine = eta[votes.labeler]
    each = mine[:, None] * right + (1 - mine[:, None]) * (1 - right)  # P(vote | d) at every node
    posterior = np.multiply.reduceat(each, votes.begins, axis=0) * weight + np.finfo(float).tiny
    without = posterior[votes.pair] / each
    m = (without * right).sum(axis=1) / without.sum(axis=1)
    terms = (2 * m - 1) / (mine * m + (1 - mine) * (1 - m))
    gradient = (RIGHT - 1) / eta - (WRONG - 1) / (1 - eta)
    curve = (RIGHT - 1) / np.square(eta) + (WRONG - 1) / np.square(1 - eta)
    gradient += np.bincount(votes.labeler, terms, minlength=votes.labelers)
    curve += np.bincount(votes.labeler, np.square(terms), minlength=votes.labelers)
    return gradient, curve
