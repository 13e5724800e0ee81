"""The groups of settings that recipes share. Imports no torch."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Dtype = Literal["float32", "bfloat16", "float16"]


MOST_EPOCHS = 1000  # more is a slip of the keys


class Settings(BaseModel):
    """A frozen group of settings in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class JobSettings(Settings):
    """What every job can be told."""

    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything random in the job.")
    threads: int | None = Field(None, ge=1, description="CPU threads; by default one core is left to the page.")


class TrainerSettings(JobSettings):
    """What every job that trains can be told."""

    learning_rate: float | None = Field(
        None, gt=0, description="Peak learning rate; by default chosen by kind, tuning and size of the model."
    )
    epochs: float = Field(1.0, gt=0, le=MOST_EPOCHS, description="Passes over the data.")
    max_steps: int | None = Field(None, ge=1, description="Optimizer steps, in place of epochs.")
    batch_size: int = Field(16, ge=1, description="Examples to a forward pass on one device.")
    accumulation: int = Field(1, ge=1, description="Forward passes to an optimizer step.")
    schedule: Literal["linear", "cosine", "constant"] = Field("linear", description="Course of the rate after warm-up.")
    warmup: float = Field(0.05, ge=0, lt=1, description="Share of the steps in which the rate rises from zero.")
    weight_decay: float = Field(0.0, ge=0, description="Decoupled weight decay (AdamW).")
    adam_beta2: float = Field(0.999, gt=0, lt=1, description="Decay of Adam's second moment.")
    adam_epsilon: float = Field(1e-8, gt=0, description="Adam's epsilon.")
    max_gradient_norm: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    train_dtype: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="bfloat16: mixed precision, weights stay float32; auto: bfloat16 where a GPU has it, else float32.",
    )
    gradient_checkpointing: bool = Field(False, description="Recompute activations: less memory, about 20 % slower.")
    checkpoints: int = Field(5, ge=0, description="Checkpoints to a run, from which it resumes after a crash.")
    log_every: int | None = Field(None, ge=1, description="Steps to a row of metrics; by default 100 rows a run.")
    report_to: Literal["none", "trackio", "wandb", "tensorboard"] = Field(
        "none", description="An experiment tracker beside metrics.jsonl; its package must be installed."
    )
    save_dtype: Dtype = Field("float32", description="Number format of the saved weights.")
    trainer: dict[str, Any] = Field(
        default_factory=dict, description="Fields of the trainer's TRL config that no setting of the recipe stands for."
    )

    @field_validator("report_to")
    @classmethod
    def _tracker_is_installed(cls, tracker: str) -> str:
        if tracker != "none" and find_spec(tracker) is None:
            raise ValueError(f"it needs the package {tracker}, which is not installed")
        return tracker


def names_in(value: Any) -> Any:
    """Names in a list, or in a text with commas between them."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


class TuningSettings(TrainerSettings):
    """What every job that tunes an existing model can be told."""

    tuning: Literal["full", "freeze", "lora"] = Field(
        "full", description="full: all weights; freeze: the last blocks, final norm and head; lora: merged adapters."
    )
    unfrozen_blocks: int = Field(2, ge=1, description="With tuning freeze: how many last blocks are trained.")
    lora_rank: int = Field(16, ge=1, le=65_536, description="With tuning lora: rank of the adapters.")
    lora_targets: Annotated[list[str], BeforeValidator(names_in)] | None = Field(
        None,
        min_length=1,
        description="With tuning lora: which modules get adapters, by name; by default every linear layer.",
    )
    lora_alpha: float = Field(32.0, gt=0, description="With tuning lora: adapters are scaled by alpha / rank.")
    max_length: int = Field(
        1024, ge=8, description="Tokens of prompt and completion; longer examples are left out and counted."
    )


class PolicySettings(TuningSettings):
    """What every job that aligns a policy can be told."""

    snapshots: int = Field(
        4, ge=0, le=50, description="Times in the run that the weights are kept, to see its reward against its KL."
    )
