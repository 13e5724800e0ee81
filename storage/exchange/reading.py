"""From a file to its rows: text, JSON, JSONL, CSV or Parquet, each also gzipped.

Nothing in a file is trusted: what it unpacks to is bounded, and a row that cannot be read is named by its number while
the others come through. Numbers count lines in text and JSONL, and rows from 1 elsewhere.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import UserError

MOST_BYTES = 256 * 1024 * 1024  # of the file, unpacked
MOST_ROWS = 2_000_000
PARQUET_BATCH = 64  # a few bytes of Parquet can stand for many rows, so they are unpacked a few at a time
NAMES_SHOWN = 8
SUFFIXES = (".txt", ".json", ".jsonl", ".csv", ".parquet")
COLUMNS = (
    *("prompt", "messages", "instruction", "input", "output", "instances", "chosen", "rejected", "margin"),
    *("completion", "label"),
)
GZIP_MAGIC = b"\x1f\x8b"

_BETWEEN_RECORDS = re.compile(r"[\s,]*")


class BadRow(Exception):
    """Why one row cannot be brought in, as a sentence without its full stop."""


Row = tuple[int, Any]  # its number, and a dict, a string or the BadRow that says why there is neither


def read_rows(path: Path) -> list[Row]:
    """Every row of a file. Raises UserError when the file as a whole cannot be read."""
    suffix = _suffix(path)
    rows: list[Row] = []
    for row in _rows(path, suffix, _unpacked(path).removeprefix(codecs.BOM_UTF8)):
        if len(rows) == MOST_ROWS:
            raise _too_many_rows(path)
        rows.append(row)
    return rows


def _too_many_rows(path: Path) -> UserError:
    return UserError(f"{path} has more than {MOST_ROWS} rows: split it into smaller files.")


def read_text(path: Path) -> str:
    """The whole text of a file, plain or gzipped, without a byte-order mark and with "\\n" at line ends.

    Raises UserError when it cannot be read, is a torn gzip file, or is not UTF-8.
    """
    text = _decoded(path, _unpacked(path, most=None).removeprefix(codecs.BOM_UTF8))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def place(path: Path, number: int) -> str:
    """Where row `number` of a file that has been read is, for a person who has it open: its line, or its row."""
    if _suffix(path) in (".csv", ".parquet"):
        return f"row {number}"
    text = _decoded(path, _unpacked(path).removeprefix(codecs.BOM_UTF8))
    if _suffix(path) == ".txt" or text.lstrip()[:1] != "[":
        return f"line {number}"
    return f"record {number} (line {_line_of_record(text, number)})"


def _suffix(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
    if suffix is None:
        raise UserError(f"{path} is no file to read by its name: it has to end in {', '.join(SUFFIXES)}, or .gz.")
    return suffix


def _rows(path: Path, suffix: str, data: bytes) -> Iterator[Row]:
    if suffix == ".parquet":
        return _parquet(path, data)
    if suffix == ".csv":
        return _csv(path, _decoded(path, data))
    if suffix == ".txt":
        return ((number, line.strip()) for number, line in _lines(path, data))
    if data.lstrip()[:1] == b"[":
        return _json_list(path, _decoded(path, data))
    return ((number, _json_line(line)) for number, line in _lines(path, data))


def listed(names: Iterable[str]) -> str:
    """Names from a file, fit for a sentence: quoted, and only the first few."""
    shown = [repr(name)[:40] for name in names]
    return ", ".join([*shown[:NAMES_SHOWN], *(["..."] if len(shown) > NAMES_SHOWN else [])])


def _unpacked(path: Path, most: int | None = MOST_BYTES) -> bytes:
    """The bytes of a file, no more than `most` of them if it says so."""
    try:
        with gzip.open(path) if _is_packed(path) else path.open("rb") as handle:
            data = handle.read(-1 if most is None else most + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (EOFError, zlib.error) as error:
        raise UserError(f"{path} is no whole gzip file ({error}): copy it again.") from error
    if most is not None and len(data) > most:
        raise UserError(f"{path} holds more than {MOST_BYTES // 1024**2} MiB: split it into smaller files.")
    return data


def _is_packed(path: Path) -> bool:
    with path.open("rb") as handle:
        return path.name.lower().endswith(".gz") or handle.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def _decoded(path: Path, data: bytes, line: int = 1) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise UserError(f"{path} is not UTF-8 text (line {line}): save it as UTF-8.") from error


def _lines(path: Path, data: bytes) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers. Bytes are cut at line feeds only, text also at U+2028 and more."""
    for number, line in enumerate(io.BytesIO(data), 1):
        if line.strip():
            yield number, _decoded(path, line, number)


def _json_list(path: Path, text: str) -> Iterator[Row]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is no JSON list ({_reason(error)}).") from error
    return enumerate(values, 1)


def _line_of_record(text: str, number: int) -> int:
    """The line on which record `number` of a JSON list begins."""
    decoder, end, start = json.JSONDecoder(), text.index("[") + 1, 0
    for _ in range(number):
        between = _BETWEEN_RECORDS.match(text, end)
        start = between.end() if between else end
        _, end = decoder.raw_decode(text, start)
    return text.count("\n", 0, start) + 1


def _json_line(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:  # its own line number would be that within this line
        return BadRow(f"it is no JSON ({error.msg} at character {error.colno})")
    except (ValueError, RecursionError) as error:
        return BadRow(f"it is no JSON ({_reason(error)})")


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _csv(path: Path, text: str) -> Iterator[Row]:
    csv.field_size_limit(MOST_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = next(reader, [])
        for number, cells in enumerate((cells for cells in reader if cells), 1):
            if len(cells) != len(names):
                yield number, BadRow(f"it has {len(cells)} cells under {len(names)} headings")
            else:
                yield number, {name.strip(): _cell(cell) for name, cell in zip(names, cells, strict=True)}
    except csv.Error as error:
        raise UserError(f"{path} is no CSV (line {reader.line_num}: {error}).") from error


def _cell(text: str) -> Any:
    """A CSV cell; one that holds messages as JSON becomes them."""
    if text.startswith("[{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _parquet(path: Path, data: bytes) -> Iterator[Row]:
    number, size = 0, 0
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        if file.metadata.num_rows > MOST_ROWS:  # told before any is read: a few bytes can hold millions
            raise _too_many_rows(path)
        names = file.schema_arrow.names
        columns = [name for name in names if name in COLUMNS]
        if not columns:
            raise UserError(f"{path} has the columns {listed(names)}, and none of {', '.join(COLUMNS)}.")
        for batch in file.iter_batches(batch_size=PARQUET_BATCH, columns=columns):
            size += batch.nbytes
            if size > MOST_BYTES:
                raise UserError(f"{path} holds more than {MOST_BYTES // 1024**2} MiB: split it into smaller files.")
            for value in batch.to_pylist():
                number += 1
                yield number, value
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path} is no Parquet file that can be read ({str(error).splitlines()[0][:200]}).") from error
