"""The `trainer` section of a recipe reaches the TRL config, and is refused before anything is queued where wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignment.config import KINDS, load_round_recipe
from alignment.list_trainer_fields import trainer_fields
from alignment.recipes.trainer_fields import ITS_OWN, LIST, RENAMED, fields_of
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
        ({"trainer": {"padding_fre": True}}, "Did you mean 'trainer.padding_free'?"),
        ({"trainer": {"padding_free": "maybe"}}, "'trainer.padding_free' cannot be 'maybe': it is true or false."),
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
        ({"trainer": ["optim"]}, "'trainer' in the round recipe cannot be ['optim']"),
        ({"trainr": {}}, "Did you mean 'trainer'"),
    ],
)
def test_a_wrong_field_is_one_sentence_that_names_the_right_one(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        load_round_recipe(settings)
    assert sentence in str(refused.value)


def test_what_trl_itself_refuses_is_the_callers_mistake(tmp_path: Path) -> None:
    from trl import SFTConfig

    wrong = {"accelerator_config": {"no_such": 1}}
    job = make_job(tmp_path / "job", kind="sft", model="/m", instructions="x.json", trainer=wrong)
    recipe = job.recipe()
    with pytest.raises(UserError, match="The trainer cannot be made with accelerator_config as the recipe has them"):
        trainer_config(SFTConfig, job, recipe, 1e-4)  # type: ignore[arg-type]


def test_a_field_of_a_loss_that_is_not_computed_is_refused() -> None:
    with pytest.raises(UserError, match=r"'ppo\.trainer\.top_k' has no effect"):
        load_round_recipe({"method": "ppo", "ppo": {"trainer": {"top_k": 5}}})
    load_round_recipe({"method": "ppo", "ppo": {"trainer": {"optim": "adafactor"}}})
