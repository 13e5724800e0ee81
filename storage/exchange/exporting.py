"""Export: preferences and ratings in TRL's conversational form, demonstrations as chats, or every vote.

A file appears whole or not at all, and one that is there already is never overwritten.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage import demonstrations, ratings
from storage.database import Store
from storage.errors import UserError
from storage.labels import STANDING_VOTES
from storage.prompts import FOLD_HASH, fold_of
from storage.records import MARGINS
from storage.snapshots import CONVERSATION

SCHEMAS = {
    "preferences": pa.schema(
        [
            ("prompt", CONVERSATION),
            ("chosen", CONVERSATION),
            ("rejected", CONVERSATION),
            ("margin", pa.float64()),
            ("split", pa.string()),
        ]
    ),
    "demonstrations": pa.schema(
        [
            ("messages", CONVERSATION),
            ("labeler", pa.string()),
            ("demonstration_id", pa.int64()),
            ("split", pa.string()),
        ]
    ),
    "ratings": pa.schema(
        [
            ("prompt", CONVERSATION),
            ("completion", CONVERSATION),
            ("label", pa.bool_()),
            ("rating_id", pa.int64()),
            ("labeler", pa.string()),
            ("model", pa.string()),
            ("split", pa.string()),
            ("created_at", pa.string()),
        ]
    ),
    "votes": pa.schema(
        [
            ("preference_id", pa.int64()),
            ("supersedes", pa.int64()),
            ("showing_id", pa.int64()),
            ("pair_id", pa.int64()),
            ("prompt_id", pa.int64()),
            ("labeler", pa.string()),
            ("prompt", CONVERSATION),
            ("completion_a", pa.string()),
            ("completion_b", pa.string()),
            ("model_a", pa.string()),
            ("model_b", pa.string()),
            ("source", pa.string()),
            ("verdict", pa.string()),
            ("strength", pa.int64()),
            ("flipped", pa.bool_()),
            ("seconds", pa.float64()),
            ("flagged", pa.bool_()),
            ("reasons", pa.list_(pa.string())),
            ("comment", pa.string()),
            ("ratings", pa.string()),  # an object of criteria in JSON, each with the grades of a and b
            ("split", pa.string()),
            ("fold", pa.string()),
            ("shown_at", pa.string()),
            ("created_at", pa.string()),
        ]
    ),
}

VOTES = f"""
SELECT p.preference_id, p.supersedes, s.showing_id, r.pair_id, r.prompt_id, s.labeler, q.messages,
       x.text AS completion_a, y.text AS completion_b, m.name AS model_a, n.name AS model_b, r.source,
       {FOLD_HASH} AS fold_sha256, p.verdict, p.strength, s.flipped, p.seconds, q.split, s.shown_at, p.created_at,
       coalesce(d.flagged, 0) AS flagged, coalesce(d.reasons, '[]') AS reasons, coalesce(d.comment, '') AS comment,
       coalesce(d.ratings, '{{}}') AS ratings
{STANDING_VOTES}LEFT JOIN preference_details d USING (preference_id)
LEFT JOIN models m ON m.model_id = x.model_id
LEFT JOIN models n ON n.model_id = y.model_id
WHERE p.verdict <> 'withdrawn'
ORDER BY p.preference_id
"""

MADE_BY = {"ratings": "give answers in the chat a thumb first"}

Rows = Sequence[dict[str, Any]]


def export_file(store: Store, path: Path, what: str = "preferences", format: str = "trl") -> int:
    """Write the preferences for one side, the demonstrations, the ratings or all votes to a new file; returns how many.

    Raises UserError when there are none, `what`, `format` or the file's suffix is unknown, or the file exists.
    """
    if what not in SCHEMAS:
        raise UserError(f"{what!r} cannot be exported: take {', '.join(SCHEMAS)}.")
    if format != "trl":
        raise UserError(f"{format!r} is no format to export: take trl.")
    suffix = next((suffix for suffix in WRITERS if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        raise UserError(f"{path} is no file to export to by its name: it has to end in {', '.join(WRITERS)}.")
    if path.exists():
        raise UserError(f"{path} exists already: choose a new file for the export.")
    rows = list(SOURCES[what](store))
    if not rows:
        raise UserError(f"There are no {what} to export yet: {MADE_BY.get(what, 'rank some pairs first')}.")
    _write_whole(path, lambda partial: WRITERS[suffix](partial, rows, SCHEMAS[what]))
    return len(rows)


def _votes(store: Store) -> Iterator[dict[str, Any]]:
    for row in store.db().query(VOTES):
        row["prompt"] = json.loads(row.pop("messages"))
        row["fold"] = fold_of(row.pop("fold_sha256"))
        row["flipped"], row["flagged"] = bool(row["flipped"]), bool(row["flagged"])
        row["reasons"] = json.loads(row["reasons"])
        yield {name: row[name] for name in SCHEMAS["votes"].names}


def _preferences(store: Store) -> Iterator[dict[str, Any]]:
    for vote in _votes(store):
        if vote["verdict"] in ("a", "b"):
            sides = (vote["completion_a"], vote["completion_b"])
            chosen, rejected = sides if vote["verdict"] == "a" else sides[::-1]
            yield {
                "prompt": vote["prompt"],
                "chosen": [{"role": "assistant", "content": chosen}],
                "rejected": [{"role": "assistant", "content": rejected}],
                "margin": MARGINS[vote["strength"]],
                "split": vote["split"],
            }


def _ratings(store: Store) -> Iterator[dict[str, Any]]:
    for row in ratings.rows(store):
        judged = {"completion": [{"role": "assistant", "content": row["completion"]}], "label": row["thumb"] == "up"}
        yield {name: {**row, **judged}[name] for name in SCHEMAS["ratings"].names}


SOURCES: dict[str, Callable[[Store], Iterable[dict[str, Any]]]] = {
    "preferences": _preferences,
    "demonstrations": demonstrations.rows,
    "ratings": _ratings,
    "votes": _votes,
}


def _write_jsonl(path: Path, rows: Rows, _: pa.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write_jsonl_gz(path: Path, rows: Rows, _: pa.Schema) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="\n") as handle:
        handle.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write_csv(path: Path, rows: Rows, schema: pa.Schema) -> None:
    """Messages are JSON inside their cell, since CSV knows only text."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(schema.names)
        for row in rows:
            writer.writerow(
                json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in row.values()
            )


def _write_parquet(path: Path, rows: Rows, schema: pa.Schema) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)


WRITERS: dict[str, Callable[[Path, Rows, pa.Schema], None]] = {
    ".jsonl": _write_jsonl,
    ".jsonl.gz": _write_jsonl_gz,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        with partial.open("rb") as handle:
            os.fsync(handle.fileno())
        partial.replace(path)
    except OSError as error:
        raise UserError(f"{path} could not be written ({error.strerror}): choose another place.") from error
    finally:
        partial.unlink(missing_ok=True)
