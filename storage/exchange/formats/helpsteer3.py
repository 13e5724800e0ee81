"""HelpSteer3: a `context`, two responses and an `overall_preference` from -3 to 3 (Wang et al. 2025)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from storage.exchange.fields import answer_of, conversation_of, differing, field_of, prompt_of, whole_number_of
from storage.exchange.format import COMPARED, MESSAGES, STRING, About, Format, Writer, alone, columns, having, one
from storage.exchange.shapes import PreferenceRow

# -3 and 3 are "much better", -2 and 2 "better", -1 and 1 "slightly better"; below 0 the first response is.
STRENGTHS = {1: 2, 2: 3, 3: 4}
DEGREES = {1: 1, 2: 1, 3: 2, 4: 3}  # "barely better" is said as "slightly better"


def read(row: Any) -> PreferenceRow:
    """The responses keep their order, the first one on the left; 0 is a tie."""
    prompt = prompt_of(conversation_of(field_of(row, "context"), "the context"))
    a, b = (answer_of(field_of(row, name), name) for name in ("response1", "response2"))
    degree = whole_number_of(field_of(row, "overall_preference"), "overall_preference", range(-3, 4))
    verdict = "a" if degree < 0 else "b" if degree > 0 else "tie"
    return differing(PreferenceRow(prompt, a, b, verdict, STRENGTHS.get(abs(degree), 0), flipped=False))


def write(row: PreferenceRow, _: About) -> dict[str, Any]:
    """In the order shown. Both bad is 0 too: the format says only how the two compare."""
    shown = row.turned() if row.flipped else row
    sign = {"a": -1, "b": 1}.get(shown.verdict, 0)
    return {
        "context": list(shown.prompt),
        "response1": shown.a,
        "response2": shown.b,
        "overall_preference": sign * DEGREES[shown.strength] if sign else 0,
    }


SCHEMA = columns(context=MESSAGES, response1=STRING, response2=STRING, overall_preference=pa.int64())
FORMAT = Format(
    "helpsteer3",
    having("context", "response1", "response2", "overall_preference"),
    {"preferences": alone(read)},
    {"preferences": Writer(SCHEMA, one(write), verdicts=COMPARED)},
)
