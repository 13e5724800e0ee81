"""Argilla 2 records, as `dataset.records.to_json` writes them: `fields`, `responses` and `suggestions` by question.

A question is a ranking of the answers, a label that names the better one, or a rating of each; what it is, its values
tell. Each user's responses are one labeler's votes, and several users' are votes on the same pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import pyarrow as pa

from storage.exchange.fields import (
    LONGEST_COMMENT,
    answer_of,
    conversation_of,
    differing,
    field_of,
    name_of,
    prompt_of,
    text_of,
)
from storage.exchange.format import COMPARED, MESSAGES, STRING, About, Format, Writer, columns, having
from storage.exchange.reading import BadRow
from storage.exchange.shapes import PreferenceRow, named
from storage.records import Details

PROMPTS = ("prompt", "instruction", "question", "messages", "conversation", "chat", "context", "input")
TIES = {"tie", "same", "equal", "bothgood"}
BOTH_BAD = {"bothbad", "neither", "none"}
MOST_ANSWERS = 8
LEFT_OUT = ("draft", "discarded")  # responses that were not submitted

Said = dict[str, Any]  # what one user answered, by question


def read(row: Any) -> Sequence[PreferenceRow]:
    """The votes of every user; where nobody responded, those that were suggested, as their agent's."""
    fields = field_of(row, "fields")
    if not isinstance(fields, dict):
        raise BadRow("its fields are no object")
    asked = next((name for name in PROMPTS if fields.get(name) is not None), None)
    if asked is None:
        raise BadRow(f"none of its fields is a prompt: it would be named {', '.join(PROMPTS)}")
    prompt = prompt_of(conversation_of(fields[asked], "the prompt"))
    names = [name for name, value in fields.items() if value is not None and name not in PROMPTS]
    if not 2 <= len(names) <= MOST_ANSWERS:
        raise BadRow(f"it has {len(names)} answers among its fields, where 2 to {MOST_ANSWERS} can be compared")
    answers = [answer_of(fields[name], f"the field {name!r}"[:40]) for name in names]
    models = _models(row.get("metadata"), len(names))
    found = []
    for labeler, said in _voters(row):
        ranks, comment = _ranks(said, names), _comment(said)
        for i, j in combinations(range(len(names)), 2) if ranks else ():
            found.append(
                _vote(
                    prompt,
                    (answers[i], answers[j]),
                    (ranks[i], ranks[j]),
                    said,
                    labeler,
                    (models[i], models[j]),
                    comment,
                )
            )
    if not found:
        raise BadRow("nobody's response says which of its answers is the better one")
    return found


def write(rows: Sequence[tuple[PreferenceRow, About]]) -> dict[str, Any]:
    """A record of one pair: a label question `preference`, a rating question `strength`, and a text `comment`."""
    first, about = rows[0]
    said = [(row, named(row)) for row, _ in rows]
    return {
        "id": str(about["pair_id"]),
        "fields": {"prompt": list(first.prompt), "response1": first.a, "response2": first.b},
        "metadata": {"model1": first.model_a, "model2": first.model_b, "split": about["split"]},
        "suggestions": None,
        "responses": {
            "preference": [{"value": NAMES[row.verdict], "user_id": user} for row, user in said],
            "strength": [{"value": row.strength, "user_id": user} for row, user in said if row.has_side],
            "comment": [{"value": row.details.comment, "user_id": user} for row, user in said if row.details.comment],
        },
        "status": "completed",
    }


def _vote(
    prompt: Any,
    answers: tuple[str, str],
    ranks: tuple[float, float],
    said: Said,
    labeler: str | None,
    models: tuple[str | None, str | None],
    comment: str,
) -> PreferenceRow:
    """Of two answers the one with the lower rank is better; two without a number are both bad."""
    a, b = ranks
    even = "both_bad" if a == BAD else "tie"
    verdict = even if a == b else "a" if a < b else "b"
    told = said.get("strength")
    strength = int(told) if isinstance(told, int | float) and told in (1, 2, 3, 4) else 1
    row = PreferenceRow(prompt, *answers, verdict, strength if verdict in ("a", "b") else 0, labeler, *models, False)
    return differing(replace(row, details=Details(comment=comment)))


