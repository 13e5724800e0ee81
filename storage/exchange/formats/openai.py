"""OpenAI's preference fine-tuning: `input` with `messages`, `preferred_output` and `non_preferred_output`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from storage.exchange.fields import answer_of, as_messages, conversation_of, differing, field_of, prompt_of
from storage.exchange.format import MESSAGES, About, Format, Writer, alone, columns, having, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import PreferenceRow, prefers


def read(row: Any) -> PreferenceRow:
    """The format has no strength, so it is 1."""
    given = field_of(row, "input")
    if not isinstance(given, dict):
        raise BadRow("its input is no object with messages")
    prompt = prompt_of(conversation_of(field_of(given, "messages"), "the input"))
    chosen, rejected = (answer_of(field_of(row, name), name) for name in ("preferred_output", "non_preferred_output"))
    return differing(prefers(prompt, chosen, rejected, 1))


def write(row: PreferenceRow, _: About) -> dict[str, Any]:
    """With nothing besides, for the service takes no other fields."""
    return {
        "input": {"messages": list(row.prompt)},
        "preferred_output": as_messages(row.chosen),
        "non_preferred_output": as_messages(row.rejected),
    }


SCHEMA = columns(input=pa.struct([("messages", MESSAGES)]), preferred_output=MESSAGES, non_preferred_output=MESSAGES)
FORMAT = Format(
    "openai",
    having("input", "preferred_output", "non_preferred_output"),
    {"preferences": alone(read)},
    {"preferences": Writer(SCHEMA, one(write))},
)
