"""From the fields of the Align page to the settings of a round."""

from __future__ import annotations

import pytest

from labeling.ui.round_settings import round_settings
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
