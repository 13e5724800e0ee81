"""Recipes that learn from a reward model's scores of the policy's own completions: PPO with a critic, and RLOO."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from alignment.settings import PolicySettings


class OnlineSettings(PolicySettings):
    """What every method can be told that samples while it learns.

    A rollout is a number of completions sampled from the policy as it stands; the optimizer then goes over them
    `epochs` times in batches before the next rollout.
    """

    kind: str
    policy: str = Field(description="Directory of the policy to train.")
    reference: str = Field(description="Directory of the reference policy.")
    reward_model: str = Field(description="Directory of the reward model that scores completions.")
    prompts: str = Field("prompts.parquet", description="Prompts to sample completions to.")
    rollouts: int = Field(30, ge=1, description="How often completions are sampled.")
    rollout_size: int = Field(64, ge=2, multiple_of=2, description="Completions to a rollout.")
    completions_per_prompt: int = Field(1, ge=1, le=64, description="Completions to each prompt of a rollout.")
    sampling_batch_size: int = Field(64, ge=1, description="Completions sampled and scored at once.")
    temperature: float = Field(0.9, gt=0, description="Sampling temperature, by which all logits are divided.")
    max_new_tokens: int = Field(96, ge=1, le=100_000, description="Longest completion in tokens.")
    kl_coef: float = Field(0.05, ge=0, le=100, description="Weight of the KL from the reference in the reward.")
    kl_budget: float | None = Field(
        12.0, gt=0, description="Nats a completion of KL from the reference at which training stops."
    )
    no_eos_score: float = Field(
        -5.0, ge=-100, le=100, description="Score of a completion that does not end, in place of the reward model's."
    )
    reward_clip: float = Field(10.0, gt=0, description="Scores are clipped to plus and minus this.")
    max_length: int = Field(1024, ge=8, description="Tokens of prompt and completion; longer prompts are left out.")
    adam_epsilon: float = Field(1e-5, gt=0, description="Adam's epsilon.")

    @property
    def steps_a_rollout(self) -> int:
        """Optimizer steps from one rollout to the next."""
        return self.rollout_size // (self.batch_size * self.accumulation) * int(self.epochs)

    @model_validator(mode="after")
    def _rollouts_say_how_long(self) -> OnlineSettings:
        if self.max_steps is not None:
            raise ValueError("max_steps has no effect where rollouts say how long to train: set rollouts")
        return self

    @model_validator(mode="after")
    def _rollout_divides(self) -> OnlineSettings:
        if self.rollout_size % (self.batch_size * self.accumulation):
            raise ValueError(
                f"rollout_size {self.rollout_size} is no multiple of batch_size x accumulation, "
                f"{self.batch_size} x {self.accumulation}"
            )
        if self.rollout_size % self.completions_per_prompt:
            raise ValueError(
                f"rollout_size {self.rollout_size} is no multiple of completions_per_prompt "
                f"{self.completions_per_prompt}"
            )
        return self


class PpoRecipe(OnlineSettings):
    """A policy by proximal policy optimisation with a critic (Schulman et al. 2017; Stiennon et al. 2020)."""

    kind: Literal["ppo"]
    epochs: int = Field(4, ge=1, le=100, description="Passes over each rollout.")
    critic: Literal["head", "full"] = Field(
        "head", description="head: an MLP on the reward model's frozen features; full: a second model, trained whole."
    )
    critic_learning_rate: float | None = Field(
        None, gt=0, description="Rate of the critic; by default 2e-3 for a head, the policy's for a full one."
    )
    kl_target: float | None = Field(
        None, gt=0, description="Nats a completion that kl_coef is adapted to reach (Ziegler et al. 2019)."
    )
    kl_horizon: int = Field(10_000, ge=1, description="Completions over which kl_coef adapts to kl_target.")
    gamma: float = Field(1.0, gt=0, le=1, description="Discount of later rewards.")
    gae_lambda: float = Field(0.95, ge=0, le=1, description="Lambda of generalised advantage estimation.")
    clip: float = Field(0.2, gt=0, lt=1, description="Clip of the probability ratio.")
    value_clip: float | None = Field(
        None, gt=0, description="Clip of how far a value moves from the rollout's; by default none."
    )
    value_coef: float = Field(0.1, ge=0, description="Weight of the value loss.")
    whiten_rewards: bool = Field(False, description="Scale rewards to unit variance; their mean stays.")


class RlooRecipe(OnlineSettings):
    """A policy by REINFORCE with a leave-one-out baseline (Ahmadian et al. 2024), which needs no critic."""

    kind: Literal["rloo"]
    epochs: int = Field(1, ge=1, le=100, description="Passes over each rollout.")
    completions_per_prompt: int = Field(4, ge=2, le=64, description="Completions to each prompt of a rollout.")
    clip: float = Field(0.2, gt=0, lt=1, description="Clip of the probability ratio.")
