"""Label Studio's JSON of a pairwise project: `data` with the texts, `annotations` with who selected left or right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from storage.exchange.fields import (
    LONGEST_COMMENT,
    answer_of,
    conversation_of,
    differing,
    field_of,
    name_of,
    number_of,
    prompt_of,
    text_of,
)
from storage.exchange.format import COMPARED, MESSAGES, STRING, About, Format, Writer, columns
from storage.exchange.reading import BadRow
from storage.exchange.shapes import PreferenceRow, named
from storage.records import Details, prompt_text

PROMPTS = ("messages", "prompt", "question", "instruction", "context")
PAIRS = (
    *(("answer1", "answer2"), ("response1", "response2"), ("text1", "text2"), ("answer_a", "answer_b")),
    *(("response_a", "response_b"), ("completion_a", "completion_b"), ("left", "right"), ("a", "b")),
)
SIDES = {"left": "a", "right": "b"}
CHOICES = {"tie": "tie", "same": "tie", "both_bad": "both_bad", "both bad": "both_bad"}


def known_by(row: dict[str, Any]) -> str:
    """A task with its annotations."""
    if isinstance(row.get("data"), dict) and isinstance(row.get("annotations"), list):
        return "its first row is a task with data and annotations"
    return ""


def read(row: Any) -> Sequence[PreferenceRow]:
    """A vote for each annotation that was not cancelled; the left answer is the first that the control names."""
    data, annotations = field_of(row, "data"), field_of(row, "annotations")
    if not isinstance(data, dict) or not isinstance(annotations, list):
        raise BadRow("its data are no object, or its annotations no list")
    prompt = prompt_of(conversation_of(field_of(data, *PROMPTS), "the prompt"))
    found = []
    for annotation in annotations:
        if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
            results = [one for one in annotation.get("result") or [] if isinstance(one, dict)]
            verdict = _verdict(results)
            if verdict:
                found.append(_vote(prompt, _answers(data, results), verdict, results, annotation, data))
    if not found:
        raise BadRow("it has no annotation that says which answer is the better one")
    return found


def write(rows: Sequence[tuple[PreferenceRow, About]]) -> dict[str, Any]:
    """A task of one pair, its annotations those of all who voted on it."""
    first, about = rows[0]
    return {
        "id": about["pair_id"],
        "data": {
            "prompt": prompt_text(first.prompt),
            "messages": list(first.prompt),
            "answer1": first.a,
            "answer2": first.b,
            "model1": first.model_a,
            "model2": first.model_b,
        },
        "annotations": [
            {
                "completed_by": {"email": named(row)},
                "lead_time": row.seconds,
                "was_cancelled": False,
                "result": _results(row),
            }
            for row, _ in rows
        ],
    }


def _vote(
    prompt: Any,
    answers: tuple[str, str],
    verdict: str,
    results: list[Any],
    annotation: dict[str, Any],
    data: dict[str, Any],
) -> PreferenceRow:
    rated = next((_value(one, "rating") for one in results if one.get("type") == "rating"), None)
    strength = rated if type(rated) is int and 1 <= rated <= 4 else 1
    written = next((_value(one, "text") for one in results if one.get("type") == "textarea"), None)
    comment = "\n".join(text for text in written if isinstance(text, str)) if isinstance(written, list) else ""
    seconds = number_of(annotation.get("lead_time"), "lead_time")
    row = PreferenceRow(
        prompt,
        *answers,
        verdict,
        strength if verdict in ("a", "b") else 0,
        _annotator(annotation.get("completed_by")),
        name_of(data.get("model1"), "model1"),
        name_of(data.get("model2"), "model2"),
        False,
        max(seconds, 0.0) if seconds is not None else None,
    )
    return differing(replace(row, details=Details(comment=text_of(comment, "the comment")[:LONGEST_COMMENT])))


def _verdict(results: list[dict[str, Any]]) -> str | None:
    for one in results:
        selected, choices = _value(one, "selected"), _value(one, "choices")
        if one.get("type") == "pairwise" and isinstance(selected, str) and selected in SIDES:
            return SIDES[selected]
        if (
            one.get("type") == "choices"
            and isinstance(choices, list)
            and choices
            and str(choices[0]).lower() in CHOICES
        ):
            return CHOICES[str(choices[0]).lower()]
    return None


def _answers(data: dict[str, Any], results: list[dict[str, Any]]) -> tuple[str, str]:
    """The left and the right text: by the names that the control says it compares, else by the usual ones."""
    named = next((one.get("to_name") for one in results if one.get("type") == "pairwise"), None)
    pairs = [tuple(named.split(",")) if isinstance(named, str) else tuple(named or ()), *PAIRS]
    for pair in pairs:
        if len(pair) == 2 and all(isinstance(name, str) and data.get(name) is not None for name in pair):
            a, b = (answer_of(data[name], f"the answer {name!r}"[:40]) for name in pair)
            return a, b
    raise BadRow("its data have no two answers: they would be named answer1 and answer2, or as the control says")


def _annotator(value: Any) -> str | None:
    if isinstance(value, dict):
        value = next((value[name] for name in ("email", "username", "id") if value.get(name) is not None), None)
    return name_of(value, "completed_by")


def _value(result: dict[str, Any], name: str) -> Any:
    value = result.get("value")
    return value.get(name) if isinstance(value, dict) else None


def _results(row: PreferenceRow) -> list[dict[str, Any]]:
    compared = {"from_name": "preference", "to_name": "answer1,answer2"}
    if not row.has_side:
        made = [{**compared, "from_name": "verdict", "type": "choices", "value": {"choices": [row.verdict]}}]
    else:
        side = "left" if row.verdict == "a" else "right"
        made = [
            {**compared, "type": "pairwise", "value": {"selected": side}},
            {**compared, "from_name": "strength", "type": "rating", "value": {"rating": row.strength}},
        ]
    if row.details.comment:
        made.append({**compared, "from_name": "comment", "type": "textarea", "value": {"text": [row.details.comment]}})
    return made


VALUE = pa.struct(
    [("selected", STRING), ("rating", pa.int64()), ("text", pa.list_(STRING)), ("choices", pa.list_(STRING))]
)
RESULT = pa.struct([("from_name", STRING), ("to_name", STRING), ("type", STRING), ("value", VALUE)])
ANNOTATION = pa.struct(
    [
        ("completed_by", pa.struct([("email", STRING)])),
        ("lead_time", pa.float64()),
        ("was_cancelled", pa.bool_()),
        ("result", pa.list_(RESULT)),
    ]
)
DATA = pa.struct(
    [
        *(("prompt", STRING), ("messages", MESSAGES), ("answer1", STRING), ("answer2", STRING)),
        *(("model1", STRING), ("model2", STRING)),
    ]
)
SCHEMA = columns(id=pa.int64(), data=DATA, annotations=pa.list_(ANNOTATION))
FORMAT = Format(
    "labelstudio",
    known_by,
    {"preferences": read},
    {"preferences": Writer(SCHEMA, write, grouped=True, verdicts=COMPARED)},
)
