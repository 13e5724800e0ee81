"""Recipes: all that a job can be told, as typed settings whose descriptions are the manual.

A recipe is a YAML mapping with the key `kind`. Paths in it are absolute or relative to the job's directory. Unknown
keys are refused. Imports no torch.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from alignment.recipes.online import PpoRecipe, RlooRecipe
from alignment.recipes.preferences import DpoRecipe, KtoRecipe, LearningCurveRecipe, RewardRecipe, ScoreRecipe
from alignment.recipes.sampling import EvaluateRecipe, GenerateRecipe
from alignment.recipes.supervised import PretrainRecipe, SftRecipe
from alignment.recipes.trainer_fields import checked_trainer
from alignment.settings import JobSettings, Settings, TrainerSettings
from storage.errors import UserError, shown

Recipe = (
    PretrainRecipe
    | SftRecipe
    | GenerateRecipe
    | RewardRecipe
    | ScoreRecipe
    | LearningCurveRecipe
    | DpoRecipe
    | KtoRecipe
    | PpoRecipe
    | RlooRecipe
    | EvaluateRecipe
)
_ANY_RECIPE: TypeAdapter[Recipe] = TypeAdapter(Annotated[Recipe, Field(discriminator="kind")])
KINDS: dict[str, type[JobSettings]] = {
    "pretrain": PretrainRecipe,
    "sft": SftRecipe,
    "generate": GenerateRecipe,
    "reward": RewardRecipe,
    "score": ScoreRecipe,
    "learning_curve": LearningCurveRecipe,
    "dpo": DpoRecipe,
    "kto": KtoRecipe,
    "ppo": PpoRecipe,
    "rloo": RlooRecipe,
    "evaluate": EvaluateRecipe,
}
# What a recipe is filled in with, from a command's own arguments or by a round; nobody can set it besides.
INPUTS = {
    "kind",
    "model",
    "instructions",
    "demonstrations",
    "text",
    "policy",
    "reference",
    "reward_model",
    "against",
    "preferences",
    "ratings",
    "prompts",
    "judge",
    "run_snapshots",
}
_SET_BY_THE_ROUND = {*INPUTS, "seed", "fold", "best_of"}
Method = Literal["dpo", "kto", "ppo", "rloo"]
METHODS: tuple[str, ...] = get_args(Method)  # how a round's policy learns; each is a kind of job
ONLINE = {"ppo", "rloo"}  # methods that learn from a reward model, not from the votes themselves


class RoundRecipe(Settings):
    """Settings of a round; `reward`, those named after a method, and `evaluate` hold those of its stages."""

    method: Method = Field("dpo", description="How the policy learns from preferences.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of every stage.")
    reference: Literal["parent", "initial"] = Field(
        "parent",
        description="The policy that the new one is held to: the round's start, or the first of its line.",
    )
    reward: dict[str, Any] = Field(default_factory=dict, description="Settings of both reward models.")
    dpo: dict[str, Any] = Field(default_factory=dict, description="Settings of DPO.")
    kto: dict[str, Any] = Field(default_factory=dict, description="Settings of KTO.")
    ppo: dict[str, Any] = Field(default_factory=dict, description="Settings of PPO.")
    rloo: dict[str, Any] = Field(default_factory=dict, description="Settings of RLOO.")
    evaluate: dict[str, Any] = Field(default_factory=dict, description="Settings of the evaluation.")
    trainer: dict[str, Any] = Field(
        default_factory=dict, description="Fields of the TRL config of the policy's trainer, whatever the method."
    )
    exclude_labelers: list[str] = Field(
        default_factory=list, description="Labelers without whose votes and thumbs it learns, as if they gave none."
    )

    def policy_settings(self) -> dict[str, Any]:
        """Settings of the stage that trains the policy: the method's own, with `trainer` under its trainer's."""
        own: dict[str, Any] = getattr(self, self.method)
        trainer = {**self.trainer, **own.get("trainer", {})}
        return {**own, **({"trainer": trainer} if trainer else {})}

    @field_validator("reference", mode="before")
    @classmethod
    def _older_word(cls, reference: Any) -> Any:
        return "initial" if reference == "first" else reference  # as rounds on record have it


def load_recipe(values: dict[str, Any], where: str = "") -> Recipe:
    """Check the mapping of a recipe; UserError names the first wrong key, what is wrong and the nearest right one.

    `where` is put before a field of its trainer in the sentence, as in "dpo.".
    """
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(
            f"The recipe's kind {shown(kind)} is none of {', '.join(KINDS)}.{nearest(str(kind), list(KINDS))}"
        )
    known = list(KINDS[kind].model_fields)
    try:
        recipe = _ANY_RECIPE.validate_python(values)
    except ValidationError as error:
        raise UserError(_sentence(error, f"{kind} recipe", known)) from error
    if isinstance(recipe, TrainerSettings) and recipe.trainer:
        return recipe.model_copy(update={"trainer": checked_trainer(kind, recipe.trainer, known, where)})
    return recipe


def load_round_recipe(values: dict[str, Any]) -> RoundRecipe:
    """Check a round's settings, those of its stages included; UserError as `load_recipe`."""
    stages = stage_inputs()
    known = {stage: settings_of(stage) for stage in stages}
    dotted = [f"{stage}.{key}" for stage, keys in known.items() for key in keys]
    try:
        recipe = RoundRecipe.model_validate(values)
    except ValidationError as error:
        raise UserError(_sentence(error, "round recipe", [*RoundRecipe.model_fields, *dotted])) from error
    for stage, fixed in stages.items():
        chosen = getattr(recipe, stage)
        for key in chosen:
            if key not in known[stage]:
                raise UserError(f"The round recipe has no setting '{stage}.{key}'.{nearest(f'{stage}.{key}', dotted)}")
        if stage == recipe.method and recipe.trainer:
            checked_trainer(stage, recipe.trainer, list(KINDS[stage].model_fields), setting_at=f"{stage}.")
        load_recipe({"kind": stage, **fixed, **chosen}, f"{stage}.")
    return recipe


