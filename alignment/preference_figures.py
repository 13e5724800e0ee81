"""How well a model's margins agree with votes that it was not trained on. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

from alignment.statistics import calibration_error
from storage.statistics import wilson


def preference_figures(margins: Sequence[float], prompt_ids: Sequence[int]) -> dict[str, float | int]:
    """Accuracy with its 95 % interval, and calibration, from margins (chosen less rejected; equal counts half).

    The interval counts prompts and not votes, since votes on one prompt are not independent. The model's probability
    that the first answer wins is sigmoid(margin); each vote is read in both directions, as which answer is called
    first is arbitrary. Without a vote there is only the number of them, 0.
    """
    if not margins:
        return {"heldout_pairs": 0}
    right = sum(1.0 if margin > 0 else 0.5 if margin == 0 else 0.0 for margin in margins)
    prompts = len(set(prompt_ids))
    accuracy = wilson(right / len(margins) * prompts, prompts)
    chosen = [probability(margin) for margin in margins]
    both = chosen + [1 - share for share in chosen]
    outcomes = [1.0] * len(chosen) + [0.0] * len(chosen)
    return {
        "heldout_pairs": len(margins),
        "heldout_prompts": prompts,
        "accuracy": accuracy.value,
        "accuracy_low": accuracy.low,
        "accuracy_high": accuracy.high,
        "ece": calibration_error(both, outcomes),
    }


def probability(margin: float) -> float:
    """sigmoid(margin): the probability of Bradley and Terry (1952) that the answer with the higher reward wins."""
    return 1 / (1 + math.exp(-max(min(margin, 500.0), -500.0)))
