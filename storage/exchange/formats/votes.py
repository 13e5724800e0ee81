"""Plumbline's own table of votes: all that is known of each, so that one home's votes can come into another."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from storage.exchange.fields import (
    LONGEST_COMMENT,
    conversation_of,
    differing,
    field_of,
    name_of,
    number_of,
    prompt_of,
    text_of,
    whole_number_of,
)
from storage.exchange.format import COMPARED, MESSAGES, STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import PreferenceRow
from storage.records import Details

VERDICTS = (*COMPARED, "skip")
TRUTHS = {"true": True, "false": False, "1": True, "0": False}
MOST_SAID = 20  # reasons, or criteria


def read(row: Any) -> PreferenceRow:
    """A vote; the ids of its home are left."""
    verdict = field_of(row, "verdict")
    if verdict not in VERDICTS:
        raise BadRow(f"the verdict is none of {', '.join(VERDICTS)}")
    has_side = verdict in ("a", "b")
    seconds = number_of(row.get("seconds"), "seconds")
    if seconds is not None and seconds < 0:
        raise BadRow("seconds is less than 0")
    return differing(
        PreferenceRow(
            prompt_of(conversation_of(field_of(row, "prompt"), "the prompt")),
            text_of(field_of(row, "completion_a"), "completion_a"),
            text_of(field_of(row, "completion_b"), "completion_b"),
            str(verdict),
            whole_number_of(field_of(row, "strength"), "the strength", range(1, 5)) if has_side else 0,
            name_of(row.get("labeler"), "the labeler"),
            name_of(row.get("model_a"), "model_a"),
            name_of(row.get("model_b"), "model_b"),
            _truth(row.get("flipped"), "flipped"),
            seconds,
            _details(row, verdict == "skip"),
            row.get("source") == "repeat",
        )
    )


def write(row: PreferenceRow, about: About) -> dict[str, Any]:
    """Everything."""
    known = {
        "labeler": row.labeler,
        "prompt": list(row.prompt),
        "completion_a": row.a,
        "completion_b": row.b,
        "model_a": row.model_a,
        "model_b": row.model_b,
        "verdict": row.verdict,
        "strength": row.strength,
        "flipped": row.flipped,
        "seconds": row.seconds,
        "flagged": row.details.flagged,
        "reasons": list(row.details.reasons),
        "comment": row.details.comment,
        "ratings": json.dumps(row.details.ratings, ensure_ascii=False),
    }
    return {name: known[name] if name in known else about[name] for name in SCHEMA.names}


def _details(row: dict[str, Any], is_skip: bool) -> Details:
    reasons, ratings = row.get("reasons") or [], row.get("ratings") or "{}"
    comment = text_of(row.get("comment") or "", "the comment")
    if len(comment) > LONGEST_COMMENT:
        raise BadRow(f"the comment has more than {LONGEST_COMMENT} characters")
    if not isinstance(reasons, list) or len(reasons) > MOST_SAID:
        raise BadRow(f"the reasons are no list of up to {MOST_SAID} texts")
    flagged = is_skip and bool(_truth(row.get("flagged"), "flagged"))
    return Details(
        flagged, tuple(filter(None, (name_of(word, "a reason") for word in reasons))), comment, _ratings(ratings)
    )


def _ratings(text: Any) -> dict[str, tuple[int, int]]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRow("the ratings are no JSON") from error
    if not isinstance(found, dict) or len(found) > MOST_SAID or not all(map(_are_grades, found.values())):
        raise BadRow("the ratings are no object of criteria with two grades from 1 to 5 each")
    return {name_of(name, "a criterion") or "": (a, b) for name, (a, b) in found.items()}


def _are_grades(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(type(grade) is int and 1 <= grade <= 5 for grade in value)
    )


def _truth(value: Any, what: str) -> bool | None:
    if value is None or value == "":
        return None
    truth = TRUTHS.get(str(value).lower())
    if truth is None:
        raise BadRow(f"{what} is neither true nor false")
    return truth


SCHEMA = columns(
    preference_id=pa.int64(),
    supersedes=pa.int64(),
    showing_id=pa.int64(),
    pair_id=pa.int64(),
    prompt_id=pa.int64(),
    labeler=STRING,
    prompt=MESSAGES,
    completion_a=STRING,
    completion_b=STRING,
    model_a=STRING,
    model_b=STRING,
    source=STRING,
    verdict=STRING,
    strength=pa.int64(),
    flipped=pa.bool_(),
    seconds=pa.float64(),
    flagged=pa.bool_(),
    reasons=pa.list_(STRING),
    comment=STRING,
    ratings=STRING,  # an object of criteria in JSON, each with the grades of a and b
    split=STRING,
    fold=STRING,
    shown_at=STRING,
    created_at=STRING,
)
FORMAT = Format(
    "votes",
    having("completion_a", "completion_b", "verdict"),
    {"votes": alone(read)},
    {"votes": Writer(SCHEMA, one(write), verdicts=VERDICTS)},
)
