"""Import: the prompts, preferences, ratings or demonstrations of a file, and the same ones never twice.

A file is read twice. First it is surveyed: every row is read, so that what is wrong with it is known before anything
is written, and the sides of its prompts are chosen, which takes seconds of a large file. Then its rows are written in
batches of a tenth of a second or so, and a fifth of that is left to others between them, so that no vote waits. A
batch is whole or not at all, and holds only what is not there yet: an import that is cut off is done again to go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from storage.database import Store
from storage.errors import UserError
from storage.exchange.formats import guess, reader
from storage.exchange.inserting import Inserter
from storage.exchange.reading import BadRow, Row, read_rows
from storage.exchange.shapes import IMPORTED, PreferenceRow, Shape, What
from storage.journal import record
from storage.prompts import NewPrompt, plan_sides, prompt_hash

BATCH = 500  # rows to a transaction
MOST_REASONS = 1000  # of bad rows that are kept; the others are counted
MOST_LABELERS = 1000  # of one file that are told apart
LOOKED_AT = 100  # rows by which a format is guessed

Progress = Callable[[str, int, int], None]  # what is being done, how many rows of it are done, of how many (0: unknown)


@dataclass(frozen=True)
class Report:
    """What an import did. `rejected` holds row numbers and reasons, the first thousand of `rejected_count`.

    `known` counts what was there already, `why` says why the format was taken, `notes` what else there is to tell.
    """

    imported: int
    rejected: list[tuple[int, str]]
    format: str
    known: int = 0
    rejected_count: int = 0
    what: What = "prompts"
    why: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class Survey:
    """What is in a file. `first` has its first rows as they would come in; `counts` is by verdict or thumb."""

    format: str
    why: str
    what: What
    rows: int = 0
    accepted: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    rejected_count: int = 0
    first: list[tuple[int, Shape]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    labelers: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)

    @property
    def merges_labelers(self) -> bool:
        """Whether there are too many labelers to tell them apart."""
        return len(self.labelers) > MOST_LABELERS

    @property
    def notes(self) -> tuple[str, ...]:
        """What is done with the file that its owner might not expect."""
        if not self.merges_labelers:
            return ()
        return (f"More than {MOST_LABELERS} labelers are named, so all of it is {IMPORTED!r}'s.",)


def quiet(_: str, __: int, ___: int) -> None:
    """Tells nobody of the progress."""


def preview(
    path: Path, format: str = "auto", what: str | None = None, shown: int = 5, progress: Progress = quiet
) -> Survey:
    """What an import of this file would do, with its first `shown` rows as they would be read. Changes nothing.

    Raises UserError where the import would: the file cannot be read, or is of no format that is known.
    """
    return _surveyed(path, format, what, shown, progress)


def import_file(
    store: Store,
    path: Path,
    format: str = "auto",
    strict: bool = False,
    what: str | None = None,
    actor: str = IMPORTED,
    progress: Progress = quiet,
) -> Report:
    """Bring in a file, or a directory with a dataset; new prompts are split so that near-duplicates share a side.

    A row that is not of the format is left out and reported. Raises UserError, and changes nothing, when the file
    cannot be read, has no good row, or has a bad one and `strict` is set.
    """
    prompts: dict[str, NewPrompt] = {}
    survey = _surveyed(path, format, what, 0, progress, prompts)
    if survey.rejected and (strict or not survey.accepted):
        number, reason = survey.rejected[0]
        raise UserError(
            f"{path} was refused, for {survey.rejected_count} of its {survey.rows} rows cannot be brought in as "
            f"{survey.format}: in row {number}, {reason}."
        )
    progress("Splitting", 0, 0)
    planned = plan_sides(store, prompts)
    prompts.clear()
    inserter = Inserter(planned, survey.merges_labelers)
    imported = _write(store, path, survey, inserter, actor, progress)
    return Report(
        imported,
        survey.rejected,
        survey.format,
        survey.accepted - imported,
        survey.rejected_count,
        survey.what,
        survey.why,
        survey.notes,
    )


def _surveyed(
    path: Path,
    format: str,
    what: str | None,
    shown: int,
    progress: Progress,
    prompts: dict[str, NewPrompt] | None = None,
) -> Survey:
    """Read all of a file. `prompts`, where they are wanted, is filled with its prompts by their hash."""
    if format != "auto":
        reader(format, what)
    rows = read_rows(path)
    looked_at = list(islice(rows, LOOKED_AT))
    if not looked_at:
        raise UserError(f"{path} has no rows to import.")
    name, why = guess(path, (value for _, value in looked_at)) if format == "auto" else (format, "it was asked for")
    survey = Survey(name, why, reader(name, what)[0])
    for number, found in _parsed(chain(looked_at, rows), name, what):
        survey.rows += 1
        if isinstance(found, BadRow):
            survey.rejected_count += 1
            if len(survey.rejected) < MOST_REASONS:
                survey.rejected.append((number, str(found)))
            continue
        for shape in found:
            _count(survey, shape)
            if prompts is not None:
                prompts.setdefault(prompt_hash(shape.prompt), NewPrompt(shape.prompt, IMPORTED))
            if len(survey.first) < shown:
                survey.first.append((number, shape))
        if survey.rows % 1000 == 0:
            progress("Reading", survey.rows, 0)
    return survey


def _parsed(rows: Iterator[Row], format: str, what: str | None) -> Iterator[tuple[int, list[Shape] | BadRow]]:
    """Each row as its shapes, or as the reason why it has none."""
    _, read = reader(format, what)
    for number, value in rows:
        try:
            if isinstance(value, BadRow):
                raise value
            yield number, list(read(value))
        except BadRow as reason:
            yield number, reason


def _count(survey: Survey, shape: Any) -> None:
    survey.accepted += 1
    kind = shape.verdict if isinstance(shape, PreferenceRow) else str(getattr(shape, "label", "")).lower()
    if kind:
        survey.counts[kind] = survey.counts.get(kind, 0) + 1
    labeler = getattr(shape, "labeler", None)
    if labeler and not survey.merges_labelers:
        survey.labelers.add(labeler)
    if len(survey.models) < MOST_LABELERS:
        survey.models.update(filter(None, (getattr(shape, name, None) for name in ("model", "model_a", "model_b"))))


def _write(store: Store, path: Path, survey: Survey, inserter: Inserter, actor: str, progress: Progress) -> int:
    """Write the good rows, batch by batch; returns how many were new. What was done is in the journal."""
    parsed = _parsed(read_rows(path), survey.format, survey.what)
    shapes = (shape for _, found in parsed if not isinstance(found, BadRow) for shape in found)
    subject = path.name.encode("utf-8", "replace").decode("utf-8")
    imported = done = batches = 0
    while batch := list(islice(shapes, BATCH)):
        began = time.monotonic()
        done += len(batch)
        with store.write() as db:
            new = inserter.insert(db, batch)
            imported += new
            batches += bool(new)
            if new and (batches == 1 or done >= survey.accepted):
                detail = {"imported": imported, "rejected": survey.rejected_count, "rows": survey.rows}
                record(db, actor, "import", subject, format=survey.format, what=survey.what, **detail)
        progress("Writing", done, survey.accepted)
        if done < survey.accepted:
            time.sleep((time.monotonic() - began) / 5)  # for whoever waits to vote
    return imported
