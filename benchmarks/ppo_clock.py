"""The clock of `ppo.py`, for both trainers alike; imports nothing that one of their environments lacks."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from typing import Any

from safetensors.torch import save_model
from transformers import TrainerCallback


class Clock(TrainerCallback):
    """Seconds of training after each rollout's steps, and its weights, which are written while the clock stands still.

    A rollout is over after `every` of the steps that the trainer tells of.
    """

    def __init__(self, policy: Any, folder: Path, every: int = 1) -> None:
        self.policy, self.folder, self.every = policy, folder, every
        self.seconds: list[float] = []
        self.stopped = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start it."""
        self.began = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Read it when a rollout is over."""
        if state.global_step % self.every:
            return
        now = time.perf_counter()
        self.seconds.append(now - self.began - self.stopped)
        save_model(self.policy, str(self.folder / f"snapshot-{len(self.seconds):03}.safetensors"))
        self.stopped += time.perf_counter() - now

    def write(self) -> None:
        """Write the times and the peak memory of this process, which says that the run is whole."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        (self.folder / "times.json").write_text(json.dumps({"seconds": self.seconds, "peak_mib": peak}))
