"""Plain prompts: a line of text, or a row with `prompt` (text or messages) or `messages`."""

from __future__ import annotations

from typing import Any

from storage.exchange.fields import conversation_of, field_of, prompt_of
from storage.exchange.format import MESSAGES, STRING, About, Format, Writer, alone, columns, one
from storage.exchange.shapes import PromptRow


def read(row: Any) -> PromptRow:
    """A conversation that ends in an answer is cut before it."""
    value = row if isinstance(row, str) else field_of(row, "prompt", "messages")
    turns = conversation_of(value, "the prompt")
    while turns and turns[-1]["role"] == "assistant":
        turns = turns[:-1]
    return PromptRow(prompt_of(turns))


def write(row: PromptRow, about: About) -> dict[str, Any]:
    """As messages, which keep a conversation apart from text."""
    return {"prompt": list(row.prompt), "split": about["split"], "source": about["source"]}


FORMAT = Format(
    "prompts",
    lambda row: next((f"its first row has a {name}" for name in ("prompt", "messages") if name in row), ""),
    {"prompts": alone(read)},
    {"prompts": Writer(columns(prompt=MESSAGES, split=STRING, source=STRING), one(write))},
)
