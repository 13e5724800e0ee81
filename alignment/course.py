"""The course of a run: what its reward model and the judge say of it, the further it is from its start.

The reward model that a policy learns from is a proxy. Where its score goes on rising with the KL from the start while
the score of a judge that was trained on other votes falls, the policy exploits the proxy's errors (Gao, Schulman and
Hilton 2023). Pure functions of numbers; imports no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from storage.statistics import bootstrap_mean


@dataclass(frozen=True)
class Point:
    """A moment of a run: its step (None is the end), nats of KL an answer, and each prompt's gain by either score."""

    step: int | None
    kl: float
    proxy: Sequence[float]
    judge: Sequence[float]


def gains(scores: Sequence[float], start: Sequence[float]) -> list[float]:
    """Each prompt's score less the start model's, in standard deviations of the latter: a scale for any two judges."""
    spread = float(np.std(start)) or 1.0
    return [(mine - before) / spread for mine, before in zip(scores, start, strict=True)]


def figures(points: Sequence[Point], seed: int = 0) -> list[dict[str, Any]]:
    """step, kl, and the mean gain by proxy and judge with its 95 % interval over prompts, of each point."""
    rows: list[dict[str, Any]] = []
    for point in points:
        row: dict[str, Any] = {"step": point.step, "kl": point.kl}
        for name, values in (("proxy", point.proxy), ("judge", point.judge)):
            mean = bootstrap_mean(values, seed)
            row |= {name: mean.value, f"{name}_low": mean.low, f"{name}_high": mean.high}
        rows.append(row)
    return rows


def over_optimised(points: Sequence[Point], seed: int = 0) -> dict[str, Any] | None:
    """Where the judge likes an earlier point better than the last while the proxy does not; None where that is chance.

    step: the point that the judge likes best; drop, low, high: how much less it likes the end, with a 95 % interval
    over prompts, in the unit of `gains`. The best of several points is partly so by luck, so a drop is a little too
    large.
    """
    *earlier, last = points
    best = max(earlier, key=lambda point: float(np.mean(point.judge)), default=None)
    if best is None or float(np.mean(last.proxy)) < float(np.mean(best.proxy)):
        return None
    drop = bootstrap_mean([a - b for a, b in zip(best.judge, last.judge, strict=True)], seed)
    if drop.low <= 0:
        return None
    return {"step": best.step, "drop": drop.value, "low": drop.low, "high": drop.high}
