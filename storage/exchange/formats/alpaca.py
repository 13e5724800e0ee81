"""Alpaca: `instruction`, `input` and `output` (https://github.com/tatsu-lab/stanford_alpaca)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.exchange.demonstrations import demonstration_rows
from storage.exchange.fields import field_of, prompt_of, text_of
from storage.exchange.format import STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import DemonstrationRow, PromptRow


def read_prompt(row: Any) -> PromptRow:
    """The instruction with its input, if any, as one prompt; the output is left."""
    return PromptRow(asked(field_of(row, "instruction"), row.get("input")))


def read_demonstrations(row: Any) -> Sequence[DemonstrationRow]:
    """The output as the answer to that prompt."""
    instruction, output = field_of(row, "instruction"), field_of(row, "output")
    return demonstration_rows({"instruction": instruction, "input": row.get("input"), "output": output})


def write(row: DemonstrationRow, _: About) -> dict[str, Any]:
    """Instruction and input have become one text by now, so that it is all the instruction."""
    return {"instruction": only_turn(row, "alpaca"), "input": "", "output": row.answer}


def asked(instruction: Any, given: Any) -> tuple[Any, ...]:
    """An instruction, and below it its input, as the one turn of a prompt."""
    parts = [text_of(instruction, "the instruction"), "" if given is None else text_of(given, "the input")]
    return prompt_of(({"role": "user", "content": "\n\n".join(part for part in parts if part.strip())},))


def only_turn(row: DemonstrationRow, format: str) -> str:
    """The text of a prompt that is nothing but one turn of a user's."""
    if len(row.prompt) != 1:
        raise BadRow(f"{format} has no place for a conversation")
    return row.prompt[0]["content"]


FORMAT = Format(
    "alpaca",
    having("instruction"),
    {"prompts": alone(read_prompt), "demonstrations": read_demonstrations},
    {"demonstrations": Writer(columns(instruction=STRING, input=STRING, output=STRING), one(write))},
)
