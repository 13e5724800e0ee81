"""Self-instruct: an `instruction` with `instances` of `input` and `output` (Wang et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from storage.exchange.demonstrations import demonstration_rows
from storage.exchange.fields import field_of
from storage.exchange.format import STRING, About, Format, Writer, columns, having, one
from storage.exchange.formats.alpaca import asked, only_turn
from storage.exchange.reading import BadRow
from storage.exchange.shapes import DemonstrationRow, PromptRow


def read_prompts(row: Any) -> Sequence[PromptRow]:
    """One prompt for each instance: the instruction with its input, if any."""
    instruction, instances = field_of(row, "instruction"), field_of(row, "instances")
    if not isinstance(instances, list) or not all(isinstance(instance, dict) for instance in instances):
        raise BadRow("its instances are no list of objects with input and output")
    return [PromptRow(asked(instruction, instance.get("input"))) for instance in instances or [{}]]


def read_demonstrations(row: Any) -> Sequence[DemonstrationRow]:
    """One for each instance."""
    return demonstration_rows({name: field_of(row, name) for name in ("instruction", "instances")})


def write(row: DemonstrationRow, about: About) -> dict[str, Any]:
    """A task with one instance."""
    instruction = only_turn(row, "self-instruct")
    return {
        "id": f"demonstration_{about['demonstration_id']}",
        "instruction": instruction,
        "instances": [{"input": "", "output": row.answer}],
    }


INSTANCES = pa.list_(pa.struct([("input", STRING), ("output", STRING)]))
FORMAT = Format(
    "self-instruct",
    having("instruction", "instances"),
    {"prompts": read_prompts, "demonstrations": read_demonstrations},
    {"demonstrations": Writer(columns(id=STRING, instruction=STRING, instances=INSTANCES), one(write))},
)
