"""Chats: `messages`, as prompts or as demonstrations of their last answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from storage.exchange.demonstrations import demonstration_rows
from storage.exchange.fields import as_messages, field_of, name_of
from storage.exchange.format import MESSAGES, STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.formats.prompts import read as read_prompt
from storage.exchange.shapes import DemonstrationRow


def read_demonstrations(row: Any) -> Sequence[DemonstrationRow]:
    """The conversation through its last answer."""
    messages = field_of(row, "messages")
    return demonstration_rows({"messages": messages}, name_of(row.get("labeler"), "the labeler"))


def write(row: DemonstrationRow, about: About) -> dict[str, Any]:
    """A chat that also says whose its last answer is, and on which side its prompt."""
    return {
        "messages": [*row.prompt, *as_messages(row.answer)],
        "labeler": row.labeler,
        "demonstration_id": about["demonstration_id"],
        "split": about["split"],
    }


SCHEMA = columns(messages=MESSAGES, labeler=STRING, demonstration_id=pa.int64(), split=STRING)
FORMAT = Format(
    "chat",
    having("messages"),
    {"prompts": alone(read_prompt), "demonstrations": read_demonstrations},
    {"demonstrations": Writer(SCHEMA, one(write))},
)
