"""An rloo job: a policy from a reward model's scores of its own completions, without a critic.

in: policy, reference, reward_model, prompts.parquet      out: model/
"""

from __future__ import annotations

from typing import Any

from trl import RLOOConfig

from alignment.jobdir import JobDir
from alignment.online import run_online
from alignment.recipes.online import RlooRecipe
from alignment.rloo_trainer import RlooTrainer


def run(job: JobDir, recipe: RlooRecipe) -> dict[str, Any]:
    """Train by RLOO; the result is `run_online`'s."""
    return run_online(job, recipe, RlooTrainer, RLOOConfig)
