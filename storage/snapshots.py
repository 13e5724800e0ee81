"""Snapshots: the exact votes a model is trained on, as an immutable Parquet file named by their hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.database import Store, now
from storage.durable import put_in_place
from storage.errors import UserError
from storage.labels import LEARNED_FROM, STANDING_VOTES
from storage.prompts import FOLD_HASH, JUDGE_BOUND, fold_of
from storage.records import Fold, Snapshot

CONVERSATION = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema(
    [
        ("preference_id", pa.int64()),
        ("pair_id", pa.int64()),
        ("prompt_id", pa.int64()),
        ("labeler", pa.string()),
        ("prompt", CONVERSATION),
        ("completion_a", pa.string()),
        ("completion_b", pa.string()),
        ("ended_a", pa.bool_()),  # null where nobody knows, as of imported answers
        ("ended_b", pa.bool_()),
        ("model_a", pa.string()),
        ("model_b", pa.string()),
        ("verdict", pa.string()),
        ("strength", pa.int64()),
        ("flipped", pa.bool_()),
        ("fold", pa.string()),
        ("created_at", pa.string()),
        ("ranking_id", pa.int64()),  # of the ranking that the vote is one of the pairs of; null for a vote by itself
    ]
)

TAKEN = f"p.verdict IN ('a', 'b', 'tie', 'both_bad') AND q.split = 'train' AND {LEARNED_FROM}"
NOT_EXCLUDED = "s.labeler NOT IN (SELECT value FROM json_each(?))"
ROWS = f"""
SELECT p.preference_id, r.pair_id, r.prompt_id, s.labeler, q.messages, {FOLD_HASH} AS fold_sha256,
       x.text AS completion_a, y.text AS completion_b, m.name AS model_a, n.name AS model_b,
       x.ended AS ended_a, y.ended AS ended_b, p.verdict, p.strength, s.flipped, p.created_at, v.ranking_id
{STANDING_VOTES}LEFT JOIN ranking_votes v ON v.preference_id = p.preference_id
LEFT JOIN models m ON m.model_id = x.model_id
LEFT JOIN models n ON n.model_id = y.model_id
WHERE {TAKEN} AND {NOT_EXCLUDED}
ORDER BY p.preference_id
"""
TALLY = f"""
SELECT p.verdict, s.flipped, {FOLD_HASH} < '{JUDGE_BOUND}' AS judge, count(*) AS n {STANDING_VOTES}
WHERE {TAKEN} AND {NOT_EXCLUDED}
GROUP BY p.verdict, s.flipped, judge
"""


def take(store: Store, excluded: Sequence[str] = ()) -> Snapshot:
    """Freeze the current preferences, without those of the `excluded` labelers.

    The same votes give the same snapshot; its file is written again if damaged. Raises UserError when there is no vote
    to freeze.
    """
    rows = list(current_rows(store, excluded))
    if not rows:
        raise UserError("There is no preference to freeze yet: rank some pairs first.")
    sha256 = hash_rows(rows)
    path = store.snapshots / f"{sha256}.parquet"
    if not verify(path, sha256):
        _write_durably(path, rows)
    counts = Counter(row["verdict"] for row in rows) + Counter(row["fold"] for row in rows)
    with store.write() as db:
        db.execute(
            "INSERT INTO snapshots (sha256, row_count, counts, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (sha256) DO NOTHING",
            [sha256, len(rows), json.dumps(dict(counts), sort_keys=True), now()],
        )
    found = store.row("SELECT snapshot_id FROM snapshots WHERE sha256 = ?", [sha256])
    assert found is not None
    return get(store, found["snapshot_id"])


def get(store: Store, snapshot_id: int) -> Snapshot:
    """The snapshot's record; its file is at `path`."""
    row = store.row("SELECT * FROM snapshots WHERE snapshot_id = ?", [snapshot_id])
    if row is None:
        raise UserError(f"There is no snapshot {snapshot_id}.")
    return Snapshot(
        row["snapshot_id"],
        row["sha256"],
        row["row_count"],
        json.loads(row["counts"]),
        str(store.snapshots / f"{row['sha256']}.parquet"),
    )


def tally(store: Store, excluded: Sequence[str] = ()) -> Counter[tuple[str, Fold]]:
    """How many votes a snapshot would hold, by what was chosen as shown (left, right, tie, both_bad) and by fold.

    Those of the `excluded` labelers are not counted.
    """
    found: Counter[tuple[str, Fold]] = Counter()
    for row in store.rows(TALLY, [json.dumps(excluded)]):
        verdict = row["verdict"]
        shown = ("left" if (verdict == "a") != row["flipped"] else "right") if verdict in ("a", "b") else verdict
        found[shown, "judge" if row["judge"] else "train"] += row["n"]
    return found


def current_rows(store: Store, excluded: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """The current preferences on train prompts as rows of the snapshot's schema, in the order of their ids.

    Those of the `excluded` labelers are left out.
    """
    for row in store.db().query(ROWS, [json.dumps(excluded)]):
        row["prompt"] = json.loads(row.pop("messages"))
        row["fold"] = fold_of(row.pop("fold_sha256"))
        row["flipped"] = bool(row["flipped"])
        for ended in ("ended_a", "ended_b"):
            row[ended] = None if row[ended] is None else bool(row[ended])
        yield {name: row[name] for name in SCHEMA.names}


def hash_rows(rows: list[dict[str, Any]]) -> str:
    """sha256 over the rows as canonical JSON lines: sorted keys, no blanks, UTF-8."""
    digest = hashlib.sha256()
    for row in rows:
        line = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        digest.update(line.encode("utf-8") + b"\n")
    return digest.hexdigest()


def verify(path: Path | str, sha256: str) -> bool:
    """Whether the file is there and holds exactly the rows of this hash."""
    try:
        rows = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException):  # gone, cut short, or no Parquet any more
        return False
    return hash_rows(rows) == sha256


def _write_durably(path: Path, rows: list[dict[str, Any]]) -> None:
    partial = path.with_suffix(f".{secrets.token_hex(8)}.partial")  # two threads may freeze the same votes at once
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), partial)
    put_in_place(partial, path)
