"""One row of a file in a known format, as a prompt, a preference or a rating: what `docs/formats.md` describes.

Each reader takes the row's value and raises BadRow with the reason when it is not of its format.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.errors import UserError
from storage.exchange.reading import BadRow, listed
from storage.records import MARGINS, Message

MOST_CHARACTERS = 200_000  # of one text: far more than any policy here reads, and still shown in a page
ROLES = ("system", "user", "assistant")
LABELS = {"true": True, "false": False}  # as JSON, CSV and Parquet have them
SPEAKERS = {"Human": "user", "Assistant": "assistant"}

Messages = tuple[Message, ...]

_TURN = re.compile(r"\n\n(Human|Assistant):")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class ImportedPreference:
    """A prompt, the answer that was preferred and the one that was not. `strength` is 1 to 4."""

    prompt: Messages
    chosen: str
    rejected: str
    strength: int


@dataclass(frozen=True)
class ImportedRating:
    """A prompt, an answer to it, and whether it was found good."""

    prompt: Messages
    completion: str
    label: bool


def detect(path: Path, values: Iterable[Any]) -> str:
    """The format of a file by its first readable row. Raises UserError when it is none."""
    first = next((value for value in values if isinstance(value, str | dict)), None)
    if not isinstance(first, dict):
        return "prompts"
    if "chosen" in first and "rejected" in first:
        transcript = isinstance(first["chosen"], str) and _TURN.match("\n\n" + first["chosen"].lstrip())
        return "hh" if transcript and first.get("prompt") is None else "trl"
    if "completion" in first and "label" in first:
        return "unpaired"
    if "instruction" in first:
        return "alpaca"
    if "prompt" in first or "messages" in first:
        return "prompts"
    columns = listed(first) or "no columns"
    raise UserError(f"{path} has {columns}, which is no format that is known: docs/formats.md lists those that are.")


def read_prompt(row: Any) -> Messages:
    """Plain text, or `prompt` or `messages`; a conversation that ends in an answer is cut before it."""
    value = row if isinstance(row, str) else field_of(row, "prompt", "messages")
    turns = conversation_of(value, "the prompt")
    while turns and turns[-1]["role"] == "assistant":
        turns = turns[:-1]
    return _ending_in_user(turns)


def read_alpaca(row: Any) -> Messages:
    """`instruction` with its `input`, if any, as one prompt; the `output` is not a prompt and is left."""
    instruction = text_of(field_of(row, "instruction"), "the instruction")
    given = row.get("input")
    if given is None and isinstance(row.get("instances"), list) and row["instances"]:
        given = field_of(row["instances"][0], "input")
    parts = [instruction, text_of(given, "the input") if given is not None else ""]
    return _ending_in_user(({"role": "user", "content": "\n\n".join(part for part in parts if part.strip())},))


def read_trl(row: Any) -> ImportedPreference:
    """`chosen` and `rejected`, plain or conversational, with or without a `prompt` of their own."""
    chosen, rejected = field_of(row, "chosen"), field_of(row, "rejected")
    given = row.get("prompt")
    if isinstance(chosen, str) and isinstance(rejected, str):
        if given is None:
            given, chosen, rejected = _split_shared_text(chosen, rejected)
        turns = conversation_of(given, "the prompt")
    else:
        turns, chosen, rejected = _split_shared_turns(
            () if given is None else conversation_of(given, "the prompt"),
            conversation_of(chosen, "chosen"),
            conversation_of(rejected, "rejected"),
        )
    return _preference(turns, chosen, rejected, _strength(row.get("margin")))


def read_hh(row: Any) -> ImportedPreference:
    """Two transcripts in Anthropic's form. The prompt is what they share, up to the last turn of a human's.

    What follows is the answer, word for word, even where a transcript goes on with further turns.
    """
    chosen = _transcript(field_of(row, "chosen"), "chosen")
    rejected = _transcript(field_of(row, "rejected"), "rejected")
    shared = 0
    while shared < min(len(chosen), len(rejected)) and chosen[shared] == rejected[shared]:
        shared += 1
    while shared and not (chosen[shared - 1][0] == "Human" and _answers(chosen, shared) and _answers(rejected, shared)):
        shared -= 1
    if not shared:
        raise BadRow("the transcripts share no turn of a human's with an answer to it")
    return _preference(_merged(chosen[:shared]), _rest(chosen[shared:]), _rest(rejected[shared:]), _strength(None))


def read_unpaired(row: Any) -> ImportedRating:
    """TRL's unpaired preference: `prompt` and `completion`, plain or conversational, and a `label`, true for good."""
    turns = conversation_of(field_of(row, "prompt"), "the prompt")
    completion = field_of(row, "completion")
    if isinstance(completion, list):
        answer = conversation_of(completion, "the completion")
        if [turn["role"] for turn in answer] != ["assistant"]:
            raise BadRow("the completion is not one message of an assistant's")
        completion = answer[0]["content"]
    label = LABELS.get(str(field_of(row, "label")).lower())
    if label is None:
        raise BadRow("the label is neither true nor false")
    return ImportedRating(_ending_in_user(turns), text_of(completion, "the completion"), label)


