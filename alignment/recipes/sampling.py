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
