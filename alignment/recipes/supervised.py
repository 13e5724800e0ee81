"""Recipes that learn from texts: a base model from scratch, and supervised fine-tuning."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from alignment.settings import MOST_EPOCHS, TrainerSettings, TuningSettings


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
    """Supervised fine-tuning on demonstrations: a file of instructions, labelers' own, or both."""

    kind: Literal["sft"]
    model: str = Field(description="Directory of the model to tune.")
    instructions: str | None = Field(None, description="Alpaca, self-instruct or chat records, in any format read.")
    demonstrations: str | None = Field(None, description="Demonstrations that labelers wrote, as chat records.")
    demonstration_repeats: int = Field(1, ge=1, le=1000, description="How often each of labelers' own is in a pass.")
    heldout: str | None = Field(None, description="A file to measure by; by default a part of what is learned from.")
    heldout_share: float = Field(0.03, gt=0, lt=0.5, description="Share of the prompts that are split off to measure.")
    epochs: float = Field(3.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    # Only here: learning from preferences compares log-probabilities, for which all dropout is off.
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="With tuning lora: dropout on the adapters' input.")
    four_bit: bool = Field(
        False, description="With tuning lora, on CUDA: the base weights are held in 4 bits while adapters are trained."
    )

    @model_validator(mode="after")
    def _has_something_to_learn(self) -> SftRecipe:
        if self.instructions is None and self.demonstrations is None:
            raise ValueError("there is neither a file of instructions nor any demonstrations to learn from")
        return self

    @model_validator(mode="after")
    def _four_bits_carry_adapters(self) -> SftRecipe:
        if self.four_bit and self.tuning != "lora":
            raise ValueError("four_bit goes with tuning lora alone, for weights in 4 bits cannot be trained")
        return self
