"""The plan of a round before it starts: the whole recipe that will run, and what it is likely to take."""

from __future__ import annotations

from typing import Any

import yaml

from alignment.config import METHODS, RoundRecipe, load_recipe, load_round_recipe, settings_of, stage_inputs
from alignment.estimate import estimate_round
from alignment.readiness import check_excluded
from alignment.rounds import EVALUATED
from storage import registry
from storage.database import Store
from storage.estimates import told


def plan(store: Store, settings: dict[str, Any]) -> dict[str, Any]:
    """`recipe`: the mapping that these settings make with every default written out; `estimate`, and `said` of it.

    Without a promoted model there is no estimate. Raises UserError for a setting that is unknown or badly typed.
    """
    recipe = load_round_recipe(settings)
    check_excluded(store, recipe.exclude_labelers)
    parent = registry.promoted(store)
    estimate = estimate_round(store, recipe, EVALUATED, parent) if parent else None
    said = told(estimate) if estimate else "No model is promoted yet, so nothing can be estimated."
    return {
        "recipe": whole_round_recipe(recipe),
        "estimate": estimate,
        "said": f"{said} {without_effect(recipe.method, settings)}".strip(),
    }


def without_effect(method: str, settings: dict[str, Any]) -> str:
    """Which settings of other methods a round has, in a sentence; empty where it has none."""
    others = [other for other in METHODS if other != method and settings.get(other)]
    return f"Its settings of {' and '.join(others)} have no effect on a round by {method}." if others else ""


def plan_in_words(store: Store, settings: dict[str, Any]) -> tuple[str, str]:
    """The whole recipe as YAML and the estimate in words; UserError as `plan`."""
    planned = plan(store, settings)
    return as_yaml(planned["recipe"]), planned["said"]


def whole_round_recipe(recipe: RoundRecipe) -> dict[str, Any]:
    """A round's recipe with the defaults of its stages; read again it is the same round."""
    whole: dict[str, Any] = {"method": recipe.method, "seed": recipe.seed, "reference": recipe.reference}
    if recipe.exclude_labelers:
        whole["exclude_labelers"] = recipe.exclude_labelers
    chosen = {"reward": recipe.reward, recipe.method: recipe.policy_settings()}
    for stage, settings in {**chosen, "evaluate": {**EVALUATED, **recipe.evaluate}}.items():
        checked = load_recipe({"kind": stage, **stage_inputs()[stage], **settings})
        written = checked.model_dump(exclude_none=True)
        whole[stage] = {key: written[key] for key in settings_of(stage) if written.get(key) not in (None, {})}
    return whole


def as_yaml(recipe: dict[str, Any]) -> str:
    """A recipe as a file has it."""
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True)
