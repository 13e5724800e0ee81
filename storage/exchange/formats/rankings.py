"""Rankings of several answers, as they were given: each row a prompt, its answers and their ranks."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from storage.exchange.fields import conversation_of, field_of, name_of, prompt_of, text_of, whole_number_of
from storage.exchange.format import MESSAGES, STRING, About, Format, Writer, columns, having, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import PreferenceRow, RankingRow
from storage.rankings import votes_of

MOST = 8  # answers


def read(row: Any) -> list[PreferenceRow]:
    """A vote for every two answers, by the rule by which a ranking here comes to votes."""
    prompt = prompt_of(conversation_of(field_of(row, "prompt"), "the prompt"))
    answers, given = field_of(row, "completions"), field_of(row, "ranks")
    if not isinstance(answers, list) or not isinstance(given, list) or not 2 <= len(answers) == len(given) <= MOST:
        raise BadRow(f"its completions and ranks are no two lists of equal length, 2 to {MOST}")
    texts = [text_of(answer, "a completion") for answer in answers]
    if len(set(texts)) < len(texts):
        raise BadRow("two of its completions are the same")
    ranks = [whole_number_of(rank, "a rank", range(1, MOST + 1)) for rank in given]
    labeler = name_of(row.get("labeler"), "the labeler")
    return [
        PreferenceRow(prompt, texts[a], texts[b], verdict, strength, labeler)
        for a, b, verdict, strength in votes_of(ranks)
    ]


def write(row: RankingRow, about: About) -> dict[str, Any]:
    """Everything."""
    known = {
        "labeler": row.labeler,
        "prompt": list(row.prompt),
        "completions": list(row.answers),
        "models": list(row.models),
        "ranks": list(row.ranks),
        "verdict": row.verdict,
        "arrangement": list(row.arrangement),
        "flagged": row.details.flagged,
        "reasons": list(row.details.reasons),
        "comment": row.details.comment,
    }
    return {name: known[name] if name in known else about[name] for name in SCHEMA.names}


SCHEMA = columns(
    ranking_id=pa.int64(),
    supersedes=pa.int64(),
    showing_id=pa.int64(),
    set_id=pa.int64(),
    prompt_id=pa.int64(),
    labeler=STRING,
    prompt=MESSAGES,
    completions=pa.list_(STRING),
    models=pa.list_(STRING),
    ranks=pa.list_(pa.int64()),  # of each completion, 1 for the best; empty where the verdict is not ranked
    verdict=STRING,
    arrangement=pa.list_(pa.int64()),  # the places of the completions in the order shown
    seconds=pa.float64(),
    flagged=pa.bool_(),
    reasons=pa.list_(STRING),
    comment=STRING,
    split=STRING,
    shown_at=STRING,
    created_at=STRING,
)
FORMAT = Format(
    "rankings",
    having("completions", "ranks"),
    {"preferences": read},
    {"rankings": Writer(SCHEMA, one(write))},
)