PROMPT_READERS: dict[str, Callable[[Any], Messages]] = {"prompts": read_prompt, "alpaca": read_alpaca}
PREFERENCE_READERS: dict[str, Callable[[Any], ImportedPreference]] = {"trl": read_trl, "hh": read_hh}
RATING_READERS: dict[str, Callable[[Any], ImportedRating]] = {"unpaired": read_unpaired}


def _preference(turns: Messages, chosen: str, rejected: str, strength: int) -> ImportedPreference:
    text_of(chosen, "chosen")
    text_of(rejected, "rejected")
    if chosen == rejected:
        raise BadRow("chosen and rejected are the same, so neither is preferred")
    return ImportedPreference(_ending_in_user(turns), chosen, rejected, strength)


def _ending_in_user(turns: Messages) -> Messages:
    if not turns or turns[-1]["role"] != "user":
        raise BadRow("the prompt does not end in a user's turn")
    if not turns[-1]["content"].strip():
        raise BadRow("the prompt is empty")
    return turns


def field_of(row: Any, *names: str) -> Any:
    """The first of these fields that a row has. Raises BadRow when it has none."""
    if not isinstance(row, dict):
        raise BadRow("it is no object with named fields")
    for name in names:
        if row.get(name) is not None:
            return row[name]
    raise BadRow(f"it has no {' or '.join(names)}")


def text_of(value: Any, what: str) -> str:
    """A text as it is. Raises BadRow when it is none, is too long, or holds what is no character."""
    if not isinstance(value, str):
        raise BadRow(f"{what} is no text")
    if len(value) > MOST_CHARACTERS:
        raise BadRow(f"{what} has {len(value)} characters, and {MOST_CHARACTERS} are the most")
    if "\0" in value:
        raise BadRow(f"{what} has a NUL character")
    if _SURROGATE.search(value):
        raise BadRow(f"{what} has half a surrogate pair, which is no character")
    return value


def conversation_of(value: Any, what: str) -> Messages:
    """Messages with a role and a text each; plain text is one turn of a user's."""
    if not isinstance(value, list):
        return ({"role": "user", "content": text_of(value, what)},)
    turns: list[Message] = []
    for turn in value:
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            raise BadRow(f"a message of {what} has a role that is none of {', '.join(ROLES)}")
        turns.append({"role": turn["role"], "content": text_of(turn.get("content"), f"a message of {what}")})
    if sum(len(turn["content"]) for turn in turns) > MOST_CHARACTERS:
        raise BadRow(f"{what} has more than {MOST_CHARACTERS} characters")
    return tuple(turns)


def _split_shared_text(chosen: str, rejected: str) -> tuple[str, str, str]:
    """The prompt that two texts begin with, cut between words, and what is left of each."""
    differ = next((i for i, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b), None)
    shared = min(len(chosen), len(rejected)) if differ is None else differ
    while shared and not chosen[shared - 1 : shared].isspace():
        shared -= 1
    prompt = chosen[:shared].rstrip()
    return prompt, chosen[len(prompt) :], rejected[len(prompt) :]


def _split_shared_turns(given: Messages, chosen: Messages, rejected: Messages) -> tuple[Messages, str, str]:
    """The prompt and the two answers; `chosen` and `rejected` may repeat the prompt, or continue it."""
    if not chosen or not rejected or chosen[:-1] != rejected[:-1]:
        raise BadRow("chosen and rejected differ before their last message")
    if chosen[-1]["role"] != "assistant" or rejected[-1]["role"] != "assistant":
        raise BadRow("chosen and rejected do not end in an assistant's message")
    shared = chosen[:-1]
    repeats = bool(shared) and given in (shared[: len(given)], shared[-len(given) :])
    return shared if repeats else given + shared, chosen[-1]["content"], rejected[-1]["content"]


def _strength(margin: Any) -> int:
    """The strength whose margin is nearest; without one it is 1, which asks for no margin."""
    if margin is None or margin == "":
        return 1
    try:
        number = float(margin)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise BadRow("the margin is no number of 0 or more")
    return min(range(1, 5), key=lambda strength: abs(MARGINS[strength] - number))


def _transcript(value: Any, what: str) -> list[tuple[str, str]]:
    opening, *parts = _TURN.split("\n\n" + text_of(value, what).lstrip())
    if opening.strip() or not parts:
        raise BadRow(f"{what} does not begin with 'Human:'")
    return list(zip(parts[::2], parts[1::2], strict=True))


def _answers(turns: Sequence[tuple[str, str]], place: int) -> bool:
    return place < len(turns) and turns[place][0] == "Assistant"


def _rest(turns: Sequence[tuple[str, str]]) -> str:
    (_, answer), *more = turns
    return (answer + "".join(f"\n\n{speaker}:{text}" for speaker, text in more)).strip()


def _merged(turns: Sequence[tuple[str, str]]) -> Messages:
    """Turns as messages, those of one speaker in a row as one, because chat templates want the roles to alternate."""
    messages: list[Message] = []
    for speaker, text in turns:
        if messages and messages[-1]["role"] == SPEAKERS[speaker]:
            messages[-1]["content"] += "\n\n" + text.strip()
        else:
            messages.append({"role": SPEAKERS[speaker], "content": text.strip()})
    return tuple(messages)
