"""One run of Plumbline's PPO for `ppo.py`, with the weights written between rollouts while the clock stands still."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from safetensors.torch import save_model
from transformers import TrainerCallback
from trl import GRPOConfig

from alignment.generate import read_prompts
from alignment.jobdir import JobDir
from alignment.models import load_policy, load_reward_model
from alignment.online_trainer import Models, loop_arguments
from alignment.ppo_trainer import PpoTrainer
from alignment.recipes.online import PpoRecipe
from alignment.training import training_arguments


class Clock(TrainerCallback):
    """Seconds of training after each rollout's steps."""

    def __init__(self, trainer: Any, folder: Path, every: int) -> None:
        self.trainer, self.folder, self.every = trainer, folder, every
        self.seconds: list[float] = []
        self.stopped = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self.began = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % self.every:
            return
        now = time.perf_counter()
        self.seconds.append(now - self.began - self.stopped)
        save_model(self.trainer.model, str(self.folder / f"snapshot-{len(self.seconds):03}.safetensors"))
        self.stopped += time.perf_counter() - now


def main() -> None:
    """Read the settings, train, write the times."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(settings["folder"])
    torch.set_num_threads(1)
    names = ("seed", "rollouts", "rollout_size", "batch_size", "epochs", "max_new_tokens", "temperature", "critic")
    recipe = PpoRecipe(
        kind="ppo",
        policy=settings["policy"],
        reference=settings["policy"],
        reward_model=settings["reward"],
        kl_budget=None,
        **{name: settings[name] for name in names},
    )
    policy, tokenizer = load_policy(settings["policy"])
    reference = load_policy(settings["policy"])[0].requires_grad_(False)
    reward_model = load_reward_model(settings["reward"])[0].requires_grad_(False)
    prompts = [messages for _, messages in read_prompts(Path(settings["prompts"]))]
    arguments = training_arguments(JobDir(folder), recipe, settings["learning_rate"], **loop_arguments(recipe))
    models = Models(policy, tokenizer, reference, reward_model)
    trainer = PpoTrainer(models, prompts, recipe, GRPOConfig(**arguments))
    clock = Clock(trainer, folder, recipe.steps_a_rollout)
    trainer.add_callback(clock)
    trainer.train()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (folder / "times.json").write_text(json.dumps({"seconds": clock.seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main()
