"""Export: preferences, ratings, demonstrations, prompts or every vote, in any format that has a place for them.

Rows go from the database to the file one by one, so that memory does not grow with them. A file, or a directory,
appears whole or not at all, and one that is there already is never overwritten. Beside it goes a dataset card.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from storage.database import Store
from storage.durable import put_in_place, sync_directory
from storage.errors import UserError
from storage.exchange import card
from storage.exchange.format import Writer
from storage.exchange.formats import FORMATS
from storage.exchange.reading import BadRow
from storage.exchange.sources import MADE_BY, SOURCES, other_verdicts
from storage.exchange.writing import FILES, write_folder

DEFAULTS = {
    "preferences": "trl",
    "demonstrations": "chat",
    "ratings": "unpaired",
    "votes": "votes",
    "rankings": "rankings",
    "prompts": "prompts",
}


@dataclass(frozen=True)
class Exported:
    """What an export wrote. `left_out` counts, by the reason, what the format has no place for."""

    count: int
    format: str
    path: Path
    card: Path
    left_out: dict[str, int]


def export_file(
    store: Store,
    path: Path,
    what: str = "preferences",
    format: str = "",
    licence: str = "unknown",
    facts: Mapping[str, str] = MappingProxyType({}),
) -> Exported:
    """Write what there is to a new file, or to a new directory as `datasets.load_dataset` reads it.

    `facts` are lines that the caller adds to the dataset card, by their names.
    Raises UserError when there is nothing, `what`, `format` or the file's suffix is unknown, or the file exists.
    """
    format, writer = _writer(what, format)
    suffix = next((suffix for suffix in FILES if path.name.lower().endswith(suffix)), None)
    if suffix is None and path.suffix:
        raise UserError(f"{path} is no file to export to by its name: it has to end in {', '.join(FILES)}.")
    beside = path / "README.md" if suffix is None else path.with_name(f"{path.name}.README.md")
    for target in (path, beside):
        if target.exists():
            raise UserError(f"{target} exists already: choose a new place for the export.")
    left_out = Counter(other_verdicts(store, writer.verdicts)) if what == "preferences" else Counter[str]()
    written: Counter[str] = Counter()
    rows = _counted(_rows(store, what, writer, left_out), written)
    first = next(rows, None)
    if first is None:
        why = "; ".join(f"{count} left out: {reason}" for reason, count in left_out.items())
        raise UserError(f"There are no {what} to export yet: {why or MADE_BY.get(what, 'rank some pairs first')}.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial_card = partial / "README.md" if suffix is None else partial.with_name(f"{partial.name}.card")
    try:
        if suffix is None:
            write_folder(partial, chain([first], rows), writer.schema)
        else:
            FILES[suffix](partial, (row for _, row in chain([first], rows)), writer.schema)
        text = card.text(store, what, format, path, dict(written), dict(left_out), licence, facts)
        partial_card.write_text(text, encoding="utf-8")
        if suffix is None:
            partial.replace(path)
            sync_directory(path.parent)
        else:
            put_in_place(partial, path)
            put_in_place(partial_card, beside)
    except OSError as error:
        raise UserError(f"{path} could not be written ({error.strerror}): choose another place.") from error
    finally:
        with suppress(OSError):
            shutil.rmtree(partial) if partial.is_dir() else partial.unlink(missing_ok=True)
            partial_card.unlink(missing_ok=True)
    return Exported(written.total(), format, path, beside, dict(left_out))


def _writer(what: str, format: str) -> tuple[str, Writer]:
    if what not in SOURCES:
        raise UserError(f"{what!r} cannot be exported: take {', '.join(SOURCES)}.")
    writers = {
        name: writer for name, known in FORMATS.items() for for_, writer in known.writers.items() if for_ == what
    }
    name = DEFAULTS[what] if format in ("", "trl") else format
    if name not in writers:
        raise UserError(f"{format!r} is no format to export {what} in: take {', '.join(writers)}.")
    return name, writers[name]


def _rows(store: Store, what: str, writer: Writer, left_out: Counter[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of the file with their splits; what cannot be said in the format is counted."""
    found = SOURCES[what](store, writer)
    groups = (list(group) for _, group in groupby(found, lambda row: row[1]["pair_id"])) if writer.grouped else None
    for group in groups if groups is not None else ([row] for row in found):
        try:
            yield group[0][1]["split"], writer.write(group)
        except BadRow as reason:
            left_out[str(reason)] += len(group)


def _counted(rows: Iterator[tuple[str, dict[str, Any]]], written: Counter[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for split, row in rows:
        written[split] += 1
        yield split, row
