"""From rows to a file: JSON, JSONL, CSV or Parquet, or a directory of Parquet. Rows are written as they come."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.exchange.cells import text_of_cell

ROW_GROUP = 1000
SPLIT_FILES = {"train": "data/train.parquet", "heldout": "data/test.parquet"}  # the names that `datasets` knows

Rows = Iterable[dict[str, Any]]


def _write_jsonl(path: Path, rows: Rows, _: pa.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(_json(row) + "\n" for row in rows)


def _write_jsonl_gz(path: Path, rows: Rows, _: pa.Schema) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="\n") as handle:
        handle.writelines(_json(row) + "\n" for row in rows)


def _write_json(path: Path, rows: Rows, _: pa.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        for number, row in enumerate(rows):
            handle.write((",\n" if number else "[\n") + _json(row))
        handle.write("\n]\n")


def _write_csv(path: Path, rows: Rows, schema: pa.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        _csv_rows(handle, rows, schema)


def _write_csv_gz(path: Path, rows: Rows, schema: pa.Schema) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as handle:
        _csv_rows(handle, rows, schema)


def _csv_rows(handle: io.TextIOBase, rows: Rows, schema: pa.Schema) -> None:
    writer = csv.writer(handle)
    writer.writerow(schema.names)
    writer.writerows([text_of_cell(row.get(name)) for name in schema.names] for row in rows)


def _write_parquet(path: Path, rows: Rows, schema: pa.Schema) -> None:
    with pq.ParquetWriter(path, schema) as writer:
        for table in _tables(rows, schema):
            writer.write_table(table)


def _tables(rows: Rows, schema: pa.Schema) -> Iterator[pa.Table]:
    left = iter(rows)
    while group := list(islice(left, ROW_GROUP)):
        yield pa.Table.from_pylist(group, schema=schema)


FILES: dict[str, Callable[[Path, Rows, pa.Schema], None]] = {
    ".jsonl": _write_jsonl,
    ".jsonl.gz": _write_jsonl_gz,
    ".json": _write_json,
    ".csv": _write_csv,
    ".csv.gz": _write_csv_gz,
    ".parquet": _write_parquet,
}


def write_folder(path: Path, rows: Iterable[tuple[str, dict[str, Any]]], schema: pa.Schema) -> None:
    """A directory with a Parquet file for each split."""
    waiting: dict[str, list[dict[str, Any]]] = {}
    writers: dict[str, pq.ParquetWriter] = {}
    with ExitStack() as open_files:
        (path / "data").mkdir(parents=True)

        def flush(split: str) -> None:
            if split not in writers:
                writers[split] = open_files.enter_context(pq.ParquetWriter(path / SPLIT_FILES[split], schema))
            writers[split].write_table(pa.Table.from_pylist(waiting.pop(split), schema=schema))

        for split, row in rows:
            waiting.setdefault(split, []).append(row)
            if len(waiting[split]) == ROW_GROUP:
                flush(split)
        for split in list(waiting):
            flush(split)


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)
