"""TRL's unpaired preferences: `prompt`, `completion` and a `label`, true for a good answer."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from storage.exchange.fields import answer_of, as_messages, conversation_of, field_of, name_of, prompt_of
from storage.exchange.format import MESSAGES, STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import RatingRow

LABELS = {"true": True, "false": False}  # as JSON, CSV and Parquet have them


def read(row: Any) -> RatingRow:
    """Plain or conversational."""
    turns = conversation_of(field_of(row, "prompt"), "the prompt")
    answer = answer_of(field_of(row, "completion"), "the completion")
    label = LABELS.get(str(field_of(row, "label")).lower())
    if label is None:
        raise BadRow("the label is neither true nor false")
    labeler, model = name_of(row.get("labeler"), "the labeler"), name_of(row.get("model"), "the model")
    return RatingRow(prompt_of(turns), answer, label, labeler, model)


def write(row: RatingRow, about: About) -> dict[str, Any]:
    """Conversational, as `KTOTrainer` takes it."""
    return {
        "prompt": list(row.prompt),
        "completion": as_messages(row.answer),
        "label": row.label,
        "rating_id": about["rating_id"],
        "labeler": row.labeler,
        "model": row.model,
        "split": about["split"],
        "created_at": about["created_at"],
    }


SCHEMA = columns(
    prompt=MESSAGES,
    completion=MESSAGES,
    label=pa.bool_(),
    rating_id=pa.int64(),
    labeler=STRING,
    model=STRING,
    split=STRING,
    created_at=STRING,
)
FORMAT = Format(
    "unpaired", having("completion", "label"), {"ratings": alone(read)}, {"ratings": Writer(SCHEMA, one(write))}
)
