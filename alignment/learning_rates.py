"""Learning rates where a recipe names none: by what is trained, how, and how large the model is.

Small models need large rates: DPO at the 1e-6 that suits a billion parameters does not move a model of three million.
Between the sizes below, the logarithm of the rate is linear in the logarithm of the parameter count; outside them it
stays at the nearest. The rates at three million parameters were measured on models of that size, the others are those
that public recipes for full tuning use.
"""

from __future__ import annotations

import itertools
import math

Anchors = tuple[tuple[float, float], ...]

# (parameters, rate for full tuning), ascending
ANCHORS: dict[str, Anchors] = {
    "pretrain": ((3e6, 3e-3), (1e8, 6e-4), (1e9, 3e-4)),
    "sft": ((3e6, 1e-3), (5e8, 1e-5), (7e9, 5e-6)),
    "reward": ((3e6, 3e-4), (5e8, 1e-5), (7e9, 3e-6)),
    "dpo": ((3e6, 5e-4), (5e8, 1e-6), (7e9, 5e-7)),
    "kto": ((3e6, 5e-4), (5e8, 1e-6), (7e9, 5e-7)),
    "ppo": ((3e6, 1e-4), (5e8, 3e-6), (7e9, 1e-6)),
    "rloo": ((3e6, 3e-4), (5e8, 3e-6), (7e9, 1e-6)),
}
LORA_FACTOR = 10.0
LORA_LIMIT = 2e-3


def default_learning_rate(kind: str, tuning: str, parameters: int) -> float:
    """The rate for a `kind` of `ANCHORS` and a model with so many parameters.

    `tuning` is "full", "freeze" (as full) or "lora": its matrices start from zero and take about ten times the rate
    (Schulman et al., "LoRA Without Regret", 2025), here up to 2e-3.
    """
    rate = _interpolate(ANCHORS[kind], parameters)
    return min(rate * LORA_FACTOR, LORA_LIMIT) if tuning == "lora" else rate


def _interpolate(anchors: Anchors, parameters: int) -> float:
    if parameters <= anchors[0][0]:
        return anchors[0][1]
    for (low, low_rate), (high, high_rate) in itertools.pairwise(anchors):
        if parameters <= high:
            share = math.log(parameters / low) / math.log(high / low)
            return low_rate * (high_rate / low_rate) ** share
    return anchors[-1][1]
