"""What was said with preferences besides their verdicts, in the pairs' own order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from storage.database import Store
from storage.records import Details

NOTHING = Details()


def insert_details(db: Database, preference_id: int, details: Details) -> None:
    """Store what came with a preference inside the caller's transaction; where that is nothing, no row."""
    if details == NOTHING:
        return
    db.execute(
        "INSERT INTO preference_details (preference_id, flagged, reasons, comment, ratings) VALUES (?, ?, ?, ?, ?)",
        as_row(preference_id, details),
    )


def as_row(preference_id: int, details: Details) -> tuple[int, int, str, str, str]:
    """The row that keeps them: preference_id, flagged, reasons, comment, ratings."""
    reasons, ratings = (json.dumps(said, ensure_ascii=False) for said in (details.reasons, details.ratings))
    return preference_id, int(details.flagged), reasons, details.comment, ratings


def of_row(row: Mapping[str, Any]) -> Details:
    """Details out of such a row, by its columns."""
    ratings = {name: (a, b) for name, (a, b) in json.loads(row["ratings"]).items()}
    return Details(bool(row["flagged"]), tuple(json.loads(row["reasons"])), row["comment"], ratings)


def details_of(store: Store, preference_ids: Sequence[int]) -> dict[int, Details]:
    """What came with these preferences, of those with which anything did."""
    rows = store.rows(
        "SELECT * FROM preference_details WHERE preference_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(preference_ids))],
    )
    return {row["preference_id"]: of_row(row) for row in rows}


def turned(details: Details, flipped: bool) -> Details:
    """Details with the sides the other way round, if the pair was shown so."""
    if not flipped:
        return details
    ratings = {name: (right, left) for name, (left, right) in details.ratings.items()}
    return Details(details.flagged, details.reasons, details.comment, ratings)