def stage_inputs() -> dict[str, dict[str, Any]]:
    """Kind of job to inputs that stand for those which the round will fill in."""
    return {
        "reward": {"policy": "/p"},
        "dpo": {"policy": "/p", "reference": "/p"},
        "kto": {"policy": "/p", "reference": "/p"},
        "ppo": {"policy": "/p", "reference": "/p", "reward_model": "/p"},
        "rloo": {"policy": "/p", "reference": "/p", "reward_model": "/p"},
        "evaluate": {"policy": "/p", "against": "/p", "judge": {"reward": "/p"}, "reward_model": "/p"},
    }


def settings_of(stage: str) -> list[str]:
    """What a round's recipe can say of a stage, by the kind of its job."""
    return [key for key in KINDS[stage].model_fields if key not in _SET_BY_THE_ROUND]


def _sentence(error: ValidationError, where: str, known: list[str]) -> str:
    """The first problem that pydantic found, as one sentence for a person."""
    problem = error.errors(include_url=False)[0]
    path = [str(part) for part in problem["loc"] if part not in KINDS]
    key = ".".join(path) or where
    if problem["type"] == "extra_forbidden":
        return f"The {where} has no setting {key!r}.{nearest(key, known)}"
    if problem["type"] == "missing":
        return f"The {where} lacks {key!r}, which has no default."
    reason = problem["msg"].removeprefix("Value error, ")
    if not path:
        return f"The {where} does not fit together: {reason}."
    return f"{key!r} in the {where} cannot be {shown(problem['input'])}: {reason[:1].lower()}{reason[1:]}."


def nearest(key: str, known: list[str]) -> str:
    """The beginning of a sentence's remedy: which of the known names was meant; empty where none is close."""
    same_end = [name for name in known if name.split(".")[-1] == key.split(".")[-1]]
    close = same_end or difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
