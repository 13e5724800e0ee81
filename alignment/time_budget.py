"""Training for so many minutes: the learning rate follows the clock, so that it has run its course when time is up."""

from __future__ import annotations

import math
import time
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class TimeBudget(TrainerCallback):
    """Ends training when its time is up; called with a step, it gives the factor on the peak learning rate.

    Torch saves the attributes of such a callable in every checkpoint, so a run that resumes has the time that was left.
    """

    def __init__(self, minutes: float, warmup: float, schedule: str) -> None:
        """`warmup` is the share of the time in which the rate rises; `schedule` linear, cosine or constant."""
        self.seconds = 60 * minutes
        self.warmup = warmup
        self.schedule = schedule
        self.spent = 0.0
        self.clock = 0.0

    def __call__(self, step: int) -> float:
        """The factor on the peak learning rate by the time that is spent."""
        share = min(self.spent / self.seconds, 1.0)
        if share < self.warmup:
            return share / self.warmup
        left = (1 - share) / (1 - self.warmup)
        return {"constant": 1.0, "linear": left, "cosine": (1 - math.cos(math.pi * left)) / 2}[self.schedule]

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock."""
        self.clock = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count the time; tell the Trainer how many steps are likely in all, which metrics and checkpoints go by."""
        now = time.monotonic()
        self.spent += now - self.clock
        self.clock = now
        share = min(self.spent / self.seconds, 1.0)
        state.max_steps = math.ceil(state.global_step / share)
        if share == 1.0:
            control.should_training_stop = True
