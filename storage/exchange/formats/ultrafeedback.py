"""UltraFeedback-binarized: conversations `chosen` and `rejected` with a score each (Tunstall et al. 2023)."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa

from storage.exchange.fields import as_messages, conversation_of, differing, field_of, number_of, prompt_of
from storage.exchange.format import MESSAGES, STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.formats.trl import split_shared_turns
from storage.exchange.reading import BadRow
from storage.exchange.shapes import PreferenceRow, prefers

DIFFERENCES = {1: 0.0, 2: 1.0, 3: 2.0, 4: 4.0}  # the least difference of scores that is of this strength


def read(row: Any) -> PreferenceRow:
    """The strength is that of the difference between the two scores."""
    chosen, rejected = (conversation_of(field_of(row, name), name) for name in ("chosen", "rejected"))
    turns, better, worse = split_shared_turns((), chosen, rejected)
    scores = [number_of(field_of(row, name), name) or 0.0 for name in ("score_chosen", "score_rejected")]
    difference = scores[0] - scores[1]
    if difference < 0:
        raise BadRow("the rejected answer has the higher score")
    strength = max(strength for strength, least in DIFFERENCES.items() if difference >= least)
    return differing(prefers(prompt_of(turns), better, worse, strength))


def write(row: PreferenceRow, _: About) -> dict[str, Any]:
    """The scores themselves are not known: they stand for the strength by their difference alone."""
    prompt = row.prompt[-1]["content"]
    chosen = [*row.prompt, *as_messages(row.chosen)]
    return {
        "prompt": prompt,
        "prompt_id": hashlib.sha256(prompt.encode("utf-8")).hexdigest(),
        "chosen": chosen,
        "rejected": [*row.prompt, *as_messages(row.rejected)],
        "messages": chosen,
        "score_chosen": DIFFERENCES[row.strength],
        "score_rejected": 0.0,
    }


SCHEMA = columns(
    prompt=STRING,
    prompt_id=STRING,
    chosen=MESSAGES,
    rejected=MESSAGES,
    messages=MESSAGES,
    score_chosen=pa.float64(),
    score_rejected=pa.float64(),
)
FORMAT = Format(
    "ultrafeedback",
    having("chosen", "rejected", "score_chosen", "score_rejected"),
    {"preferences": alone(read)},
    {"preferences": Writer(SCHEMA, one(write))},
)
