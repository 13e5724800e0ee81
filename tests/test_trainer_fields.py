"""The `trainer` section of a recipe reaches the TRL config, and is refused before anything is queued where wrong."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from alignment import settings as settings_module
from alignment.config import KINDS, load_round_recipe
from alignment.list_trainer_fields import trainer_fields
from alignment.recipes import trainer_fields as trainer_fields_module
from alignment.recipes.trainer_fields import IN_VAIN, ITS_OWN, LIST, OF_THE_LOSS, OPTIMIZERS, RENAMED, fields_of
from alignment.settings import TrainerSettings
from alignment.training import trainer_config
from storage.errors import UserError
from tests.job_dirs import make_job


def test_the_list_is_that_of_the_installed_trl() -> None:
    listed = json.loads(LIST.read_text())
    assert listed == trainer_fields(), "TRL has changed: python -m alignment.list_trainer_fields"


def test_every_kind_of_job_that_trains_is_on_the_list() -> None:
    for kind, recipe in KINDS.items():
        if issubclass(recipe, TrainerSettings):
            assert len(fields_of(kind)) > 100


def test_every_field_that_is_not_passed_on_is_a_field() -> None:
    known = set().union(*(fields_of(kind) for kind in ("sft", "dpo", "kto", "ppo", "rloo")))
    assert {*ITS_OWN, *RENAMED} <= known
    assert {*OF_THE_LOSS} <= fields_of("all").keys()
    assert all({*fields} <= fields_of(kind).keys() for kind, fields in IN_VAIN.items())


@pytest.mark.parametrize(
    "settings",
    [
        {"dpo": {"trainer": {"optim": "adafactor", "adam_beta1": 0.8}}},
        {"trainer": {"optim": "adafactor", "adam_beta1": "8e-1"}},
        {"trainer": {"optim": "sgd", "adam_beta1": 0.8}, "dpo": {"trainer": {"optim": "adafactor"}}},
    ],
)
def test_fields_reach_the_config_of_the_trainer(tmp_path: Path, settings: dict[str, Any]) -> None:
    from trl import DPOConfig

    chosen = load_round_recipe(settings).policy_settings()
    job = make_job(tmp_path / "job", kind="dpo", policy="/p", reference="/p", **chosen)
    config = trainer_config(DPOConfig, job, job.recipe(), 1e-4)  # type: ignore[arg-type]
    assert (config.optim, config.adam_beta1) == ("adafactor", 0.8)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"dpo": {"trainer": {"adam_bta1": 0.8}}},
            "The trainer of a dpo job has no field 'dpo.trainer.adam_bta1'. Did you mean 'dpo.trainer.adam_beta1'?",
        ),
        ({"trainer": {"learning_rat": 1}}, "Did you mean 'dpo.learning_rate'?"),
        ({"trainer": {"use_weightin": True}}, "Did you mean 'trainer.use_weighting'?"),
        ({"trainer": {"use_weighting": "maybe"}}, "'trainer.use_weighting' cannot be 'maybe': it is true or false."),
        ({"trainer": {"adam_beta1": True}}, "'trainer.adam_beta1' cannot be True: it is a number."),
        ({"reward": {"trainer": {"optim_args": 3}}}, "it is null or a text."),
        ({"trainer": {"ddp_timeout": 1.5}}, "it is a whole number."),
        ({"trainer": {"optim": "adamw_torc"}}, "'trainer.optim' cannot be 'adamw_torc'. Did you mean 'adamw_torch'?"),
        (
            {"dpo": {"trainer": {"num_train_epochs": 2}}},
            "'dpo.trainer.num_train_epochs' is decided by the recipe: set 'dpo.epochs' in its place.",
        ),
        ({"trainer": {"beta": 2}}, "set 'dpo.beta' in its place"),
        ({"trainer": {"output_dir": "/"}}, "'trainer.output_dir' cannot be set: a job writes into its own directory."),
        ({"trainer": {"sync_ref_model": True}}, "'trainer.sync_ref_model' cannot be set: a policy is held to the ref"),
        (
            {"method": "kto", "trainer": {"ref_model_sync_steps": 9}},
            "a policy is held to the reference that is on record",
        ),
        (
            {"reward": {"trainer": {"pad_token": "</s>"}}},
            "'reward.trainer.pad_token' cannot be set: the model's own tok",
        ),
        ({"trainer": {"ignore_data_skip": True}}, "goes on with the data it would have had"),
        ({"trainer": {"enable_jit_checkpoint": True}}, "a checkpoint that is sealed already"),
        ({"trainer": {"resume_from_checkpoint": "/x"}}, "from its newest checkpoint that verifies"),
        ({"trainer": {"push_to_hub": True}}, "a job runs offline"),
        ({"trainer": {"hub_strategy": "end"}}, "a job runs offline"),
        ({"trainer": {"accelerator_config": {"gradient_accumulation_kwargs": {"num_steps": 3}}}}, "own settings say"),
        ({"trainer": {"report_to": "wandb"}}, "set 'dpo.report_to' in its place"),
        ({"trainer": {"padding_free": True}}, "'trainer.padding_free' has no effect on a dpo job: leave it out."),
        ({"reward": {"trainer": {"center_rewards_coefficient": 0.1}}}, "has no effect on a reward job"),
        (
            {"method": "ppo", "trainer": {"use_vllm": True}},
            "has no effect: a ppo job computes its rollouts and its loss",
        ),
        ({"method": "rloo", "trainer": {"neftune_noise_alpha": 5}}, "has no effect: a rloo job computes its rollouts"),
        ({"method": "ppo", "trainer": {"use_liger_kernel": True}}, "has no effect: a ppo job computes its rollouts"),
        (
            {"dpo": {"loss_type": ["sigmoid", "sft"]}},
            "'loss_type' in the dpo recipe cannot be ['sigmoid', 'sft']: input sh",
        ),
        ({"trainer": ["optim"]}, "'trainer' in the round recipe cannot be ['optim']"),
        ({"trainr": {}}, "Did you mean 'trainer'"),
    ],
)
def test_a_wrong_field_is_one_sentence_that_names_the_right_one(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        load_round_recipe(settings)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("place", ["beta: ", "trainer: {optim: ", "loss_type: "])
def test_of_a_value_without_end_a_sentence_quotes_the_beginning(place: str) -> None:
    """Aliases of YAML: ten lines of ten that each name the one before are ten thousand million words."""
    lines = ["&a0 [word]", *(f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11))]
    settings = yaml.safe_load(f"dpo: {{{place}[{', '.join(lines)}]{'}' * (place.count('{') + 1)}")
    with pytest.raises(UserError, match="cannot be ") as refused:
        load_round_recipe(settings)
    assert len(str(refused.value)) < 2000


@pytest.mark.parametrize(
    ("settings", "package"),
    [
        ({"trainer": {"use_liger_kernel": True}}, "liger_kernel"),
        ({"trainer": {"deepspeed": {"zero_optimization": {"stage": 2}}}}, "deepspeed"),
        ({"trainer": {"optim": "paged_adamw_8bit"}}, "bitsandbytes"),
        ({"trainer": {"optim": "adamw_torch_8bit"}}, "torchao"),
        ({"trainer": {"optim": "galore_adamw_8bit"}}, "galore_torch"),
        ({"dpo": {"report_to": "wandb"}}, "wandb"),
    ],
)
def test_what_needs_a_package_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], package: str
) -> None:
    found = importlib.util.find_spec
    for module in (trainer_fields_module, settings_module):
        monkeypatch.setattr(module, "find_spec", lambda name: None if name == package else found(name))
    with pytest.raises(UserError, match=f"it needs the package {package}, which is not installed"):
        load_round_recipe(settings)


def test_every_optimizer_but_those_of_torch_needs_a_package() -> None:
    words = fields_of("all")["optim"].removeprefix("one of ").split(", ")
    free = {word for word in words if not word.startswith(tuple(OPTIMIZERS))}
    assert free == {"adamw_torch", "adamw_torch_fused", "adafactor", "sgd", "adagrad", "rmsprop"}


def test_a_field_of_a_loss_that_is_not_computed_is_refused() -> None:
    with pytest.raises(UserError, match=r"'ppo\.trainer\.top_k' has no effect"):
        load_round_recipe({"method": "ppo", "ppo": {"trainer": {"top_k": 5}}})
    load_round_recipe({"method": "ppo", "ppo": {"trainer": {"optim": "adafactor"}}})
