"""What gives answers their numbers in an evaluation: a reward model or a utility as judge, a reward model as picker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from alignment.jobdir import JobDir
from alignment.models import load_reward_model
from alignment.recipes.sampling import EvaluateRecipe, Judge
from alignment.scoring import Answered, rewards
from storage.errors import UserError
from storage.records import prompt_text
from storage.utilities import load_utility, value_of

Score = Callable[[Sequence[Answered]], list[float]]


def judge_of(job: JobDir, judge: Judge) -> Score:
    """The judge that a recipe names. Raises UserError when it cannot be loaded."""
    if judge.reward is not None:
        return _by_reward_model(job.resolve(judge.reward))
    assert judge.utility is not None
    path, _, name = judge.utility.rpartition(":")
    if not path:
        raise UserError(f"The judge's utility {judge.utility!r} is not of the form FILE.py:FUNCTION.")
    utility = load_utility(f"{job.resolve(path)}:{name}")
    return lambda answered: [value_of(utility, prompt_text(prompt), text) for prompt, text in answered]


def picker_of(job: JobDir, recipe: EvaluateRecipe) -> Score | None:
    """The reward model that picks the best of several samples, or None where the recipe names none."""
    return _by_reward_model(job.resolve(recipe.reward_model)) if recipe.reward_model is not None else None


def _by_reward_model(path: Path) -> Score:
    model, tokenizer = load_reward_model(path)
    return lambda answered: rewards(model, tokenizer, answered)
