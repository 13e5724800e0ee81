"""Numbers that a model gives to finished answers: a reward model's score, a policy's log-probability."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment.chatformat import encode_answers, encode_prompts
from alignment.heldout import Example, pad_batch
from alignment.models import context_length, reward_mean
from alignment.rollouts import side_by_side
from alignment.token_log_probs import token_log_probs
from storage.records import Message

MOST_LOGITS = 2**26  # at once: a quarter of a gigabyte, which a large vocabulary reaches with few sequences
Answered = tuple[Sequence[Message], str]  # a prompt and an answer to it


@torch.inference_mode()
def rewards(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, answered: Sequence[Answered], batch_size: int = 64
) -> list[float]:
    """A reward model's score of each answer, less the mean reward that its config records.

    Zero therefore means "as good as the answers it was centred on". An answer too long for the model loses the front
    of its prompt, never its end, where the score is read.
    """
    limit = context_length(model)
    encoded = [ids[-limit:] if limit else ids for ids in encode(tokenizer, answered)]
    mean = reward_mean(model)
    found: dict[int, float] = {}
    for places in _batches([len(ids) for ids in encoded], batch_size):
        batch = [Example(encoded[place], encoded[place]) for place in places]
        input_ids, _, mask = (part.to(model.device) for part in pad_batch(batch, tokenizer.pad_token_id))
        scores = model(input_ids=input_ids, attention_mask=mask).logits[:, 0].float()
        found.update(zip(places, (scores - mean).tolist(), strict=True))
    return [found[index] for index in range(len(encoded))]


def encode(tokenizer: PreTrainedTokenizerBase, answered: Sequence[Answered]) -> list[list[int]]:
    """Token ids of prompt and answer, through the token that ends it."""
    prompts = [prompt for prompt, _ in answered]
    answers = encode_answers(tokenizer, prompts, [answer for _, answer in answered])
    return [first + second for first, second in zip(encode_prompts(tokenizer, prompts), answers, strict=True)]


@torch.inference_mode()
def sequence_log_probs(
    model: PreTrainedModel,
    pad_id: int,
    sequences: Sequence[tuple[Sequence[int], Sequence[int]]],
    temperature: float = 1.0,
    batch_size: int = 64,
) -> list[float]:
    """log p(answer | prompt) of (prompt ids, answer ids), in nats, with the logits divided by `temperature`."""
    found: dict[int, float] = {}
    room = MOST_LOGITS // model.config.get_text_config().vocab_size
    for places in _batches([len(prompt) + len(answer) for prompt, answer in sequences], batch_size, room):
        batch = side_by_side([sequences[place] for place in places], pad_id, model.device)
        found.update(zip(places, token_log_probs(model, batch, temperature).sum(1).tolist(), strict=True))
    return [found[index] for index in range(len(sequences))]


def _batches(lengths: Sequence[int], batch_size: int, most_tokens: float = math.inf) -> Iterator[list[int]]:
    """Indices in batches of similar length, each of at most so many tokens, padding included, or of one sequence."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if batch and (len(batch) == batch_size or (len(batch) + 1) * lengths[index] > most_tokens):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
