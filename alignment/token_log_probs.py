"""log p of every token of completions, with logits computed nowhere but at these tokens.

Most of a policy's forward pass over a batch is for tokens whose probability nobody asks for: the prompt and the
padding. A hook in front of the LM head leaves only the hidden states that matter, so whatever a model does behind its
head (soft caps, scales) stays as it is.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from alignment.rollouts import Batch


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
    logits = _logits(model, batch)
    found = _LogProb.apply(logits, batch["actions"][batch["action_mask"]], temperature)
    return _spread(found, batch["action_mask"])


def token_log_probs_and_entropy(
    model: nn.Module, batch: Batch, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same, and the entropy (B, L) of the distributions that the tokens were drawn from, in nats."""
    logits = _logits(model, batch)
    mask = batch["action_mask"]
    log_probs = (logits.float() * (1 / temperature)).log_softmax(-1)
    picked = log_probs.gather(-1, batch["actions"][mask].unsqueeze(-1)).squeeze(-1)
    entropy = -(log_probs.exp() * log_probs).sum(-1)
    return _spread(picked, mask), _spread(entropy, mask)


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


def _spread(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Values (N,) of the tokens under a mask (B, L), in their places, and 0 elsewhere."""
    return torch.zeros(mask.shape, dtype=values.dtype, device=values.device).masked_scatter(mask, values)
