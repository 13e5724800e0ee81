"""log p of every token of completions, with logits computed nowhere but at these tokens.

Most of a policy's forward pass over a batch is for tokens whose probability nobody asks for: the prompt and the
padding. A hook in front of the LM head leaves only the hidden states that matter, so whatever a model does behind its
head (soft caps, scales) stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from alignment.rollouts import Batch, piece_size, pieces

Places = tuple[torch.Tensor, torch.Tensor]  # rows and columns


class _LogProb(torch.autograd.Function):
    """log softmax(logits / temperature) at one token a row; the backward pass reuses the memory of the forward's."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, tokens: torch.Tensor, temperature: float) -> torch.Tensor:
        scaled = logits.float() * (1 / temperature)  # a copy of our own, which backward may overwrite
        normaliser = scaled.logsumexp(-1)
        picked = scaled.gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
        ctx.kept = (scaled, normaliser, tokens, temperature, logits.dtype)
        return picked - normaliser

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        scaled, normaliser, tokens, temperature, dtype = ctx.kept
        ctx.kept = None
        slope = gradients[0] / temperature
        flow = scaled.sub_(normaliser.unsqueeze(-1)).exp_().mul_(-slope.unsqueeze(-1))
        flow.scatter_add_(-1, tokens.unsqueeze(-1), slope.unsqueeze(-1))
        return flow.to(dtype), None, None


def token_log_probs(model: nn.Module, batch: Batch, temperature: float) -> torch.Tensor:
    """log p (B, L) of each token of a batch's completions under logits / temperature, in nats; 0 outside the mask."""
    mask = batch["action_mask"]
    whole = torch.zeros(mask.shape, device=mask.device)
    for places, logits, tokens in _parts(model, batch):
        whole = whole.index_put(places, _LogProb.apply(logits, tokens, temperature))
    return whole


@torch.no_grad()
def token_log_probs_and_entropy(
    model: nn.Module, batch: Batch, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same without a gradient, and the entropy (B, L) of the distributions that the tokens were drawn from."""
    mask = batch["action_mask"]
    whole, entropy = torch.zeros(mask.shape, device=mask.device), torch.zeros(mask.shape, device=mask.device)
    for places, logits, tokens in _parts(model, batch):
        log_probs = (logits.float() * (1 / temperature)).log_softmax(-1)
        whole[places] = log_probs.gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
        entropy[places] = -(log_probs.exp() * log_probs).sum(-1)
    return whole, entropy


def _parts(model: nn.Module, batch: Batch) -> Iterator[tuple[Places, torch.Tensor, torch.Tensor]]:
    """Piece by piece: where its tokens stand in the batch, the logits (N, V) they are drawn from, and the tokens."""
    for rows, part in pieces(batch, piece_size(batch)):
        mask = part["action_mask"]
        inside, column = mask.nonzero(as_tuple=True)
        yield (rows[inside], column), _logits(model, part), part["actions"][mask]


def _logits(model: nn.Module, batch: Batch) -> torch.Tensor:
    """Logits (N, V) that the N tokens under the action mask are drawn from: those of the places before them."""
    rows, offsets = batch["action_mask"].nonzero(as_tuple=True)
    places = batch["starts"][rows] + offsets - 1

    def keep(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return (inputs[0][rows, places].unsqueeze(0), *inputs[1:])

    hook = model.get_output_embeddings().register_forward_pre_hook(keep)  # type: ignore[operator]
    try:
        output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)
    finally:
        hook.remove()
    logits: torch.Tensor = output.logits[0]
    return logits
