"""A ppo job: a policy from a reward model's scores of its own completions, with a critic.

in: policy, reference, reward_model, prompts.parquet      out: model/
"""

from __future__ import annotations

from typing import Any

from trl import GRPOConfig

from alignment.jobdir import JobDir
from alignment.online import run_online
from alignment.ppo_trainer import PpoTrainer
from alignment.recipes.online import PpoRecipe


def run(job: JobDir, recipe: PpoRecipe) -> dict[str, Any]:
    """Train by PPO; the result is `run_online`'s."""
    return run_online(job, recipe, PpoTrainer, GRPOConfig)
