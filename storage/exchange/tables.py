"""Rows of Parquet and Arrow files. A few bytes of either can stand for many rows, so a few are unpacked at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import UserError
from storage.exchange import reading
from storage.exchange.reading import Placed, listed, too_large, too_many_rows

BATCH = 64
COLUMNS = (
    *("prompt", "messages", "instruction", "input", "output", "instances"),
    *("chosen", "rejected", "margin", "score_chosen", "score_rejected", "completion", "label"),
    *("context", "response1", "response2", "overall_preference"),
    *("conversation_a", "conversation_b", "model_a", "model_b", "winner", "judge"),
    *("id", "fields", "responses", "suggestions", "metadata", "status", "data", "annotations"),
    *("preferred_output", "non_preferred_output", "labeler", "model"),
    *("completion_a", "completion_b", "source", "verdict", "strength", "flipped", "seconds"),
    *("flagged", "reasons", "comment", "ratings"),
    *("completions", "ranks"),
)


def rows_of_table(path: Path, suffix: str) -> Iterator[Placed]:
    """The rows of a file, of their columns those that a format reads. Raises UserError when it cannot be read."""
    number, size = 0, 0
    try:
        for batch in _parquet(path) if suffix == ".parquet" else _arrow(path):
            size += batch.nbytes
            if size > reading.MOST_BYTES:
                raise too_large(path)
            for value in batch.to_pylist():
                number += 1
                yield Placed(number, value)
    except (pa.ArrowException, OSError, ValueError) as error:
        kind = "Parquet" if suffix == ".parquet" else "Arrow"
        raise UserError(f"{path} is no {kind} file that can be read ({str(error).splitlines()[0][:200]}).") from error


def _parquet(path: Path) -> Iterator[pa.RecordBatch]:
    source = pa.BufferReader(reading.unpacked(path)) if reading.is_packed(path) else path
    with pq.ParquetFile(source) as file:
        if file.metadata.num_rows > reading.MOST_ROWS:  # told before any is read: a few bytes can hold millions
            raise too_many_rows(path)
        columns = _known(path, file.schema_arrow.names)
        yield from file.iter_batches(batch_size=BATCH, columns=columns)


def _arrow(path: Path) -> Iterator[pa.RecordBatch]:
    """As `datasets` saves a dataset: a stream of batches."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
        columns = _known(path, stream.schema.names)
        for batch in stream:
            for start in range(0, batch.num_rows, BATCH):
                yield batch.select(columns).slice(start, BATCH)


def _known(path: Path, names: list[str]) -> list[str]:
    columns = [name for name in names if name in COLUMNS]
    if not columns:
        raise UserError(f"{path} has the columns {listed(names)}, and none of {', '.join(COLUMNS)}.")
    return columns
