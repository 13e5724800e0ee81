"""Snapshots of a policy as it learns: its weights alone, at a few steps evenly spread, to be scored afterwards.

Unlike checkpoints nothing resumes from them. Of a policy that is trained by adapters, the adapters are kept, and read
again on top of the policy that the training started from.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, cast

import torch
from peft import PeftModel
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from alignment.models import load_policy

PREFIX = "step-"


class SnapshotCallback(TrainerCallback):
    """Writes `count` snapshots in the course of a training; its end is the model itself."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.count = count

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: PreTrainedModel | None = None,
        processing_class: Any = None,
        **_: Any,
    ) -> None:
        """Write one when it is due."""
        if model is not None and state.is_world_process_zero and state.global_step in due(state.max_steps, self.count):
            write_snapshot(model, processing_class, self.folder / f"{PREFIX}{state.global_step}")


def due(steps: int, count: int) -> set[int]:
    """The steps of `steps` at which `count` snapshots are taken: evenly spread, the beginning and the end left out."""
    return {round(steps * part / (count + 1)) for part in range(1, count + 1)} - {0, steps}


def write_snapshot(model: PreTrainedModel, tokenizer: Any, folder: Path) -> None:
    """Write weights as bfloat16, which halves them and is near enough to sample from; the model stays as it is."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    if isinstance(model, PeftModel):
        model.save_pretrained(str(partial))
    else:
        cast_once: dict[int, torch.Tensor] = {}  # tied weights stay one
        state = {
            name: cast_once.setdefault(weights.data_ptr(), weights.detach().to(torch.bfloat16))
            for name, weights in model.state_dict().items()
        }
        model.save_pretrained(partial, state_dict=state)
        tokenizer.save_pretrained(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def snapshots_in(folder: Path) -> list[tuple[int, Path]]:
    """(step, directory) of each snapshot of a run, in the order of the steps; none where nothing was kept."""
    found = [(path.name.removeprefix(PREFIX), path) for path in folder.glob(f"{PREFIX}*")]
    return sorted((int(step), path) for step, path in found if step.isdigit())


def load_snapshot(folder: Path, start: Path) -> PreTrainedModel:
    """The policy of a snapshot in eval mode; `start` is the directory of the policy that its training started from."""
    if not (folder / "adapter_config.json").exists():
        return load_policy(folder)[0]
    adapted = PeftModel.from_pretrained(load_policy(start)[0], str(folder))
    return cast(PreTrainedModel, adapted.merge_and_unload().eval())
