"""TRL's preferences: `prompt`, `chosen` and `rejected`, as text or messages, the prompt also as their beginning."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from storage.exchange.fields import as_messages, conversation_of, differing, field_of, number_of, prompt_of, text_of
from storage.exchange.format import MESSAGES, STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import Messages, PreferenceRow, prefers
from storage.records import MARGINS


def read(row: Any) -> PreferenceRow:
    """Plain or conversational, with or without a `prompt` of its own; `margin` becomes the strength."""
    chosen, rejected = field_of(row, "chosen"), field_of(row, "rejected")
    given = row.get("prompt")
    if isinstance(chosen, str) and isinstance(rejected, str):
        if given is None:
            given, chosen, rejected = _split_shared_text(chosen, rejected)
        turns = conversation_of(given, "the prompt")
    else:
        turns, chosen, rejected = split_shared_turns(
            () if given is None else conversation_of(given, "the prompt"),
            conversation_of(chosen, "chosen"),
            conversation_of(rejected, "rejected"),
        )
    chosen, rejected = text_of(chosen, "chosen"), text_of(rejected, "rejected")
    return differing(prefers(prompt_of(turns), chosen, rejected, _strength(row.get("margin"))))


def write(row: PreferenceRow, about: About) -> dict[str, Any]:
    """Conversational, with an explicit prompt, which TRL advises."""
    return {
        "prompt": list(row.prompt),
        "chosen": as_messages(row.chosen),
        "rejected": as_messages(row.rejected),
        "margin": MARGINS[row.strength],
        "split": about["split"],
    }


SCHEMA = columns(prompt=MESSAGES, chosen=MESSAGES, rejected=MESSAGES, margin=pa.float64(), split=STRING)
FORMAT = Format(
    "trl", having("chosen", "rejected"), {"preferences": alone(read)}, {"preferences": Writer(SCHEMA, one(write))}
)


def split_shared_turns(given: Messages, chosen: Messages, rejected: Messages) -> tuple[Messages, str, str]:
    """The prompt and the two answers; `chosen` and `rejected` may repeat the prompt, or continue it."""
    if not chosen or not rejected or chosen[:-1] != rejected[:-1]:
        raise BadRow("chosen and rejected differ before their last message")
    if chosen[-1]["role"] != "assistant" or rejected[-1]["role"] != "assistant":
        raise BadRow("chosen and rejected do not end in an assistant's message")
    shared = chosen[:-1]
    repeats = bool(shared) and given in (shared[: len(given)], shared[-len(given) :])
    return shared if repeats else given + shared, chosen[-1]["content"], rejected[-1]["content"]


def _split_shared_text(chosen: str, rejected: str) -> tuple[str, str, str]:
    """The prompt that two texts begin with, cut between words, and what is left of each."""
    differ = next((i for i, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b), None)
    shared = min(len(chosen), len(rejected)) if differ is None else differ
    while shared and not chosen[shared - 1 : shared].isspace():
        shared -= 1
    prompt = chosen[:shared].rstrip()
    return prompt, chosen[len(prompt) :], rejected[len(prompt) :]


def _strength(margin: Any) -> int:
    """The strength whose margin is nearest; without one it is 1, which asks for no margin."""
    if margin is None or margin == "":
        return 1
    try:
        number = number_of(margin, "the margin")
    except BadRow:
        number = None
    if number is None or number < 0:
        raise BadRow("the margin is no number of 0 or more")
    return min(range(1, 5), key=lambda strength: abs(MARGINS[strength] - number))
