"""What every job that trains shares: the Trainer's arguments, and a run that resumes where it was killed."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from transformers import Trainer, TrainingArguments

from alignment.checkpoints import newest_verified
from alignment.jobdir import JobDir
from alignment.settings import PolicySettings, TrainerSettings
from alignment.snapshots import SnapshotCallback
from alignment.trainer_callbacks import JobCallback

Config = TypeVar("Config", bound=TrainingArguments)


def trainer_config(
    config: type[Config], job: JobDir, recipe: TrainerSettings, learning_rate: float, **own: Any
) -> Config:
    """A TRL config of this job."""
    return config(**training_arguments(job, recipe, learning_rate, **own))


def training_arguments(job: JobDir, recipe: TrainerSettings, learning_rate: float, **own: Any) -> dict[str, Any]:
    """Arguments for TrainingArguments or any TRL config; logging and saving are left to `JobCallback`.

    `own` are those of one kind of job; what the recipe's `trainer` section says rules over all.
    """
    on_gpu = torch.cuda.is_available()
    mixed = recipe.train_dtype == "bfloat16" or (
        recipe.train_dtype == "auto" and on_gpu and torch.cuda.is_bf16_supported()
    )
    return {
        "output_dir": str(job.checkpoints),
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "learning_rate": learning_rate,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps or -1,
        "per_device_train_batch_size": recipe.batch_size,
        "per_device_eval_batch_size": recipe.batch_size,
        "gradient_accumulation_steps": recipe.accumulation,
        "lr_scheduler_type": recipe.schedule if recipe.schedule != "constant" else "constant_with_warmup",
        "warmup_steps": recipe.warmup,
        "weight_decay": recipe.weight_decay,
        "adam_beta2": recipe.adam_beta2,
        "adam_epsilon": recipe.adam_epsilon,
        "max_grad_norm": recipe.max_gradient_norm,
        "bf16": mixed,
        "use_cpu": not on_gpu,
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": on_gpu,
        "save_strategy": "no",
        "logging_strategy": "no",
        "eval_strategy": "no",
        "logging_nan_inf_filter": False,  # a loss that is no number must be seen
        "report_to": recipe.report_to,
        "disable_tqdm": True,
        **own,
        **recipe.trainer,
    }


def train(
    trainer: Trainer, job: JobDir, recipe: TrainerSettings, begin: float = 0.0, end: float = 1.0, unit: int = 1
) -> float:
    """Train to the end, from the newest checkpoint that verifies if there is one; returns the mean training loss.

    The same directory gives the same weights to the bit on a CPU with as many threads, however often it was killed.
    `begin` and `end` say which part of the job's progress this is; checkpoints are written after multiples of `unit`
    steps, which is for trainers that can go on from nowhere else.
    """
    trainer.add_callback(JobCallback(job, recipe.checkpoints, recipe.log_every, begin, end, unit))
    if isinstance(recipe, PolicySettings) and recipe.snapshots:
        trainer.add_callback(SnapshotCallback(job.snapshots, recipe.snapshots))
    checkpoint = newest_verified(job.checkpoints)
    job.in_batches = True
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainer.model.config.use_cache = True  # the Trainer turned it off, and would have it saved so
    # Its own total counts only the steps since the last resume, but all of them as divisor; the rows have them all.
    losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    return float(sum(losses) / len(losses))
