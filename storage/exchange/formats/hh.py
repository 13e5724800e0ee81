"""Anthropic's HH: `chosen` and `rejected` as whole transcripts (Bai et al. 2022)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from storage.exchange.fields import differing, field_of, prompt_of, text_of
from storage.exchange.format import STRING, About, Format, Writer, alone, columns, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import Messages, PreferenceRow, prefers
from storage.records import Message

SPEAKERS = {"Human": "user", "Assistant": "assistant"}
NAMES = {role: name for name, role in SPEAKERS.items()}

_TURN = re.compile(r"\n\n(Human|Assistant):")


def known_by(row: dict[str, Any]) -> str:
    """Two transcripts without a prompt of their own."""
    chosen = row.get("chosen")
    if not isinstance(chosen, str) or "rejected" not in row or row.get("prompt") is not None:
        return ""
    return "its first row has chosen and rejected as transcripts" if _TURN.match("\n\n" + chosen.lstrip()) else ""


def read(row: Any) -> PreferenceRow:
    """The prompt is what the two share, up to the last turn of a human's.

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
    prompt = prompt_of(_merged(chosen[:shared]))
    return differing(prefers(prompt, _rest(chosen[shared:]), _rest(rejected[shared:]), 1))


def write(row: PreferenceRow, _: About) -> dict[str, Any]:
    """Two transcripts, if they are read again as what they were written from, but for blanks around a turn."""
    if any(turn["role"] not in NAMES for turn in row.prompt):
        raise BadRow("hh has no place for a system message")
    asked = "".join(f"\n\n{NAMES[turn['role']]}: {turn['content'].strip()}" for turn in row.prompt)
    made = {
        "chosen": f"{asked}\n\nAssistant: {row.chosen.strip()}",
        "rejected": f"{asked}\n\nAssistant: {row.rejected.strip()}",
    }
    stripped = tuple({"role": turn["role"], "content": turn["content"].strip()} for turn in row.prompt)
    try:
        again = read(made)
    except BadRow:
        again = None
    meant = (stripped, row.chosen.strip(), row.rejected.strip())
    if again is None or (again.prompt, again.chosen, again.rejected) != meant:
        raise BadRow("as transcripts in hh it would be read as something else")
    return made


FORMAT = Format(
    "hh",
    known_by,
    {"preferences": alone(read)},
    {"preferences": Writer(columns(chosen=STRING, rejected=STRING), one(write))},
)


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
