"""Demonstrations in a file: the conversations that supervised fine-tuning learns to continue.

A record is in the Alpaca format (`instruction`, `input`, `output`), in self-instruct's (`instruction`, `instances`), or
a chat (`messages`); `docs/formats.md` shows each. One malformed record refuses the file: what a model has learned
cannot be taken out of it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.errors import UserError
from storage.exchange.fields import conversation_of, field_of, text_of
from storage.exchange.reading import BadRow, listed, place, read_rows
from storage.exchange.shapes import DemonstrationRow, Messages

OTHERS_NAMED = 5  # malformed records beside the first, by their numbers


@dataclass(frozen=True)
class Demonstration:
    """A conversation that ends in an answer. Each of its assistant's turns is an answer to learn."""

    messages: Messages

    @property
    def asked(self) -> str:
        """What is asked in it, as one text: demonstrations that ask alike belong on one side of a split."""
        return "\n\n".join(turn["content"] for turn in self.messages if turn["role"] == "user")


def read_demonstrations(path: Path) -> list[Demonstration]:
    """All demonstrations of a file, in its order.

    Raises UserError when the file cannot be read or has none, and when any record is malformed, naming its line.
    """
    found: list[Demonstration] = []
    malformed: list[tuple[int, str]] = []
    for number, value in read_rows(path):
        try:
            if isinstance(value, BadRow):
                raise value
            found += demonstrations_of(value)
        except BadRow as reason:
            malformed.append((number, str(reason)))
    if malformed:
        raise UserError(_refusal(path, malformed))
    if not found:
        raise UserError(f"{path} holds no demonstrations: it takes records with instruction and output, or messages.")
    return found


def demonstrations_of(record: Any) -> list[Demonstration]:
    """The demonstrations of one record; self-instruct may have several. Raises BadRow with the reason if malformed."""
    if not isinstance(record, dict):
        raise BadRow("it is no object with named fields")
    if record.get("messages") is not None:
        return [Demonstration(_chat(record["messages"]))]
    if record.get("instruction") is None:
        raise BadRow(f"it has neither instruction nor messages, but {listed(record) or 'no fields'}")
    instruction = _filled(record["instruction"], "instruction")
    instances = record.get("instances")
    if instances is None or record.get("output") is not None:
        return [_answered(instruction, record)]
    if not isinstance(instances, list) or not instances:
        raise BadRow("its instances are no list of objects with input and output")
    found = []
    for number, instance in enumerate(instances, start=1):
        try:
            found.append(_answered(instruction, instance))
        except BadRow as error:
            raise BadRow(f"{error} in instance {number} of {len(instances)}") from error
    return found


def demonstration_rows(record: Any, labeler: str | None = None) -> list[DemonstrationRow]:
    """The demonstrations of one record as an import takes them: each a prompt and the last answer to it."""
    return [
        DemonstrationRow(found.messages[:-1], found.messages[-1]["content"], labeler)
        for found in demonstrations_of(record)
    ]


def _answered(instruction: str, fields: Any) -> Demonstration:
    """An instruction with its input, if there is one, below it after a blank line, and the output as the answer."""
    answer = _filled(field_of(fields, "output"), "output")
    given = "" if fields.get("input") is None else text_of(fields["input"], "the input")
    asked = f"{instruction}\n\n{given}" if given.strip() else instruction
    return Demonstration(({"role": "user", "content": asked}, {"role": "assistant", "content": answer}))


def _chat(value: Any) -> Messages:
    """A conversation through its last answer; what is asked after that has no answer to learn."""
    if not isinstance(value, list | dict):
        raise BadRow("its messages are no list of turns with role and content")
    turns = conversation_of(value, "the conversation")
    while turns and turns[-1]["role"] != "assistant":
        turns = turns[:-1]
    talk = turns[1:] if turns and turns[0]["role"] == "system" else turns
    if not talk:
        raise BadRow("its messages have no answer of an assistant's")
    if any(turn["role"] != ("user", "assistant")[index % 2] for index, turn in enumerate(talk)):
        raise BadRow("its messages do not alternate between user and assistant, after a system message if any")
    if any(not turn["content"].strip() for turn in talk):
        raise BadRow("one of its messages is empty")
    return turns


def _filled(value: Any, name: str) -> str:
    text = text_of(value, f"the {name}")
    if not text.strip():
        raise BadRow(f"its {name} is empty")
    return text


def _refusal(path: Path, malformed: list[tuple[int, str]]) -> str:
    (first, reason), *others = malformed
    named = [place(path, number) for number, _ in others[:OTHERS_NAMED]]
    shown = ", ".join([*named, "..."] if len(others) > OTHERS_NAMED else named)
    more = f"; {len(others)} more {'is' if len(others) == 1 else 'are'} malformed ({shown})" if others else ""
    where = place(path, first)
    return f"{where[0].upper()}{where[1:]} of {path} is malformed, for {reason}{more}: mend it, or take it out."
