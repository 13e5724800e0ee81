"""Recipes that sample from a policy and change nothing: completions for pairs, and the judging of two policies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from alignment.settings import JobSettings, Settings


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


class Judge(Settings):
    """Who judges an evaluation: exactly one of `reward` and `utility`."""

    reward: str | None = Field(None, description="Directory of a reward model.")
    utility: str | None = Field(None, description="FILE.py:function, with f(prompt, completion) -> float.")
    agreement: float | None = Field(None, ge=0, le=1, description="Share of unseen votes that the reward model shares.")
    agreement_prompts: int | None = Field(None, ge=1, description="Prompts that those votes were on.")

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
    reward_model: str | None = Field(
        None, description="Reward model that picks the best of several samples; not the judge, and of another fold."
    )
    demonstrations: str | None = Field(
        None, description="Held-out demonstrations, as an sft job leaves them, to measure both policies' loss on."
    )
    run_snapshots: str | None = Field(None, description="Directory of the snapshots that the policy's training kept.")
    best_of: int = Field(1, ge=1, le=64, description="The policy answers with the best of so many samples.")
    baseline_best_of: int = Field(
        1, ge=1, le=64, description="Judge the best of so many samples of `against` too, as a baseline; 1 is none."
    )
    samples_per_prompt: int = Field(4, ge=1, le=64, description="Completions to a prompt from each policy.")
    temperature: float = Field(0.9, ge=0, description="Sampling temperature; 0 is greedy.")
    max_new_tokens: int = Field(96, ge=1, le=100_000, description="Longest completion in tokens.")
    batch_size: int = Field(64, ge=1, description="Completions sampled at once.")
    max_prompts: int | None = Field(None, ge=2, description="Use only the first so many prompts.")
    baseline_prompts: int = Field(64, ge=2, description="Prompts that the baseline answers.")
    snapshot_prompts: int = Field(64, ge=2, description="Prompts that each snapshot of a run is scored on.")
    max_demonstrations: int = Field(256, ge=1, description="Use only the first so many demonstrations.")

    @model_validator(mode="after")
    def _picked_by_somebody(self) -> EvaluateRecipe:
        if max(self.best_of, self.baseline_best_of) > 1 and self.reward_model is None:
            raise ValueError("the best of several samples is picked by a reward model, and none is given")
        if max(self.best_of, self.baseline_best_of) > 1 and self.temperature == 0:
            raise ValueError("greedy samples are all the same, so there is no best of them: set a temperature")
        return self
