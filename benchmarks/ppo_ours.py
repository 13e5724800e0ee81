"""One run of Plumbline's PPO for `ppo.py`, with the weights written between rollouts while the clock stands still."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from ppo_clock import Clock
from trl import GRPOConfig

from alignment.generate import read_prompts
from alignment.jobdir import JobDir
from alignment.models import load_policy, load_reward_model
from alignment.online_trainer import Models, loop_arguments
from alignment.ppo_trainer import PpoTrainer
from alignment.recipes.online import PpoRecipe
from alignment.training import training_arguments


def main() -> None:
    """Read the settings, train, write the times."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(settings["folder"])
    torch.set_num_threads(1)
    names = ("seed", "rollouts", "rollout_size", "batch_size", "epochs", "max_new_tokens", "temperature", "critic")
    tuned = {"learning_rate": 1e-4, **settings["tuned"]}
    recipe = PpoRecipe(
        kind="ppo",
        policy=settings["policy"],
        reference=settings["policy"],
        reward_model=settings["reward"],
        kl_budget=None,
        kl_coef=0.05,
        **{name: settings[name] for name in names},
        **tuned,
    )
    policy, tokenizer = load_policy(settings["policy"])
    reference = load_policy(settings["policy"])[0].requires_grad_(False)
    reward_model = load_reward_model(settings["reward"])[0].requires_grad_(False)
    prompts = [messages for _, messages in read_prompts(Path(settings["prompts"]))]
    arguments = training_arguments(JobDir(folder), recipe, tuned["learning_rate"], **loop_arguments(recipe))
    models = Models(policy, tokenizer, reference, reward_model)
    trainer = PpoTrainer(models, prompts, recipe, GRPOConfig(**arguments))
    clock = Clock(policy, folder, recipe.steps_a_rollout)
    trainer.add_callback(clock)
    trainer.train()
    clock.write()


if __name__ == "__main__":
    main()
