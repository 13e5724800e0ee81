"""The audit journal: who did what to which record, and when. Rows are only ever added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage.database import MOST_ID, Store, now
from storage.errors import UserError


@dataclass(frozen=True)
class Entry:
    """One entry: who did what to which record, and when."""

    entry_id: int
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    created_at: str


def record(db: Database, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add one entry inside the caller's transaction, so that it stands exactly if the deed does."""
    db.execute(
        "INSERT INTO journal (actor, action, subject, detail, created_at) VALUES (?, ?, ?, ?, ?)",
        [actor, action, subject, json.dumps(detail, ensure_ascii=False), now()],
    )


def entries(store: Store, most: int, before: int | None = None, after: int | None = None) -> list[Entry]:
    """Up to `most` entries, newest first and with ids below `before`; with `after` oldest first and above it."""
    edge, order = ("entry_id > ?", "ASC") if after is not None else ("entry_id < ?", "DESC")
    limit = after if after is not None else MOST_ID if before is None else before
    rows = store.rows(f"SELECT * FROM journal WHERE {edge} ORDER BY entry_id {order} LIMIT ?", [limit, most])
    return [Entry(**{**row, "detail": json.loads(row["detail"])}) for row in rows]


def lines(store: Store) -> Iterator[str]:
    """The whole journal as lines of JSON, oldest first."""
    after = 0
    while found := entries(store, 1000, after=after):
        for one in found:
            yield json.dumps(asdict(one), ensure_ascii=False) + "\n"
        after = found[-1].entry_id


def write_journal(store: Store, file: Path) -> int:
    """Write the whole journal to a new file; returns how many entries there are."""
    if file.exists():
        raise UserError(f"{file} is there already: give a new file.")
    count = 0
    try:
        with file.open("x", encoding="utf-8") as out:
            for line in lines(store):
                out.write(line)
                count += 1
    except OSError as error:
        raise UserError(f"{file} cannot be written ({error.strerror}): give another file.") from error
    return count


def in_words(entry: Entry) -> str:
    """The details of an entry, as in "method: dpo, snapshot_id: 3"."""
    return ", ".join(
        f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in entry.detail.items()
    )
