"""Sampled completions as tensors: whole sequences to run a model on, and the tokens of the completions by themselves.

A batch is a dict of tensors that share their first dimension, so that trainers can shuffle and split it:

input_ids, attention_mask  (B, T)  prompt and completion, padded on the right: positions start at 0 in every model
starts                     (B,)    where the completion begins, which is the prompt's length
actions, action_mask       (B, L)  the tokens of the completion, through the one that ends it
ended                      (B,)    whether it ended by itself
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch

from alignment.heldout import Example, pad_batch
from alignment.sampling import Sample

Batch = dict[str, torch.Tensor]


def lay_out(samples: Sequence[Sample], pad_id: int, device: torch.device) -> Batch:
    """The batch of these samples."""
    batch = side_by_side([(one.prompt_ids, one.token_ids) for one in samples], pad_id, device)
    return {**batch, "ended": torch.tensor([one.ended for one in samples], device=device)}


def side_by_side(sequences: Sequence[tuple[Sequence[int], Sequence[int]]], pad_id: int, device: torch.device) -> Batch:
    """The batch, without `ended`, of (prompt ids, completion ids)."""
    whole = [[*prompt, *completion] for prompt, completion in sequences]
    input_ids, _, attention_mask = pad_batch([Example(ids, ids) for ids in whole], pad_id)
    actions, _, action_mask = pad_batch([Example([*ids], [*ids]) for _, ids in sequences], pad_id)
    batch = {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "starts": torch.tensor([len(prompt) for prompt, _ in sequences]),
        "actions": actions,
        "action_mask": action_mask.bool(),
    }
    return {name: tensor.to(device) for name, tensor in batch.items()}


def trimmed(batch: Batch) -> Batch:
    """A part of a batch without the columns that are padding in all its rows."""
    whole = int(batch["attention_mask"].sum(1).max())
    longest = int(batch["action_mask"].sum(1).max())
    width = {name: whole if name in ("input_ids", "attention_mask") else longest for name in batch}
    return {name: tensor if tensor.ndim == 1 else tensor[:, : width[name]] for name, tensor in batch.items()}


def pieces(batch: Batch, size: int) -> list[tuple[torch.Tensor, Batch]]:
    """A batch in parts of at most `size` rows of similar length, without their padding, each with its row numbers.

    A CPU computes padding at full price: a rollout in pieces takes little more than half the time.
    """
    order = batch["attention_mask"].sum(1).argsort()
    parts = [order[at : at + size] for at in range(0, len(order), size)]
    return [(rows, trimmed({name: tensor[rows] for name, tensor in batch.items()})) for rows in parts]


def piece_size(batch: Batch) -> int:
    """Rows to a piece: few on a CPU; on a GPU, which computes padding along with the rest, all."""
    return 8 if batch["input_ids"].device.type == "cpu" else len(batch["starts"])


def before_actions(states: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Of states (B, T, H) those (B, L, H) at the place before each action: all that was known when it was taken."""
    width = batch["action_mask"].shape[1]
    places = batch["starts"].unsqueeze(1) - 1 + torch.arange(width, device=states.device)
    places = places.clamp(max=states.shape[1] - 1)
    return states.gather(1, places.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


def turns(prompts: int, size: int, rollout: int, seed: int) -> list[int]:
    """Which of so many prompts the rollout with this number asks: every prompt once before any comes again.

    A pure function of its arguments, so that a run that is resumed asks what it would have asked.
    """
    places = range(rollout * size, (rollout + 1) * size)
    orders = {}
    for epoch in {place // prompts for place in places}:
        orders[epoch] = list(range(prompts))
        random.Random(f"{seed} {epoch}").shuffle(orders[epoch])
    return [orders[place // prompts][place % prompts] for place in places]
