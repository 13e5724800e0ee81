"""Arena battles: two models' conversations and a `winner` (Chiang et al. 2024)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from storage.exchange.fields import as_messages, conversation_of, differing, field_of, name_of, prompt_of
from storage.exchange.format import COMPARED, MESSAGES, STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.reading import BadRow
from storage.exchange.shapes import PreferenceRow, name_in_file

WINNERS = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
VERDICTS = {**{winner: verdict for verdict, winner in WINNERS.items()}, "both_bad": "both_bad", "bothbad": "both_bad"}


def read(row: Any) -> PreferenceRow:
    """Model a was on the left. How much better the winner is, a battle does not say."""
    a, b = (conversation_of(field_of(row, name), name) for name in ("conversation_a", "conversation_b"))
    if not a or not b or a[-1]["role"] != "assistant" or b[-1]["role"] != "assistant":
        raise BadRow("its conversations do not end in an assistant's message")
    if a[:-1] != b[:-1]:
        raise BadRow("its conversations part before the last question, so that the two answers are not to one prompt")
    winner = field_of(row, "winner")
    verdict = VERDICTS.get(winner) if isinstance(winner, str) else None
    if verdict is None:
        raise BadRow(f"the winner is none of {', '.join(WINNERS.values())}")
    return differing(
        PreferenceRow(
            prompt_of(a[:-1]),
            a[-1]["content"],
            b[-1]["content"],
            verdict,
            int(verdict in ("a", "b")),
            labeler=name_of(row.get("judge"), "the judge"),
            model_a=name_of(row.get("model_a"), "model_a"),
            model_b=name_of(row.get("model_b"), "model_b"),
            flipped=False,
        )
    )


def write(row: PreferenceRow, about: About) -> dict[str, Any]:
    """In the order shown."""
    shown = row.turned() if row.flipped else row
    return {
        "question_id": str(about["pair_id"]),
        "model_a": shown.model_a,
        "model_b": shown.model_b,
        "winner": WINNERS[shown.verdict],
        "judge": name_in_file(shown.labeler),
        "conversation_a": [*shown.prompt, *as_messages(shown.a)],
        "conversation_b": [*shown.prompt, *as_messages(shown.b)],
        "turn": sum(turn["role"] == "user" for turn in shown.prompt),
    }


SCHEMA = columns(
    question_id=STRING,
    model_a=STRING,
    model_b=STRING,
    winner=STRING,
    judge=STRING,
    conversation_a=MESSAGES,
    conversation_b=MESSAGES,
    turn=pa.int64(),
)
FORMAT = Format(
    "arena",
    having("model_a", "model_b", "winner", "conversation_a", "conversation_b"),
    {"preferences": alone(read)},
    {"preferences": Writer(SCHEMA, one(write), verdicts=COMPARED)},
)
