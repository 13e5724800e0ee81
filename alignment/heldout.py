"""Loss on held-out text, weighted by tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import PreTrainedModel

IGNORED = -100


@dataclass(frozen=True)
class Example:
    """Token ids, and labels that are the same ids where the loss counts and -100 where not."""

    input_ids: list[int]
    labels: list[int]

    @property
    def answer_tokens(self) -> int:
        """How many tokens the loss is on."""
        return sum(label != IGNORED for label in self.labels)


@dataclass(frozen=True)
class HeldoutLoss:
    """Sum of -log p over tokens, in nats, and how many tokens that were."""

    nats: float
    tokens: int

    @property
    def mean(self) -> float:
        """Nats a token."""
        return self.nats / self.tokens


@torch.no_grad()
def heldout_loss(model: PreTrainedModel, examples: Sequence[Example], pad_id: int, batch_size: int) -> HeldoutLoss:
    """Loss over all labelled tokens of all examples; every token counts the same, however long its example is."""
    was_training = model.training
    model.eval()
    nats, tokens = 0.0, 0
    by_length = sorted(examples, key=lambda example: len(example.input_ids))
    for start in range(0, len(by_length), batch_size):
        batch = by_length[start : start + batch_size]
        input_ids, labels, mask = (part.to(model.device) for part in pad_batch(batch, pad_id))
        logits = model(input_ids=input_ids, attention_mask=mask).logits[:, :-1].float()
        nats += float(summed_loss(logits, labels[:, 1:]))
        tokens += int((labels[:, 1:] != IGNORED).sum())
    model.train(was_training)
    return HeldoutLoss(nats, tokens)


def summed_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Sum of -log p(label) over labels that are not -100; logits (B, T, V) and labels (B, T) of the same positions."""
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum")


def pad_batch(batch: Sequence[Example], pad_id: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Input ids, labels and attention mask, each (B, T), padded on the right."""
    longest = max(len(example.input_ids) for example in batch)
    input_ids = torch.full((len(batch), longest), pad_id)
    labels = torch.full((len(batch), longest), IGNORED)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    for row, example in enumerate(batch):
        length = len(example.input_ids)
        input_ids[row, :length] = torch.tensor(example.input_ids)
        labels[row, :length] = torch.tensor(example.labels)
        mask[row, :length] = 1
    return input_ids, labels, mask
