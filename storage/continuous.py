"""Continuous mode, as it is on record: when it was switched on and how it ended, at most once on at a time."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record
from storage.labels import GOOD_ROUND, new_votes
from storage.records import ContinuousRun

EVERY = GOOD_ROUND  # new votes that make a round due, where nobody says how many
MOST_EVERY = 1_000_000


def switch_on(store: Store, every: int, recipe: dict[str, Any], actor: str) -> None:
    """Let rounds by these settings start by themselves every so many new votes.

    Raises UserError when it is on already, or the number is none. The settings are the caller's to check.
    """
    if isinstance(every, bool) or not isinstance(every, int) or not 1 <= every <= MOST_EVERY:
        raise UserError(f"A round can start every 1 to {MOST_EVERY:,} new votes, and not every {every!r}.")
    with store.write() as db:
        if running(store) is not None:
            raise UserError("Continuous mode is on already: switch it off first.")
        db.execute(
            "INSERT INTO continuous (every, recipe, switched_on_by, created_at) VALUES (?, ?, ?, ?)",
            [every, json.dumps(recipe), actor, now()],
        )
        record(db, actor, "switch on", "continuous mode", every=every)


def switch_off(store: Store, actor: str) -> None:
    """Start no further round and promote none; a round at work goes on. Raises UserError when it is off already."""
    with store.write() as db:
        if running(store) is None:
            raise UserError("Continuous mode is off already.")
        _end(db, f"{actor} switched it off.", actor)
        record(db, actor, "switch off", "continuous mode")


def stop(store: Store, run: ContinuousRun, reason: str) -> None:
    """End it by itself, unless it ended meanwhile; the reason is a clause that goes behind a colon."""
    with store.write() as db:
        if running(store) == run:
            _end(db, reason, None)
            record(db, "continuous", "stop", "continuous mode", reason=reason)


def running(store: Store) -> ContinuousRun | None:
    """The mode while it is on, or None."""
    last = newest(store)
    return last if last is not None and last.ended_at is None else None


def newest(store: Store) -> ContinuousRun | None:
    """The last time that it was switched on, over or not, or None if it never was."""
    row = store.row("SELECT * FROM continuous ORDER BY continuous_id DESC LIMIT 1")
    return ContinuousRun(**{**row, "recipe": json.loads(row["recipe"])}) if row else None


def votes_in(store: Store, run: ContinuousRun) -> int:
    """How many new votes its next round would learn from, without those of the labelers that its recipe excludes."""
    return new_votes(store, run.recipe.get("exclude_labelers", ()))


def check_due(store: Store, continuous_id: int) -> None:
    """Raise UserError unless the mode is on and its next round due. Asked under the write lock, it stays so."""
    run = running(store)
    if run is None or run.continuous_id != continuous_id:
        raise UserError("Continuous mode was switched off meanwhile.")
    if (found := votes_in(store, run)) < run.every:
        raise UserError(f"A round is due after {run.every} new votes, and there are {found}.")


def _end(db: Database, reason: str, actor: str | None) -> None:
    db.execute(
        "UPDATE continuous SET ended_at = ?, ended_by = ?, reason = ? WHERE ended_at IS NULL", [now(), actor, reason]
    )
