"""From a file to its rows: text, JSON, JSONL, CSV, Parquet or Arrow, each but the last also gzipped.

Rows come one at a time, so that memory does not grow with the file. Nothing in a file is trusted: what it unpacks to
is bounded, and a row that cannot be read is named by its number while the others come through. Numbers count lines in
text and JSONL, and rows from 1 elsewhere; those of a directory's files are counted on from one file to the next.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from storage.errors import UserError
from storage.exchange.cells import cell_of

MOST_BYTES = 2048 * 1024 * 1024  # of a file, unpacked
MOST_ROW_BYTES = 32 * 1024 * 1024  # of one row
MOST_ROWS = 2_000_000
MOST_LINES = 2 * MOST_ROWS  # blank ones included
CHUNK = 1024 * 1024
NAMES_SHOWN = 8
SUFFIXES = (".txt", ".json", ".jsonl", ".csv", ".parquet", ".arrow")
GZIP_MAGIC = b"\x1f\x8b"

_BETWEEN_RECORDS = re.compile(r"[\s,]*")


class BadRow(Exception):
    """Why one row cannot be brought in, or taken out, as a sentence without its full stop."""


Row = tuple[int, Any]  # its number, and a dict, a string or the BadRow that says why there is neither


class Placed(NamedTuple):
    """A row with the line that it begins on, where its file has lines."""

    number: int
    value: Any
    line: int | None = None


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of a file. Raises UserError, at once or in the course, when the file as a whole cannot be read."""
    for count, row in enumerate(placed_rows(path)):
        if count == MOST_ROWS:
            raise too_many_rows(path)
        yield row.number, row.value


def too_many_rows(path: Path) -> UserError:
    """The refusal of a file with more rows than can be meant."""
    return UserError(f"{path} has more than {MOST_ROWS} rows: split it into smaller files.")


def too_large(path: Path) -> UserError:
    """The refusal of a file that unpacks to more than can be meant."""
    return UserError(f"{path} holds more than {MOST_BYTES // 1024**2} MiB: split it into smaller files.")


def read_text(path: Path) -> str:
    """The whole text of a file, plain or gzipped, without a byte-order mark and with "\\n" at line ends.

    Raises UserError when it cannot be read, is a torn gzip file, or is not UTF-8.
    """
    with _readable(path), _opened(path) as handle:
        data = handle.read().removeprefix(codecs.BOM_UTF8)
    return _decoded(path, data).replace("\r\n", "\n").replace("\r", "\n")


def place(path: Path, number: int) -> str:
    """Where row `number` of a file that has been read is, for a person who has it open: its line, or its row."""
    row = next(row for row in placed_rows(path) if row.number == number)
    if row.line is None:
        return f"row {number}"
    return f"line {number}" if row.line == number else f"record {number} (line {row.line})"


def listed(names: Iterable[str]) -> str:
    """Names from a file, fit for a sentence: quoted, and only the first few."""
    shown = [repr(name)[:40] for name in names]
    return ", ".join([*shown[:NAMES_SHOWN], *(["..."] if len(shown) > NAMES_SHOWN else [])])


def suffix_of(path: Path) -> str:
    """The suffix that says what kind of file this is. Raises UserError when none does."""
    name = path.name.lower().removesuffix(".gz")
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
    if suffix is None:
        raise UserError(f"{path} is no file to read by its name: it has to end in {', '.join(SUFFIXES)}, or .gz.")
    return suffix


def placed_rows(path: Path) -> Iterator[Placed]:
    """The rows of a file with their lines."""
    if path.is_dir():
        from storage.exchange.folders import rows_of_folder

        yield from rows_of_folder(path)
        return
    if path.exists() and not path.is_file():  # a pipe without a writer would be waited for in vain
        raise UserError(f"{path} is no file to read, but a pipe or a device: write its content to a file first.")
    suffix = suffix_of(path)
    if suffix in (".parquet", ".arrow"):
        from storage.exchange.tables import rows_of_table

        yield from rows_of_table(path, suffix)
        return
    with _readable(path), _opened(path) as handle:
        yield from _rows(path, suffix, handle)


def _rows(path: Path, suffix: str, handle: io.BufferedReader) -> Iterator[Placed]:
    if suffix == ".csv":
        yield from _csv(path, handle)
    elif suffix == ".txt":
        yield from (Placed(number, line.strip(), number) for number, line in _lines(path, handle))
    elif _begins_with_bracket(handle):
        yield from _json_list(path, handle)
    else:
        yield from (Placed(number, _json_line(line), number) for number, line in _lines(path, handle))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What goes wrong while a file is read, as one sentence."""
    try:
        yield
    except (EOFError, zlib.error) as error:
        raise UserError(f"{path} is no whole gzip file ({error}): copy it again.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}).") from error


class _Bounded(io.RawIOBase):
    """A file's bytes, unpacked, up to the most that are read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        opened = gzip.open if is_packed(path) else open
        self._handle: BinaryIO = opened(path, "rb")  # type: ignore[assignment]
        self._left = MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._handle.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._path)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._handle.close()
        super().close()


