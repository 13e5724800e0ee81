"""Evaluations asked for by name: who is compared with whom, who judges, and what else is measured. Imports no torch.

The judge of two policies is a reward model of the judge's fold, whose prompts no policy and no other reward model
learned from; the reward model that picks the best of several samples is one of the train fold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alignment.heldout_demonstrations import HELDOUT, heldout_of
from alignment.queue import copy_of, submit, whole_recipe
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompts_of
from storage.records import Fold, Model
from storage.utilities import load_utility

HELDOUT_PROMPTS = 256  # prompts to an evaluation, where there are that many

Judge = dict[str, Any]  # as a recipe has it
Files = dict[str, Any]  # as a spec has them


def evaluate(
    store: Store, model: Model, against: Model, judge: str, settings: dict[str, Any], actor: str, best_of: int = 1
) -> int:
    """Queue a comparison of two policies on held-out prompts; returns the job's id.

    `judge` is "reward" (of the policies' own round, else the newest), the name of a reward model, or
    FILE.py:utility. With `best_of` the first policy answers with the best of so many samples. Raises UserError where
    there is no such judge, no reward model to pick, or a setting is wrong.
    """
    for policy in (model, against):
        if policy.kind != "policy":
            raise UserError(f"{policy.name} is a {policy.kind} model, and this takes a policy model.")
    judged_by, files = judge_named(store, judge, model, against)
    if model.model_id == against.model_id and best_of == 1 and "best_of" not in settings:
        raise UserError(f"{model.name} would be compared with itself: name another model, or let it answer best of n.")
    if best_of > 1:
        settings = {**settings, "best_of": best_of}
    if max(settings.get("best_of", 1), settings.get("baseline_best_of", 1)) > 1:
        settings = {**settings, "reward_model": {"model_id": picker_for(store, model, against).model_id}}
    return submit(store, "evaluate", evaluation_spec(store, model, against, judged_by, settings, files), actor)


def compare(store: Store, name: str, against: str, judge: str, best_of: int, actor: str) -> int:
    """`evaluate` of two policies by their names, with its defaults; UserError too where one is not chosen."""
    if not name or not against:
        raise UserError("A comparison takes two policies: choose one, and one to compare it with.")
    models = (registry.by_name(store, name), registry.by_name(store, against))
    return evaluate(store, *models, judge, {}, actor, best_of)


def evaluation_spec(
    store: Store, model: Model, against: Model, judge: Judge, settings: dict[str, Any], files: Files | None = None
) -> dict[str, Any]:
    """The spec of an evaluation of `model` against `against`."""
    known = heldout_of(store, model)
    recipe = whole_recipe(
        {
            "kind": "evaluate",
            **settings,
            **({"demonstrations": HELDOUT} if known else {}),
            "policy": {"model_id": model.model_id},
            "against": {"model_id": against.model_id},
            "judge": judge,
        }
    )
    heldout = prompts_of(store, "heldout", limit=recipe.get("max_prompts", HELDOUT_PROMPTS))
    inputs: Files = {"prompts.parquet": {"prompt_ids": [prompt.prompt_id for prompt in heldout]}, **(files or {})}
    if known:
        inputs[HELDOUT] = copy_of(known)
    return {
        "recipe": recipe,
        "files": inputs,
        "publish": {"model_id": model.model_id, "against_id": against.model_id},
    }


def reward_judge(reference: dict[str, int], figures: dict[str, Any]) -> Judge:
    """A reward model as judge, with how far it agrees with votes that it has not seen, where that was measured."""
    agreement, prompts = figures.get("accuracy"), figures.get("heldout_prompts")
    known = {"agreement": agreement, "agreement_prompts": prompts} if agreement is not None and prompts else {}
    return {"reward": reference, **known}


def judge_named(store: Store, judge: str, *policies: Model) -> tuple[Judge, Files]:
    """The judge that a name stands for, and the files that it needs."""
    path, colon, function = judge.rpartition(":")
    if colon:
        if not Path(path).is_file():
            raise UserError(
                f"The judge {judge!r} is neither `reward` nor the name of a reward model nor FILE.py:utility with a "
                "file that is there."
            )
        load_utility(judge)  # a mistake in it is told now, not when all answers are sampled
        name = f"utility_{Path(path).stem}.py"
        return {"utility": f"{name}:{function}"}, {name: copy_of(Path(path))}
    found = _newest(store, "judge", policies) if judge == "reward" else registry.by_name(store, judge)
    if found is None:
        raise UserError(
            "No round has trained a judge yet: name one with --judge FILE.py:utility, or train a reward model with "
            "`reward --name N --set fold=judge` and name that."
        )
    if found.kind != "reward":
        raise UserError(f"{found.name} is a {found.kind} model: a judge is a reward model, or FILE.py:utility.")
    if found.card.get("recipe", {}).get("fold") != "judge":
        raise UserError(
            f"{found.name} learned from the votes that policies learn from, so it cannot judge them: name a judge of a "
            "round, or train one with `reward --name N --set fold=judge`."
        )
    return reward_judge({"model_id": found.model_id}, found.card.get("figures", {})), {}


def picker_for(store: Store, *policies: Model) -> Model:
    """The reward model that picks the best of several samples: of the policies' own round, else the newest."""
    found = _newest(store, "train", policies)
    if found is None:
        raise UserError(
            "No reward model is there to pick the best of several answers: a round trains one, and so does "
            "`reward --name N`."
        )
    return found


def _newest(store: Store, fold: Fold, policies: tuple[Model, ...]) -> Model | None:
    """The newest reward model that was trained on a fold, one of the round that made a policy first."""
    own = {policy.card["round_id"] for policy in policies if policy.card.get("round_id") is not None}
    found = [model for model in registry.models(store, "reward") if model.card.get("recipe", {}).get("fold") == fold]
    return max(found, key=lambda model: (model.card.get("round_id") in own, model.model_id), default=None)
