"""The fields of the trainers' configs, as a list that is read without importing them. Imports no torch.

`trainer_fields.json` is written by `python -m alignment.list_trainer_fields` and names, for every kind of job that
trains, the fields of its TRL config with what each takes: YAML types divided by `|`, or for words a choice of them.
Fields that all kinds share stand under "all".
"""

from __future__ import annotations

import difflib
import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from storage.errors import UserError, shown

LIST = Path(__file__).with_suffix(".json")
# Fields that a recipe has under a name of its own; those of the same name in both are found by themselves.
RENAMED = {
    "num_train_epochs": "epochs",
    "per_device_train_batch_size": "batch_size",
    "per_device_eval_batch_size": "batch_size",
    "gradient_accumulation_steps": "accumulation",
    "lr_scheduler_type": "schedule",
    "warmup_steps": "warmup",
    "activation_checkpointing": "gradient_checkpointing",
    "max_grad_norm": "max_gradient_norm",
    "data_seed": "seed",
    "bf16": "train_dtype",
    "fp16": "train_dtype",
    "logging_strategy": "log_every",
    "logging_steps": "log_every",
    "save_strategy": "checkpoints",
    "save_steps": "checkpoints",
    "loss_weights": "sft_weight",
    "num_generations": "completions_per_prompt",
    "generation_batch_size": "rollout_size",
    "steps_per_generation": "rollout_size",
    "max_completion_length": "max_new_tokens",
    "num_iterations": "epochs",
}
# What a job decides for itself: it runs offline, on data that it prepared, and resumes from sealed checkpoints alone.
ITS_OWN = {
    "output_dir": "a job writes into its own directory",
    **dict.fromkeys(
        ("resume_from_checkpoint", "restore_callback_states_from_checkpoint"),
        "a job resumes from its newest checkpoint that verifies",
    ),
    "ignore_data_skip": "a job that resumes goes on with the data it would have had",
    "save_only_model": "a job could not be resumed",
    "save_total_limit": "a job keeps its two newest checkpoints",
    "enable_jit_checkpoint": "a job that is told to stop resumes from a checkpoint that is sealed already",
    **dict.fromkeys(
        ("load_best_model_at_end", "do_eval", "do_predict", "eval_strategy", "eval_on_start", "eval_steps"),
        "a job measures on unseen data when training has ended",
    ),
    "auto_find_batch_size": "a job that runs out of memory is tried again with half the batch by itself",
    "accelerator_config": "batches and their accumulation are as the recipe's own settings say",
    "dataloader_drop_last": "a job learns from every example that fits",
    "logging_nan_inf_filter": "a loss that is no number must be seen",
    "disable_tqdm": "progress is told by metrics.jsonl",
    "use_cpu": "a GPU is used where there is one",
    **dict.fromkeys(
        (
            *("remove_unused_columns", "dataset_kwargs", "dataset_text_field", "dataset_num_proc", "shuffle_dataset"),
            *("assistant_only_loss", "completion_only_loss", "truncation_mode"),
            *("packing", "packing_strategy", "eval_packing"),
        ),
        "a job prepares its own data",
    ),
    **dict.fromkeys(
        ("chat_template_path", "eos_token", "pad_token"), "the model's own tokenizer says it, and is saved as it came"
    ),
    **dict.fromkeys(
        ("sync_ref_model", "ref_model_mixup_alpha", "ref_model_sync_steps"),
        "a policy is held to the reference that is on record, which stays as it is",
    ),
    **dict.fromkeys(
        (
            *("push_to_hub", "hub_token", "hub_model_id", "hub_always_push", "hub_private_repo", "hub_revision"),
            *("hub_strategy", "trackio_space_id", "trackio_bucket_id", "trackio_static_space_id"),
        ),
        "a job runs offline",
    ),
    "trust_remote_code": "no code is loaded from a model",
    "model_init_kwargs": "the model is loaded before the trainer is made",
    "do_train": "a job trains",
    "local_rank": "the launcher sets it",
}
OWN_LOSS = ("ppo", "rloo")  # kinds for which TRL's trainer is the loop and no more
# Of the fields that all kinds share, those of the forward pass and the loss, which are not TRL's there.
OF_THE_LOSS = (
    *("label_smoothing_factor", "neftune_noise_alpha", "train_sampling_strategy"),
    *("use_liger_kernel", "liger_kernel_config", "use_cache"),
    *("torch_compile", "torch_compile_backend", "torch_compile_mode"),
)
# Fields that a kind's trainer takes and does nothing with.
IN_VAIN = {
    "reward": ("center_rewards_coefficient", "label_smoothing_factor", "train_sampling_strategy"),
    "dpo": ("padding_free",),
    "kto": ("label_smoothing_factor",),
}
# Packages that a value needs, by what it begins with; torch's own optimizers need none.
OPTIMIZERS = {
    "stable_adamw": "optimi",
    "grokadamw": "grokadamw",
    "schedule_free": "schedulefree",
    "galore": "galore_torch",
    "apollo": "apollo_torch",
    "adamw_anyprecision": "torchdistx",
    "adamw_torch_xla": "torch_xla",
    "adamw_torch_npu": "torch_npu",
    **dict.fromkeys(("adamw_torch_4bit", "adamw_torch_8bit"), "torchao"),
    **dict.fromkeys(("lomo", "adalomo"), "lomo_optim"),
    **dict.fromkeys(("adamw_bnb", "adamw_8bit", "ademamix", "lion", "paged", "rmsprop_bnb"), "bitsandbytes"),
}
PACKAGES = {"use_liger_kernel": "liger_kernel", "deepspeed": "deepspeed"}
PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "str": str,
    "list": list,
    "dict": dict,
}
IN_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "list": "a list",
    "dict": "a mapping",
    "null": "null",
}