def _opened(path: Path) -> io.BufferedReader:
    return io.BufferedReader(_Bounded(path), CHUNK)


def is_packed(path: Path) -> bool:
    """Whether a file is gzipped, by its name or its first bytes."""
    with path.open("rb") as handle:
        return path.name.lower().endswith(".gz") or handle.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def unpacked(path: Path) -> bytes:
    """The bytes of a gzipped file, for a reader that needs them all."""
    with _readable(path), _opened(path) as handle:
        return handle.read()


def _decoded(path: Path, data: bytes, line: int = 1) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise UserError(f"{path} is not UTF-8 text (line {line}): save it as UTF-8.") from error


def _all_lines(path: Path, handle: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, cut at line feeds only: text would be cut at U+2028 and more."""
    number = 0
    while line := handle.readline(MOST_ROW_BYTES + 1):
        number += 1
        if len(line) > MOST_ROW_BYTES:
            raise UserError(f"Line {number} of {path} is longer than {MOST_ROW_BYTES // 1024**2} MiB: take it out.")
        if number > MOST_LINES:
            raise too_many_rows(path)
        yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def _lines(path: Path, handle: io.BufferedReader) -> Iterator[tuple[int, str]]:
    return ((number, _decoded(path, line, number)) for number, line in _all_lines(path, handle) if line.strip())


def _begins_with_bracket(handle: io.BufferedReader) -> bool:
    return handle.peek(CHUNK).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["


def _json_list(path: Path, handle: io.BufferedReader) -> Iterator[Placed]:
    """The values of a JSON list, read piece by piece."""
    decoder, unpack = json.JSONDecoder(), codecs.getincrementaldecoder("utf-8-sig")()
    text, at, line, number = "", 0, 1, 0

    def more(size: int) -> bool:
        nonlocal text, at, line
        line += text.count("\n", 0, at)
        data = handle.read(size)
        try:
            text, at = text[at:] + unpack.decode(data, final=not data), 0
        except UnicodeDecodeError as error:
            raise UserError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
        return bool(data)

    def refused(reason: str) -> UserError:
        return UserError(f"{path} is no JSON list ({reason}).")

    while not text.lstrip() and more(CHUNK):
        pass
    at = text.index("[") + 1
    while True:
        while (between := _BETWEEN_RECORDS.match(text, at)) and between.end() == len(text):
            at = len(text)
            if not more(CHUNK):
                raise refused("it does not end")
        assert between is not None
        at = between.end()
        if text[at] == "]":
            return
        size = CHUNK
        while True:
            try:
                value, end = decoder.raw_decode(text, at)
                if end < len(text) or not more(CHUNK):
                    break
            except RecursionError as error:
                raise refused("nested too deeply") from error
            except ValueError as error:
                if len(text) - at > MOST_ROW_BYTES or not more(size):
                    raise refused(str(error)) from error
                size *= 2
        number += 1
        yield Placed(number, value, line + text.count("\n", 0, at))
        at = end


def _json_line(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:  # its own line number would be that within this line
        return BadRow(f"it is no JSON ({error.msg} at character {error.colno})")
    except RecursionError:
        return BadRow("it is no JSON (nested too deeply)")
    except ValueError as error:
        return BadRow(f"it is no JSON ({error})")


def _csv(path: Path, handle: io.BufferedReader) -> Iterator[Placed]:
    csv.field_size_limit(MOST_ROW_BYTES)
    lines = (_decoded(path, line, number) for number, line in _all_lines(path, handle))
    reader = csv.reader(lines, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        twice = [name for name, many in Counter(names).items() if many > 1]
        if twice:
            raise UserError(f"{path} has more than one column {listed(twice)}: give each a name of its own.")
        for number, cells in enumerate((cells for cells in reader if cells), 1):
            if len(cells) != len(names):
                yield Placed(number, BadRow(f"it has {len(cells)} cells under {len(names)} headings"))
            else:
                yield Placed(number, {name: cell_of(name, cell) for name, cell in zip(names, cells, strict=True)})
    except csv.Error as error:
        raise UserError(f"{path} is no CSV (line {reader.line_num}: {error}).") from error
