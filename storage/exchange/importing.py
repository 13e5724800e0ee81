"""Import: a file's prompts, preferences or ratings, all or nothing, and the same ones never twice.

An imported preference takes the same rows as a vote: two completions, a pair, a showing and the preference, by a user
named "imported". Which answer is a and which was shown left are decided by a hash, so that neither tells the verdict.
An imported rating is one by the same user on a completion of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage import labels, ratings
from storage.database import Store, now
from storage.errors import UserError
from storage.exchange.formats import (
    PREFERENCE_READERS,
    PROMPT_READERS,
    RATING_READERS,
    ImportedPreference,
    ImportedRating,
    Messages,
    detect,
)
from storage.exchange.reading import BadRow, Row, read_rows
from storage.journal import record
from storage.prompts import NewPrompt, insert_prompts
from storage.records import NewCompletion

IMPORTED = "imported"  # the source of the rows, and the name of their labeler
READERS: dict[str, Callable[[Any], Any]] = {**PROMPT_READERS, **PREFERENCE_READERS, **RATING_READERS}
FORMATS = ("auto", *READERS)

STANDING = f"""
SELECT r.prompt_id, x.text AS a, y.text AS b, p.verdict, p.strength
{labels.STANDING_VOTES}WHERE p.verdict IN ('a', 'b') AND r.prompt_id IN (SELECT value FROM json_each(?))
"""
STANDING_RATINGS = f"""
SELECT c.prompt_id, c.text, r.thumb {ratings.STANDING}WHERE c.prompt_id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True)
class Report:
    """What an import did. `rejected` holds row numbers and reasons, `known` counts rows that were there already."""

    imported: int
    rejected: list[tuple[int, str]]
    format: str
    known: int = 0


def import_file(store: Store, path: Path, format: str = "auto", strict: bool = False) -> Report:
    """Bring in a file's prompts, preferences or ratings; new prompts are split so that near-duplicates share a side.

    A row that is not of the format is left out and reported. Raises UserError, and changes nothing, when the file
    cannot be read, has no good row, or has a bad one and `strict` is set.
    """
    if format not in FORMATS:
        raise UserError(f"{format!r} is no format to import: take {', '.join(FORMATS)}.")
    rows = read_rows(path)
    if not rows:
        raise UserError(f"{path} has no rows to import.")
    if format == "auto":
        format = detect(path, [value for _, value in rows])
    accepted, rejected = _parse(rows, format)
    if rejected and (strict or not accepted):
        number, reason = rejected[0]
        raise UserError(
            f"{path} was refused, for {len(rejected)} of its {len(rows)} rows cannot be brought in as {format}: "
            f"in row {number}, {reason}."
        )
    with store.write() as db:
        imported = INSERTERS[format](db, accepted)
        if imported:
            name = path.name.encode("utf-8", "replace").decode("utf-8")
            record(db, IMPORTED, "import", name, format=format, imported=imported, rejected=len(rejected))
    return Report(imported, rejected, format, len(accepted) - imported)


def _parse(rows: Sequence[Row], format: str) -> tuple[list[Any], list[tuple[int, str]]]:
    read = READERS[format]
    accepted, rejected = [], []
    for number, value in rows:
        try:
            if isinstance(value, BadRow):
                raise value
            accepted.append(read(value))
        except BadRow as reason:
            rejected.append((number, str(reason)))
    return accepted, rejected


def _insert_prompts(db: Database, prompts: Sequence[Messages]) -> int:
    before = _count(db)
    insert_prompts(db, [NewPrompt(messages, IMPORTED) for messages in prompts])
    return _count(db) - before


def _count(db: Database) -> int:
    return int(next(iter(db.query("SELECT count(*) AS n FROM prompts")))["n"])


def _insert_preferences(db: Database, preferences: Sequence[ImportedPreference]) -> int:
    _add_imported_user(db)
    prompt_ids = insert_prompts(db, [NewPrompt(item.prompt, IMPORTED) for item in preferences])
    standing = _standing(db, prompt_ids)
    imported = 0
    for prompt_id, item in zip(prompt_ids, preferences, strict=True):
        key = (prompt_id, item.chosen, item.rejected, item.strength)
        if standing[key]:  # a file may say the same thing twice, as two people may, so each row is met once
            standing[key] -= 1
        else:
            _insert(db, prompt_id, item)
            imported += 1
    return imported


def _add_imported_user(db: Database) -> None:
    db.execute(
        "INSERT INTO users (name, role, created_at) VALUES (?, 'labeler', ?) ON CONFLICT (name) DO NOTHING",
        [IMPORTED, now()],
    )


def _standing(db: Database, prompt_ids: Sequence[int]) -> Counter[tuple[int, str, str, int]]:
    """How often each preference about these prompts stands already, whoever holds it."""
    counts: Counter[tuple[int, str, str, int]] = Counter()
    for row in db.query(STANDING, [json.dumps(sorted(set(prompt_ids)))]):
        sides = (row["a"], row["b"])
        chosen, rejected = sides if row["verdict"] == "a" else sides[::-1]
        counts[(row["prompt_id"], chosen, rejected, row["strength"])] += 1
    return counts


def _insert(db: Database, prompt_id: int, item: ImportedPreference) -> None:
    content = json.dumps([list(item.prompt), item.chosen, item.rejected], ensure_ascii=False)
    digest = hashlib.sha256(content.encode("utf-8"))
    chosen_is_a, flipped = bool(digest.digest()[0] & 1), bool(digest.digest()[0] & 2)
    texts = (item.chosen, item.rejected) if chosen_is_a else (item.rejected, item.chosen)
    a, b = labels.insert_completions(db, [NewCompletion(prompt_id, text) for text in texts])
    pair_id = labels.insert_pair(db, prompt_id, a, b, IMPORTED)
    showing_id = labels.insert_showing(db, pair_id, IMPORTED, flipped)
    verdict = "a" if chosen_is_a else "b"
    labels.insert_preference(db, showing_id, f"import-{digest.hexdigest()}", verdict, item.strength, None, None)


def _insert_ratings(db: Database, items: Sequence[ImportedRating]) -> int:
    _add_imported_user(db)
    prompt_ids = insert_prompts(db, [NewPrompt(item.prompt, IMPORTED) for item in items])
    standing = Counter(
        (row["prompt_id"], row["text"], row["thumb"])
        for row in db.query(STANDING_RATINGS, [json.dumps(sorted(set(prompt_ids)))])
    )
    imported = 0
    for prompt_id, item in zip(prompt_ids, items, strict=True):
        thumb = "up" if item.label else "down"
        key = (prompt_id, item.completion, thumb)
        if standing[key]:  # as with preferences, each row is met once
            standing[key] -= 1
        else:
            (completion_id,) = labels.insert_completions(db, [NewCompletion(prompt_id, item.completion)])
            ratings.insert_rating(db, completion_id, IMPORTED, thumb, IMPORTED)
            imported += 1
    return imported


INSERTERS: dict[str, Callable[[Database, Sequence[Any]], int]] = {
    **dict.fromkeys(PROMPT_READERS, _insert_prompts),
    **dict.fromkeys(PREFERENCE_READERS, _insert_preferences),
    **dict.fromkeys(RATING_READERS, _insert_ratings),
}