def checked_trainer(
    kind: str, trainer: dict[str, Any], settings: list[str], where: str = "", setting_at: str | None = None
) -> dict[str, Any]:
    """The `trainer` section of a recipe of this kind, with numbers as the config takes them.

    `settings` are the recipe's own. In a sentence `where` stands before the section, as in "dpo.", and `setting_at`
    before a setting, where the section is not beside the settings. Raises UserError for a
    field that the TRL config lacks, a value of another type, and a field that a setting of the recipe or the job
    itself decides.
    """
    known = fields_of(kind)
    beside = where if setting_at is None else setting_at
    for field, value in trainer.items():
        full = f"{where}trainer.{field}"
        if field not in known:
            close = difflib.get_close_matches(str(field), [name for name in known if name not in ITS_OWN], 1)
            right = f"{where}trainer.{close[0]}" if close else ""
            if close and RENAMED.get(close[0], close[0]) in settings:
                right = f"{beside}{RENAMED.get(close[0], close[0])}"
            hint = f" Did you mean {right!r}?" if right else ""
            raise UserError(f"The trainer of a {kind} job has no field {full!r}.{hint}")
        setting = RENAMED.get(field, field)
        if setting in settings:
            raise UserError(f"{full!r} is decided by the recipe: set '{beside}{setting}' in its place.")
        if kind in OWN_LOSS and (field in OF_THE_LOSS or field not in fields_of("all")):
            raise UserError(
                f"{full!r} has no effect: a {kind} job computes its rollouts and its loss by its own settings."
            )
        if field in ITS_OWN:
            raise UserError(f"{full!r} cannot be set: {ITS_OWN[field]}.")
        if field in IN_VAIN.get(kind, ()):
            raise UserError(f"{full!r} has no effect on a {kind} job: leave it out.")
        _check_type(full, value, known[field])
        _check_installed(full, field, value)
    return {field: _number(value, known[field]) for field, value in trainer.items()}


@lru_cache
def fields_of(kind: str) -> dict[str, str]:
    """Field to what it takes, for a kind of job that trains, or of "all" what all have."""
    listed: dict[str, dict[str, str]] = json.loads(LIST.read_text(encoding="utf-8"))["fields"]
    return {**listed["all"], **listed.get(kind, {})}


def _check_installed(full: str, field: str, value: Any) -> None:
    if field == "optim":
        package = next((package for start, package in OPTIMIZERS.items() if value.startswith(start)), None)
    else:
        package = PACKAGES.get(field) if value else None
    if package is not None and find_spec(package) is None:
        raise UserError(f"{full!r} cannot be {shown(value)}: it needs the package {package}, which is not installed.")


def _check_type(full: str, value: Any, takes: str) -> None:
    if takes.startswith("one of "):
        words = takes.removeprefix("one of ").split(", ")
        if value not in words:
            close = difflib.get_close_matches(shown(value), words, 1)
            hint = f" Did you mean {close[0]!r}?" if close else f" It is {takes}."
            raise UserError(f"{full!r} cannot be {shown(value)}.{hint}")
        return
    types = takes.split(" | ")
    if not any(_is(_number(value, takes), name) for name in types):
        raise UserError(f"{full!r} cannot be {shown(value)}: it is {' or '.join(IN_WORDS[name] for name in types)}.")


def _is(value: Any, name: str) -> bool:
    if name == "null" or value is None:
        return name == "null" and value is None
    if isinstance(value, bool):  # which Python takes for a whole number
        return name == "bool"
    return isinstance(value, PYTHON_TYPES[name])


def _number(value: Any, takes: str) -> Any:
    """1e-3, which YAML reads as a text, as the number it is meant to be."""
    if isinstance(value, str) and "float" in takes and "str" not in takes:
        try:
            return float(value)
        except ValueError:
            return value
    return value
