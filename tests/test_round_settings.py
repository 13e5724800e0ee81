"""From the fields of the Align page to the settings of a round."""

from __future__ import annotations

from typing import Any

import pytest

from labeling.ui.round_settings import fields_of, round_settings, settings_of
from storage.errors import UserError


def test_an_empty_field_leaves_its_default() -> None:
    fields = {"reference": "initial", "dpo.beta": "0.2", "dpo.epochs": " ", "seed": None}
    assert round_settings(fields, None) == {"reference": "initial", "dpo": {"beta": 0.2}}


def test_the_recipe_rules_over_the_fields() -> None:
    recipe = "# try a stronger pull\ndpo.beta = 0.5\n\nreward.margin=false"
    assert round_settings({"dpo.beta": "0.2"}, recipe) == {"dpo": {"beta": 0.5}, "reward": {"margin": False}}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("dpo.beta", "not of the form key=value"),
        ("seed.deeper=1", "goes below 'seed', which has a value of its own"),
        ("dpo.beta=[", "cannot be read"),
        ("dpo.beta=2024-99-99", "cannot be read"),
        (f"dpo.beta={'[' * 5000}", "cannot be read"),
    ],
)
def test_a_line_of_another_form_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        round_settings({"seed": "1"}, line)


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "dpo", "reference": "parent"},
        {"method": "kto", "reference": "initial", "seed": 7, "kto": {"beta": 0.3, "learning_rate": 1e-05}},
        {"method": "ppo", "reference": "parent", "ppo": {"kl_coef": 0.1, "epochs": 2, "rollouts": 5}},
        {
            "method": "dpo",
            "reference": "parent",
            "dpo": {"epochs": 0.5, "trainer": {"optim_args": "a=1, b: 2"}},
            "trainer": {"fsdp_config": {"x": [1, "y"]}, "tf32": None},
            "evaluate": {"max_prompts": 8},
        },
        {"method": "rloo", "reference": "parent", "exclude_labelers": ["mia", "tom"]},
    ],
)
def test_settings_become_fields_and_fields_settings(settings: dict[str, Any]) -> None:
    assert settings_of(*fields_of(settings)) == settings
