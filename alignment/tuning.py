"""Which weights of a model are trained: all, the last blocks, or adapters that are merged in the end."""

from __future__ import annotations

from typing import Literal, cast

from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from alignment.settings import TuningSettings
from storage.errors import UserError

TaskType = Literal["CAUSAL_LM", "SEQ_CLS"]


def apply_tuning(
    model: PreTrainedModel, recipe: TuningSettings, task: TaskType = "CAUSAL_LM", lora_dropout: float = 0.0
) -> PreTrainedModel:
    """Prepare a model for `recipe.tuning`: returns the one to train, which for LoRA wraps it.

    freeze leaves the last `unfrozen_blocks`, the final norm and the head to be trained; embeddings that are tied to the
    head with it. A reward model's new head is trained whichever way. Raises UserError for `lora_targets` that name no
    module of the model.
    """
    if recipe.tuning == "lora":
        _check_targets(model, recipe.lora_targets)
        adapters = LoraConfig(
            r=recipe.lora_rank,
            lora_alpha=recipe.lora_alpha,
            lora_dropout=lora_dropout,
            target_modules=recipe.lora_targets or "all-linear",
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


def merged_into(base: PreTrainedModel, model: PeftModel) -> PreTrainedModel:
    """The base that `model` has in 4 bits, whole, with the adapters of `model` added into its weights."""
    whole = get_peft_model(base, model.peft_config["default"])
    set_peft_model_state_dict(whole, get_peft_model_state_dict(model))
    return cast(PreTrainedModel, whole.merge_and_unload())


def trainable_parameters(model: nn.Module) -> int:
    """How many parameters are trained."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def trainable_share(model: nn.Module) -> float:
    """Share of the parameters that are trained, 0 to 1; adapters count among the parameters."""
    if isinstance(model, PeftModel):  # it knows that a weight in 4 bits is half an element
        trained, all_of_them = model.get_nb_trainable_parameters()
        return trained / all_of_them
    return trainable_parameters(model) / sum(parameter.numel() for parameter in model.parameters())


def _check_targets(model: PreTrainedModel, targets: list[str] | None) -> None:
    """Raise UserError for a target that is no linear layer; the head is none, for it may be the embeddings too."""
    head = model.get_output_embeddings()
    linear = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, (nn.Linear, Conv1D)) and module is not head
    }
    for target in targets or ():
        if target not in linear:
            raise UserError(
                f"The model has no module {target!r} for adapters: lora_targets are among {', '.join(sorted(linear))}."
            )


def _freeze(model: PreTrainedModel, unfrozen_blocks: int) -> None:
    body = model.base_model
    blocks = next(module for module in body.children() if isinstance(module, nn.ModuleList))
    children = list(body.children())
    after_blocks = children[next(i for i, child in enumerate(children) if child is blocks) + 1 :]
    heads = [head for head in (model.get_output_embeddings(), getattr(model, "score", None)) if head is not None]
    model.requires_grad_(False)
    for module in [*list(blocks)[-unfrozen_blocks:], *after_blocks, *heads]:
        module.requires_grad_(True)
