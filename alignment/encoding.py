"""From demonstrations to the examples that a policy learns from: labels on the answers and their ends alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from alignment.chatformat import encode_runs, render_turns
from alignment.heldout import IGNORED, Example
from storage.exchange.demonstrations import Demonstration

Run = tuple[list[int], bool]  # token ids, and whether they are learned


@dataclass(frozen=True)
class Encoded:
    """Examples, and of how many demonstrations the last turns were cut off or nothing could be kept."""

    examples: list[Example]
    cut: int = 0
    dropped: int = 0


def encode_demonstrations(
    tokenizer: PreTrainedTokenizerBase, demonstrations: Sequence[Demonstration], limit: int
) -> Encoded:
    """Each conversation as the policy reads and writes it, in at most `limit` tokens.

    A longer one is cut behind the last answer that fits, with its eos: an answer that was cut in its middle would teach
    the policy not to end. One whose first answer does not fit is dropped.
    """
    rendered = [render_turns(tokenizer, demonstration.messages) for demonstration in demonstrations]
    texts = [text for conversation in rendered for runs in conversation for text, _ in runs]
    tokens = iter(encode_runs(tokenizer, texts))
    examples: list[Example] = []
    cut = dropped = 0
    for conversation in rendered:
        answers = kept = 0
        for runs in conversation:
            coded = [(next(tokens), learned) for _, learned in runs]
            answers += len(coded) // 2
            fitting = list(_fitting(coded, limit))
            kept += len(fitting) // 2
            if fitting:
                examples.append(_example(fitting))
        dropped += kept == 0
        cut += 0 < kept < answers
    return Encoded(examples, cut, dropped)


def _fitting(runs: Sequence[Run], limit: int) -> Iterator[Run]:
    """The leading pairs of what is read and the answer to it that fit into `limit` tokens together."""
    length = 0
    for read, answer in zip(runs[::2], runs[1::2], strict=True):
        length += len(read[0]) + len(answer[0])
        if length > limit:
            return
        yield from (read, answer)


def _example(runs: Sequence[Run]) -> Example:
    return Example(
        [token for ids, _ in runs for token in ids],
        [token if learned else IGNORED for ids, learned in runs for token in ids],
    )
