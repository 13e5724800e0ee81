"""What a job adds to a Trainer's loop: metrics as they come, and checkpoints that are sealed."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from alignment.checkpoints import PREFIX, prune, seal
from alignment.jobdir import JobDir
from storage.errors import UserError

ROWS = 100  # of metrics to a run, where the recipe does not say
KEPT = 2  # checkpoints
LONGEST_GAP_S = 900.0  # between two checkpoints of a long run
COST = 0.05  # share of the time that checkpoints may take
# Totals that the trainer reports once, after the last step: the job's result holds what matters of them.
NOT_CURVES = ("train_", "total_flos", "epoch")


class JobCallback(TrainerCallback):
    """Streams a Trainer's logs to metrics.jsonl and writes sealed checkpoints.

    The Trainer's own strategies for logging and saving must be off. `begin` and `end` say which part of the job's
    progress the training is; checkpoints come only after multiples of `unit` steps.
    """

    def __init__(
        self,
        job: JobDir,
        checkpoints: int,
        log_every: int | None,
        begin: float = 0.0,
        end: float = 1.0,
        unit: int = 1,
    ) -> None:
        self.job = job
        self.checkpoints = checkpoints
        self.log_every = log_every
        self.begin = begin
        self.end = end
        self.unit = unit
        self._saved_at = self._saving_since = time.monotonic()
        self._saved_step = 0
        self._cost_s = 0.0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Say that the training begins, and take the step that a resumed run begins at for its last checkpoint."""
        if state.is_world_process_zero:
            self.job.log_metrics(state.global_step, progress=round(self._progress(state), 4))
        self._saved_at = time.monotonic()
        self._saved_step = state.global_step

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Ask for a row of metrics and for a checkpoint when they are due."""
        self.job.has_stepped = True
        last = state.global_step >= state.max_steps
        every = self.log_every or max(1, state.max_steps // ROWS)
        if state.global_step % every == 0 or last:
            control.should_log = True
        if not last and state.global_step % self.unit == 0 and self._checkpoint_is_due(state):
            control.should_save = True
            self._saving_since = time.monotonic()

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Seal what the Trainer has just written; only then do older checkpoints go."""
        if state.is_world_process_zero:
            root = Path(args.output_dir)
            seal(root / f"{PREFIX}{state.global_step}")
            prune(root, KEPT)
        self._saved_at = time.monotonic()
        self._saved_step = state.global_step
        self._cost_s = self._saved_at - self._saving_since

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Write a row of metrics. Raises UserError when the loss is no number any more."""
        if not state.is_world_process_zero:
            return
        curves = {
            name: float(value)
            for name, value in (logs or {}).items()
            if isinstance(value, (int, float)) and not name.startswith(NOT_CURVES)
        }
        if not curves:
            return
        self.job.log_metrics(state.global_step, **curves, progress=round(self._progress(state), 4))
        if not math.isfinite(curves.get("loss", 0.0)):
            raise UserError(
                f"Training diverged: at step {state.global_step} of {state.max_steps} the loss is no finite number; "
                "set a lower learning_rate."
            )

    def _progress(self, state: TrainerState) -> float:
        done = state.global_step / max(state.max_steps, 1)
        return self.begin + (self.end - self.begin) * min(done, 1.0)

    def _checkpoint_is_due(self, state: TrainerState) -> bool:
        if self.checkpoints == 0:
            return False
        since = time.monotonic() - self._saved_at
        if since < self._cost_s / COST:
            return False
        steps = state.global_step - self._saved_step
        return steps >= math.ceil(state.max_steps / (self.checkpoints + 1)) or since > LONGEST_GAP_S
