"""Recipes: all that a job can be told, as typed settings whose descriptions are the manual.

A recipe is a YAML mapping with the key `kind`. Paths in it are absolute or relative to the job's directory. Unknown
keys are refused. Imports no torch.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from alignment.settings import MOST_EPOCHS, JobSettings, Settings, TrainerSettings, TuningSettings
from storage.errors import UserError

Fold = Literal["train", "judge"]


class PretrainRecipe(TrainerSettings):
    """A tokenizer and a Llama-type model from scratch, on any text."""

    kind: Literal["pretrain"]
    text: str = Field(description="Text file (also .gz), UTF-8; documents are separated by blank lines.")
    vocab_size: int = Field(4096, ge=300, description="Tokens of the byte-level BPE vocabulary, special ones included.")
    hidden_size: int = Field(192, ge=16, description="Width of the model; a multiple of twice `heads`.")
    layers: int = Field(6, ge=1, description="Number of blocks.")
    heads: int = Field(4, ge=1, description="Attention heads to a block.")
    feed_forward: int | None = Field(None, ge=16, description="Width inside a block's MLP; by default 8/3 of hidden.")
    context: int = Field(256, ge=16, description="Tokens to a training sequence.")
    positions: int = Field(1024, ge=32, description="Tokens that the finished model is declared to take.")
    minutes: float | None = Field(
        None, gt=0, description="Stop after so many minutes in place of `epochs`; not reproducible to the bit."
    )
    heldout_share: float = Field(0.02, gt=0, lt=0.5, description="Share of documents held out to measure perplexity.")
    epochs: float = Field(3.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    schedule: Literal["linear", "cosine", "constant"] = Field("cosine", description="Course of the rate after warm-up.")
    weight_decay: float = Field(0.1, ge=0, description="Decoupled weight decay (AdamW).")
    adam_beta2: float = Field(0.95, gt=0, lt=1, description="Decay of Adam's second moment.")

    @model_validator(mode="after")
    def _shape_fits(self) -> PretrainRecipe:
        if self.hidden_size % (2 * self.heads):
            raise ValueError(f"hidden_size {self.hidden_size} is no multiple of twice the {self.heads} heads")
        if self.positions < self.context:
            raise ValueError(f"positions {self.positions} is less than context {self.context}")
        return self

    @model_validator(mode="after")
    def _ends_once(self) -> PretrainRecipe:
        if self.minutes is not None and self.max_steps is not None:
            raise ValueError("max_steps has no effect where minutes end the training: give one of the two")
        return self


class SftRecipe(TuningSettings):
    """Supervised fine-tuning on instructions."""

    kind: Literal["sft"]
    model: str = Field(description="Directory of the model to tune.")
    instructions: str = Field(description="Alpaca records (instruction, input, output), JSON list or JSONL, also .gz.")
    heldout: str | None = Field(None, description="Alpaca file to measure by; by default a split of `instructions`.")
    heldout_share: float = Field(0.03, gt=0, lt=0.5, description="Share of the prompts that are split off to measure.")
    epochs: float = Field(3.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    # Only here: learning from preferences compares log-probabilities, for which all dropout is off.
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="With tuning lora: dropout on the adapters' input.")


class GenerateRecipe(JobSettings):
    """Completions for pairs."""

    kind: Literal["generate"]
    policy: str = Field(description="Directory of the policy that answers.")
    prompts: str = Field("prompts.parquet", description="Parquet with prompt_id and prompt (list of role and content).")
    per_prompt: int = Field(2, ge=1, le=64, description="Completions to a prompt.")
    temperature: float = Field(0.9, ge=0, description="Sampling temperature; 0 is greedy.")
    top_p: float = Field(1.0, gt=0, le=1, description="Nucleus sampling: the smallest set of tokens with this mass.")
    max_new_tokens: int = Field(96, ge=1, le=100_000, description="Longest completion in tokens.")
    batch_size: int = Field(32, ge=1, description="Completions sampled at once.")


class RewardRecipe(TuningSettings):
    """A reward model from preferences, initialised from a policy."""

    kind: Literal["reward"]
    policy: str = Field(description="Directory of the policy that the reward model starts from.")
    preferences: str = Field("preferences.parquet", description="Snapshot of preferences.")
    fold: Fold = Field("train", description="Prompts to train on; accuracy is measured on the other fold.")
    epochs: float = Field(3.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    margin: bool = Field(True, description="Use the strength of a preference as a margin (Llama 2).")
    adam_epsilon: float = Field(1e-5, gt=0, description="Adam's epsilon.")


class DpoRecipe(TuningSettings):
    """A policy from preferences by direct preference optimisation."""

    kind: Literal["dpo"]
    policy: str = Field(description="Directory of the policy to train.")
    reference: str = Field(description="Directory of the reference policy.")
    preferences: str = Field("preferences.parquet", description="Snapshot of preferences.")
    fold: Fold = Field("train", description="Prompts to train on; accuracy is measured on the other fold.")
    epochs: float = Field(3.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    warmup: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the rate rises from zero.")
    beta: float = Field(0.1, ge=1e-4, le=100, description="Strength of the pull towards the reference.")
    loss_type: Literal["sigmoid", "hinge", "ipo", "robust"] = Field("sigmoid", description="The loss, as TRL names it.")
    label_smoothing: float = Field(0.0, ge=0, lt=0.5, description="Share of labels held to be wrong; `robust` only.")
    sft_weight: float = Field(
        0.2, ge=0, description="Weight of the chosen answers' own loss, which keeps the policy answering (Llama 3)."
    )

    @model_validator(mode="after")
    def _smoothing_is_used(self) -> DpoRecipe:
        if self.label_smoothing and self.loss_type != "robust":
            raise ValueError(f"label_smoothing has no effect on the {self.loss_type} loss: set loss_type to robust")
        return self


class Judge(Settings):
    """Who judges an evaluation: exactly one of the two."""

    reward: str | None = Field(None, description="Directory of a reward model.")
    utility: str | None = Field(None, description="FILE.py:function, with f(prompt, completion) -> float.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Judge:
        if (self.reward is None) == (self.utility is None):
            raise ValueError("a judge is either reward or utility")
        return self


class EvaluateRecipe(JobSettings):
    """Win rate of one policy against another on held-out prompts."""

    kind: Literal["evaluate"]
    policy: str = Field(description="Directory of the policy that is evaluated.")
    against: str = Field(description="Directory of the policy that it is compared with.")
    prompts: str = Field("prompts.parquet", description="Held-out prompts.")
    judge: Judge = Field(description="What decides which completion wins.")
    samples_per_prompt: int = Field(4, ge=1, le=64, description="Completions to a prompt from each policy.")
    temperature: float = Field(0.9, ge=0, description="Sampling temperature; 0 is greedy.")
    max_new_tokens: int = Field(96, ge=1, le=100_000, description="Longest completion in tokens.")
    batch_size: int = Field(64, ge=1, description="Completions sampled at once.")
    max_prompts: int | None = Field(None, ge=2, description="Use only the first so many prompts.")


Recipe = PretrainRecipe | SftRecipe | GenerateRecipe | RewardRecipe | DpoRecipe | EvaluateRecipe
_ANY_RECIPE: TypeAdapter[Recipe] = TypeAdapter(Annotated[Recipe, Field(discriminator="kind")])
KINDS: dict[str, type[JobSettings]] = {
    "pretrain": PretrainRecipe,
    "sft": SftRecipe,
    "generate": GenerateRecipe,
    "reward": RewardRecipe,
    "dpo": DpoRecipe,
    "evaluate": EvaluateRecipe,
}
# What a recipe is filled in with, from a command's own arguments or by a round; nobody can set it besides.
INPUTS = {"kind", "model", "instructions", "text", "policy", "reference", "against", "preferences", "prompts", "judge"}
_SET_BY_THE_ROUND = {*INPUTS, "seed", "fold"}


class RoundRecipe(Settings):
    """Settings of a round; `reward`, `dpo` and `evaluate` hold those of its stages."""

    method: Literal["dpo"] = Field("dpo", description="How the policy learns from preferences.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of every stage.")
    reference: Literal["parent", "first"] = Field(
        "parent", description="DPO's reference: the policy that the round starts from, or the first of its line."
    )
    reward: dict[str, Any] = Field(default_factory=dict, description="Settings of both reward models.")
    dpo: dict[str, Any] = Field(default_factory=dict, description="Settings of DPO.")
    evaluate: dict[str, Any] = Field(default_factory=dict, description="Settings of the evaluation.")


def load_recipe(values: dict[str, Any]) -> Recipe:
    """Check the mapping of a recipe; UserError names the first wrong key, what is wrong and the nearest right one."""
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(f"The recipe's kind {kind!r} is none of {', '.join(KINDS)}.{_nearest(str(kind), list(KINDS))}")
    try:
        return _ANY_RECIPE.validate_python(values)
    except ValidationError as error:
        raise UserError(_sentence(error, f"{kind} recipe", list(KINDS[kind].model_fields))) from error


def load_round_recipe(values: dict[str, Any]) -> RoundRecipe:
    """Check a round's settings, those of its stages included; UserError as `load_recipe`."""
    stages: dict[str, dict[str, Any]] = {
        "reward": {"policy": "/p"},
        "dpo": {"policy": "/p", "reference": "/p"},
        "evaluate": {"policy": "/p", "against": "/p", "judge": {"reward": "/p"}},
    }
    known = {stage: [key for key in KINDS[stage].model_fields if key not in _SET_BY_THE_ROUND] for stage in stages}
    dotted = [f"{stage}.{key}" for stage, keys in known.items() for key in keys]
    try:
        recipe = RoundRecipe.model_validate(values)
    except ValidationError as error:
        raise UserError(_sentence(error, "round recipe", [*RoundRecipe.model_fields, *dotted])) from error
    for stage, fixed in stages.items():
        chosen = getattr(recipe, stage)
        for key in chosen:
            if key not in known[stage]:
                raise UserError(f"The round recipe has no setting '{stage}.{key}'.{_nearest(f'{stage}.{key}', dotted)}")
        load_recipe({"kind": stage, **fixed, **chosen})
    return recipe


def _sentence(error: ValidationError, where: str, known: list[str]) -> str:
    """The first problem that pydantic found, as one sentence for a person."""
    problem = error.errors(include_url=False)[0]
    path = [str(part) for part in problem["loc"] if part not in KINDS]
    key = ".".join(path) or where
    if problem["type"] == "extra_forbidden":
        return f"The {where} has no setting {key!r}.{_nearest(key, known)}"
    if problem["type"] == "missing":
        return f"The {where} lacks {key!r}, which has no default."
    reason = problem["msg"].removeprefix("Value error, ")
    if not path:
        return f"The {where} does not fit together: {reason}."
    return f"{key!r} in the {where} cannot be {problem['input']!r}: {reason[:1].lower()}{reason[1:]}."


def _nearest(key: str, known: list[str]) -> str:
    same_end = [name for name in known if name.split(".")[-1] == key.split(".")[-1]]
    close = same_end or difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
