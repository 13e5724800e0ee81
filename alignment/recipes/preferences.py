"""Recipes that learn from votes without sampling: a reward model, DPO and KTO."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from alignment.settings import MOST_EPOCHS, JobSettings, PolicySettings, TuningSettings

Fold = Literal["train", "judge"]
# All that TRL's DPOTrainer offers but `sft`, which learns nothing from the rejected answers.
DpoLoss = Literal[
    "sigmoid",
    "hinge",
    "ipo",
    "exo_pair",
    "nca_pair",
    "robust",
    "bco_pair",
    "sppo_hard",
    "aot",
    "aot_unpaired",
    "apo_zero",
    "apo_down",
    "discopop",
    "sigmoid_norm",
]
# The losses that know of labels held to be wrong, with the share of them that each one's paper recommends.
SMOOTHED = {"robust": 0.1, "exo_pair": 1e-3, "aot": 0.0, "aot_unpaired": 0.0}
NEEDS_SMOOTHING = {"robust": "it would be the sigmoid loss", "exo_pair": "its formula takes the logarithm of it"}
SORTED_IN_BATCH = {"aot", "aot_unpaired"}


class RewardRecipe(TuningSettings):
    """A reward model from preferences, initialised from a policy."""

    kind: Literal["reward"]
    policy: str = Field(description="Directory of the policy that the reward model starts from.")
    preferences: str = Field("preferences.parquet", description="Snapshot of preferences.")
    fold: Fold = Field("train", description="Prompts to train on; accuracy is measured on the other fold.")
    epochs: float = Field(3.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    batch_size: int = Field(16, ge=1, description="Pairs to a forward pass; a prompt's pairs are not parted.")
    margin: bool = Field(True, description="Use the strength of a preference as a margin (Llama 2).")
    ties: bool = Field(True, description="Learn from ties too, by Davidson's model (1970).")
    adam_epsilon: float = Field(1e-5, gt=0, description="Adam's epsilon.")


class ScoreRecipe(JobSettings):
    """A reward model's report on the votes as they stand."""

    kind: Literal["score"]
    reward_model: str = Field(description="Directory of the reward model.")
    preferences: str = Field("preferences.parquet", description="Snapshot of preferences.")
    fold: Fold = Field("train", description="Prompts that it was trained on; it is measured on the other fold.")


class LearningCurveRecipe(JobSettings):
    """How much the votes teach a small head on a policy's frozen features."""

    kind: Literal["learning_curve"]
    policy: str = Field(description="Directory of the policy whose features are read.")
    preferences: str = Field("preferences.parquet", description="Snapshot of preferences.")
    fold: Fold = Field("train", description="Prompts to learn from; accuracy is measured on the other fold.")
    more: int = Field(100, ge=1, le=1_000_000, description="Labels, of which it is said what they would add.")


class VotesRecipe(PolicySettings):
    """What every method can be told that learns from the votes themselves."""

    kind: str
    policy: str = Field(description="Directory of the policy to train.")
    reference: str = Field(description="Directory of the reference policy.")
    preferences: str = Field("preferences.parquet", description="Snapshot of preferences.")
    fold: Fold = Field("train", description="Prompts to train on; accuracy is measured on the other fold.")
    epochs: float = Field(3.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    warmup: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the rate rises from zero.")
    beta: float = Field(0.1, ge=1e-4, le=100, description="Strength of the pull towards the reference.")


class DpoRecipe(VotesRecipe):
    """A policy from preferences by direct preference optimisation."""

    kind: Literal["dpo"]
    epochs: float = Field(5.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    beta: float = Field(
        0.2, ge=1e-4, le=100, description="Strength of the pull towards the reference; the tau of `ipo`."
    )
    loss_type: DpoLoss = Field("sigmoid", description="The loss, as TRL names it.")
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=0.5,
        description="Share of labels held to be wrong: by default 0.1 for robust, 0.001 for exo_pair; also for aot.",
    )
    sft_weight: float = Field(
        0.2, ge=0, description="Weight of the chosen answers' own loss, which keeps the policy answering (Llama 3)."
    )

    @model_validator(mode="before")
    @classmethod
    def _recommended_smoothing(cls, values: Any) -> Any:
        """Write the recommended smoothing into the recipe, so that a card says what was used."""
        loss_type = values.get("loss_type") if isinstance(values, dict) else None
        if not isinstance(loss_type, str) or loss_type not in NEEDS_SMOOTHING:
            return values
        return {"label_smoothing": SMOOTHED[loss_type], **values}

    @field_validator("loss_type", mode="before")
    @classmethod
    def _learns_from_both_sides(cls, loss_type: Any) -> Any:
        if loss_type == "sft":
            raise ValueError(
                "it learns nothing from the rejected answers; sft_weight adds it to another loss, and the command "
                "`sft` trains on demonstrations"
            )
        return loss_type

    @model_validator(mode="after")
    def _smoothing_is_used(self) -> DpoRecipe:
        if self.label_smoothing and self.loss_type not in SMOOTHED:
            raise ValueError(
                f"label_smoothing has no effect on the {self.loss_type} loss: set loss_type to {', '.join(SMOOTHED)}"
            )
        if not self.label_smoothing and self.loss_type in NEEDS_SMOOTHING:
            raise ValueError(
                f"the {self.loss_type} loss needs a label_smoothing above 0, as {NEEDS_SMOOTHING[self.loss_type]}; "
                f"its paper recommends {SMOOTHED[self.loss_type]:g}"
            )
        return self

    @model_validator(mode="after")
    def _batch_can_be_sorted(self) -> DpoRecipe:
        if self.loss_type in SORTED_IN_BATCH and self.batch_size < 2:
            raise ValueError(f"the {self.loss_type} loss sorts the pairs of a batch: set batch_size to 2 or more")
        return self


class KtoRecipe(VotesRecipe):
    """A policy from single answers, desirable or not, by Kahneman-Tversky optimisation."""

    kind: Literal["kto"]
    batch_size: int = Field(16, ge=2, description="Answers to a forward pass on one device, which are compared.")
    loss_type: Literal["kto", "apo_zero_unpaired"] = Field("kto", description="The loss, as TRL names it.")
    ratings: str | None = Field(None, description="File of thumbs on single answers, if there are any.")
    pairs: bool = Field(
        True, description="Take the two answers of a vote for one side too, as a desirable and an undesirable one."
    )
    desirable_weight: float | None = Field(
        None, gt=0, le=1000, description="Weight of desirable answers; by default it balances their number."
    )
    undesirable_weight: float | None = Field(
        None, gt=0, le=1000, description="Weight of undesirable answers; by default it balances their number."
    )
