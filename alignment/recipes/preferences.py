"""Recipes that learn from preferences without sampling: a reward model, and DPO."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from alignment.settings import MOST_EPOCHS, TuningSettings

Fold = Literal["train", "judge"]


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
