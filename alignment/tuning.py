"""Which weights of a model are trained: all, the last blocks, or adapters that are merged in the end."""

from __future__ import annotations

from typing import Literal, cast

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import PreTrainedModel

from alignment.settings import TuningSettings

TaskType = Literal["CAUSAL_LM", "SEQ_CLS"]


def apply_tuning(
    model: PreTrainedModel, recipe: TuningSettings, task: TaskType = "CAUSAL_LM", lora_dropout: float = 0.0
) -> PreTrainedModel:
    """Prepare a model for `recipe.tuning`: returns the one to train, which for LoRA wraps it.

    freeze leaves the last `unfrozen_blocks`, the final norm and the head to be trained; embeddings that are tied to the
    head with it. A reward model's new head is trained whichever way.
    """
    if recipe.tuning == "lora":
        adapters = LoraConfig(
            r=recipe.lora_rank,
            lora_alpha=recipe.lora_alpha,
            lora_dropout=lora_dropout,
            target_modules="all-linear",
            modules_to_save=["score"] if task == "SEQ_CLS" else None,
            task_type=task,
        )
        return cast(PreTrainedModel, get_peft_model(model, adapters))
    if recipe.tuning == "freeze":
        _freeze(model, recipe.unfrozen_blocks)
    return model


def merged(model: PreTrainedModel) -> PreTrainedModel:
    """The plain model, with LoRA's adapters added into its weights."""
    return cast(PreTrainedModel, model.merge_and_unload()) if isinstance(model, PeftModel) else model


def trainable_share(model: nn.Module) -> float:
    """Share of the parameters that are trained, 0 to 1."""
    counts = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(number for number, trained in counts if trained) / sum(number for number, _ in counts)


def _freeze(model: PreTrainedModel, unfrozen_blocks: int) -> None:
    body = model.base_model
    blocks = next(module for module in body.children() if isinstance(module, nn.ModuleList))
    children = list(body.children())
    after_blocks = children[next(i for i, child in enumerate(children) if child is blocks) + 1 :]
    heads = [head for head in (model.get_output_embeddings(), getattr(model, "score", None)) if head is not None]
    model.requires_grad_(False)
    for module in [*list(blocks)[-unfrozen_blocks:], *after_blocks, *heads]:
        module.requires_grad_(True)
