"""Capability kept: the loss of two policies on held-out demonstrations of what their line was once tuned to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alignment.contenders import Policy
from alignment.encoding import encode_demonstrations
from alignment.heldout import heldout_loss
from alignment.models import length_limit
from storage.exchange.demonstrations import read_demonstrations

LONGEST = 1024  # tokens of a demonstration; of a longer one, the answers up to there count


def losses(path: Path, policy: Policy, against: Policy, count: int, batch_size: int) -> dict[str, Any]:
    """sft_loss and sft_loss_against: nats an answer token over the first `count` demonstrations; sft_records of them.

    Policies of different vocabularies have different tokens, whose losses cannot be compared: nothing is measured
    then, nor where no demonstration fits.
    """
    both = (policy, against)
    if policy[1].get_vocab() != against[1].get_vocab():
        return {}
    limit = min(length_limit(model, LONGEST) for model, _ in both)
    shown = read_demonstrations(path)[:count]
    encoded = [encode_demonstrations(tokenizer, shown, limit) for _, tokenizer in both]
    if not all(one.examples for one in encoded):
        return {}
    mine, theirs = (
        heldout_loss(model, one.examples, tokenizer.pad_token_id, batch_size).mean
        for (model, tokenizer), one in zip(both, encoded, strict=True)
    )
    return {"sft_loss": mine, "sft_loss_against": theirs, "sft_records": len(shown) - encoded[0].dropped}
