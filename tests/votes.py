"""A snapshot of votes for tests of training: a preference that a tiny model can learn."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.snapshots import SCHEMA

GOOD = ["The sea is wide and blue.", "The dog came home.", "A cup of tea."]
BAD = ["the the the the the", "river river river", "all all day all day"]


def write_votes(path: Path, count: int = 24, judge_every: int = 4) -> Path:
    """`count` votes for the good side, every so many on the judge's fold, with a tie and a both-bad behind them."""
    rows = [_row(number, "ab"[number % 2], 1 + number % 4, judge_every) for number in range(count)]
    rows += [_row(count, "tie", 0, judge_every), _row(count + 1, "both_bad", 0, judge_every)]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    return path


def _row(number: int, verdict: str, strength: int, judge_every: int) -> dict[str, object]:
    good, bad = GOOD[number % len(GOOD)], BAD[number % len(BAD)]
    first, second = (bad, good) if verdict == "b" else (good, bad)
    return {
        "preference_id": number + 1,
        "pair_id": number + 1,
        "prompt_id": number + 1,
        "labeler": "local",
        "prompt": [{"role": "user", "content": f"Tell me about the sea, please. {number}"}],
        "completion_a": first,
        "completion_b": second,
        "ended_a": True,
        "ended_b": True,
        "model_a": "policy",
        "model_b": "policy",
        "verdict": verdict,
        "strength": strength,
        "flipped": False,
        "fold": "judge" if number % judge_every == 0 else "train",
        "created_at": f"2026-01-01T00:00:{number:02d}.000000+00:00",
    }
