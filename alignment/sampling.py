"""Answers of a policy, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)

from alignment.chatformat import encode_prompts, storable
from alignment.models import context_length
from storage.records import Message


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. `temperature` 0 is greedy; `top_p` 1 leaves the distribution as it is."""

    temperature: float = 0.9
    top_p: float = 1.0
    max_new_tokens: int = 96
    batch_size: int = 64


@dataclass(frozen=True)
class Sample:
    """One answer: its text, the prompt's and its own token ids, and whether it ended by itself.

    The ids of an answer that ended include the token that ended it.
    """

    text: str
    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    ended: bool


def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[Message]],
    sampling: Sampling,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
    writing: Callable[[int], bool] | None = None,
) -> list[Sample]:
    """One answer to each prompt, in their order; the same seed gives the same answers.

    `writing` is told at every token how many the answers of a batch have, and ends that batch by saying False.
    Prompts of similar length share a batch, which is padded on the left. Each must leave room for an answer, as
    `have_room` says. Of the model's own settings only the tokens that end an answer count.
    """
    encoded = encode_prompts(tokenizer, prompts)
    limit = context_length(model)
    order = sorted(range(len(encoded)), key=lambda index: (-len(encoded[index]), index))
    samples: dict[int, Sample] = {}
    for start in range(0, len(order), sampling.batch_size):
        places = order[start : start + sampling.batch_size]
        batch = [encoded[place] for place in places]
        torch.manual_seed(seed + start)
        with _own_settings_aside(model):
            answers = _generate(model, tokenizer, batch, sampling, limit, writing)
        for place, prompt_ids, answer in zip(places, batch, answers, strict=True):
            samples[place] = _sample(tokenizer, prompt_ids, answer, model)
        on_progress(len(samples) / len(order))
    return [samples[index] for index in range(len(encoded))]


def have_room(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Sequence[Message]]
) -> list[bool]:
    """Of each prompt, whether it leaves the model room for an answer."""
    limit = context_length(model)
    return [limit is None or len(ids) < limit for ids in encode_prompts(tokenizer, prompts)]


@contextmanager
def _own_settings_aside(model: PreTrainedModel) -> Iterator[None]:
    """Have `generate` find no settings but the ends of an answer.

    It fills what it is not told from the model's directory, a repetition penalty for instance: then the answers would
    not be drawn as their record says, nor from the distribution that their log-probability is taken from.
    """
    own = model.generation_config
    model.generation_config = GenerationConfig(eos_token_id=own.eos_token_id, pad_token_id=own.pad_token_id)
    try:
        yield
    finally:
        model.generation_config = own


@torch.inference_mode()
def _generate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    batch: Sequence[list[int]],
    sampling: Sampling,
    limit: int | None,
    writing: Callable[[int], bool] | None,
) -> list[list[int]]:
    longest = max(map(len, batch))
    pad = tokenizer.pad_token_id
    input_ids = torch.tensor([[pad] * (longest - len(ids)) + ids for ids in batch], device=model.device)
    mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in batch], device=model.device)
    greedy = sampling.temperature == 0
    output = model.generate(
        input_ids=input_ids,
        attention_mask=mask,
        max_new_tokens=min(sampling.max_new_tokens, (limit or 2**31) - longest),
        do_sample=not greedy,
        temperature=None if greedy else sampling.temperature,
        top_p=None if greedy else sampling.top_p,
        top_k=None if greedy else 0,
        suppress_tokens=_never_written(tokenizer, model),
        stopping_criteria=StoppingCriteriaList([_Ending(writing, longest)] if writing else []),
    )
    answers: list[list[int]] = output[:, longest:].tolist()
    return answers


class _Ending(StoppingCriteria):
    """Ends a batch when `writing` says so."""

    def __init__(self, writing: Callable[[int], bool], prompt: int) -> None:
        self.writing, self.prompt = writing, prompt

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        end = not self.writing(input_ids.shape[1] - self.prompt)
        return torch.full((len(input_ids),), end, device=input_ids.device)


def _never_written(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> list[int]:
    """Special tokens that end nothing have no place in an answer."""
    special = {token_id for token_id, token in tokenizer.added_tokens_decoder.items() if token.special}
    return sorted(special - end_tokens(model))


def end_tokens(model: PreTrainedModel) -> set[int]:
    """The ids that end an answer."""
    named = model.generation_config.eos_token_id
    return set(named) if isinstance(named, list) else {named}


def _sample(
    tokenizer: PreTrainedTokenizerBase, prompt_ids: list[int], answer: list[int], model: PreTrainedModel
) -> Sample:
    ends = end_tokens(model)
    length = next((place + 1 for place, token in enumerate(answer) if token in ends), None)
    token_ids = answer[:length]
    text = storable(tokenizer.decode(token_ids, skip_special_tokens=True))
    return Sample(text, tuple(prompt_ids), tuple(token_ids), length is not None)