def _voters(row: dict[str, Any]) -> Iterator[tuple[str | None, Said]]:
    responses, suggestions = row.get("responses") or {}, row.get("suggestions") or {}
    if not isinstance(responses, dict) or not isinstance(suggestions, dict):
        raise BadRow("its responses or suggestions are no object by question")
    by_user: dict[str | None, Said] = {}
    for question, given in responses.items():
        for response in given if isinstance(given, list) else []:
            if isinstance(response, dict) and response.get("status") not in LEFT_OUT:
                user = name_of(response.get("user_id"), "a user_id")
                by_user.setdefault(user, {})[question] = response.get("value")
    for question, suggestion in suggestions.items() if not by_user else ():
        if isinstance(suggestion, dict):
            agent = name_of(suggestion.get("agent"), "an agent")
            by_user.setdefault(agent, {})[question] = suggestion.get("value")
    yield from by_user.items()


BAD = float("inf")


def _ranks(said: Said, names: list[str]) -> list[float]:
    """The place of each answer, the lower the better, by ranking, else label, else ratings; nothing if none says."""
    for value in said.values():
        if isinstance(value, list) and (ranks := _by_ranking(value, names)):
            return ranks
    for value in said.values():
        if isinstance(value, str) and (ranks := _by_label(value, names)):
            return ranks
    rated = [_rating(said, name) for name in names]
    return [-grade for grade in rated if grade is not None] if None not in rated else []


def _by_ranking(value: list[Any], names: list[str]) -> list[float]:
    places: dict[int, float] = {}
    for place, entry in enumerate(value, 1):
        name, rank = (entry.get("value"), entry.get("rank")) if isinstance(entry, dict) else (entry, None)
        index = _index(name, names)
        if index is None:
            return []
        places[index] = rank if isinstance(rank, int) and not isinstance(rank, bool) else place
    return [places[index] for index in range(len(names))] if len(places) == len(names) else []


def _by_label(value: str, names: list[str]) -> list[float]:
    index = _index(value, names)
    if index is not None:
        return [float(other != index) for other in range(len(names))] if len(names) == 2 else []
    if _plain(value) in TIES:
        return [0.0] * len(names)
    return [BAD] * len(names) if _plain(value) in BOTH_BAD else []


def _rating(said: Said, name: str) -> float | None:
    """The rating of the one question whose name holds the answer's."""
    found = [value for question, value in said.items() if _plain(name) in _plain(question)]
    return found[0] if len(found) == 1 and type(found[0]) in (int, float) else None


def _index(value: Any, names: list[str]) -> int | None:
    """Which answer a value names: by its whole name, or by the number or letter that names end in."""
    if not isinstance(value, str | int):
        return None
    plain = _plain(str(value))
    whole = [_plain(name) for name in names]
    ends = [match.group() if (match := re.search(r"\d+$|(?<![a-z])[a-z]$|[ab]$", name)) else name for name in whole]
    sides = ["left", "right"] if len(names) == 2 else []
    return next((known.index(plain) for known in (whole, ends, sides) if plain in known), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _comment(said: Said) -> str:
    value = said.get("comment")
    return text_of(value, "the comment")[:LONGEST_COMMENT] if isinstance(value, str) else ""


def _models(metadata: Any, count: int) -> list[str | None]:
    known = metadata if isinstance(metadata, dict) else {}
    return [name_of(known.get(f"model{number}"), "a model") for number in range(1, count + 1)]


NAMES = {"a": "response1", "b": "response2", "tie": "tie", "both_bad": "both_bad"}
TEXTS = pa.list_(pa.struct([("value", STRING), ("user_id", STRING)]))
GRADES = pa.list_(pa.struct([("value", pa.int64()), ("user_id", STRING)]))
SCHEMA = columns(
    id=STRING,
    fields=pa.struct([("prompt", MESSAGES), ("response1", STRING), ("response2", STRING)]),
    metadata=pa.struct([("model1", STRING), ("model2", STRING), ("split", STRING)]),
    suggestions=pa.struct([("preference", pa.struct([("value", STRING), ("agent", STRING)]))]),
    responses=pa.struct([("preference", TEXTS), ("strength", GRADES), ("comment", TEXTS)]),
    status=STRING,
)
FORMAT = Format(
    "argilla",
    having("fields", "responses"),
    {"preferences": read},
    {"preferences": Writer(SCHEMA, write, grouped=True, verdicts=COMPARED)},
)
