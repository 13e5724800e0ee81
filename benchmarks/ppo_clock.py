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
    """Seconds of training, of wall and of CPU time, after each rollout's steps, and the weights it led to.

    Both clocks stand still while weights are written. A rollout is over after `every` of the steps that the trainer
    tells of.
    """

    def __init__(self, policy: Any, folder: Path, every: int = 1) -> None:
        self.policy, self.folder, self.every = policy, folder, every
        self.seconds: dict[str, list[float]] = {"wall": [], "cpu": []}
        self.stopped = dict.fromkeys(self.seconds, 0.0)

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start it."""
        self.began = read()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Read it when a rollout is over."""
        if state.global_step % self.every:
            return
        now = read()
        for name, found in self.seconds.items():
            found.append(now[name] - self.began[name] - self.stopped[name])
        save_model(self.policy, str(self.folder / f"snapshot-{len(self.seconds['wall']):03}.safetensors"))
        for name, after in read().items():
            self.stopped[name] += after - now[name]

    def write(self) -> None:
        """Write the times and the peak memory of this process, which says that the run is whole."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        (self.folder / "times.json").write_text(json.dumps({**self.seconds, "peak_mib": peak}))


def read() -> dict[str, float]:
    """Both clocks, in seconds."""
    return {"wall": time.perf_counter(), "cpu": time.process_time()}
