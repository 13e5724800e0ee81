"""Keeping the store well: a copy of it while it is in use, and a check of all that it promises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils.utils import sqlite3

from storage import frozen, registry, snapshots
from storage.database import Store, remedy
from storage.errors import UserError
from storage.weights import has_registered_weights


def backup(store: Store, target: Path) -> None:
    """Copy the database into `target`, complete up to the moment of the call, while others go on writing.

    Raises UserError when the file exists already or cannot be written.
    """
    if target.exists():
        raise UserError(f"{target} exists already: choose a new file for the backup.")
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        copy = sqlite3.connect(str(partial))
        store.db().conn.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a -wal beside it
        copy.close()
        with partial.open("rb") as handle:
            os.fsync(handle.fileno())
        partial.replace(target)
    except (OSError, sqlite3.OperationalError) as error:
        partial.unlink(missing_ok=True)
        raise UserError(f"The backup could not be written to {target} ({error}): choose another place.") from error


def check(store: Store) -> list[str]:
    """One sentence for everything that is not as the store promises; an empty list when all is well."""
    try:
        return [
            *_database_problems(store),
            *_snapshot_problems(store),
            *_rating_problems(store),
            *_model_problems(store),
        ]
    except sqlite3.DatabaseError as error:
        return [f"database: {store.database} cannot be read ({error}): {remedy(error)}"]


def _database_problems(store: Store) -> Iterator[str]:
    for row in store.rows("PRAGMA integrity_check"):
        if row["integrity_check"] != "ok":
            yield f"integrity_check: {row['integrity_check']}"
    for row in store.rows("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: row {row['rowid']} of {row['table']} points to no row of {row['parent']}"


def _snapshot_problems(store: Store) -> Iterator[str]:
    for row in store.rows("SELECT snapshot_id FROM snapshots"):
        snapshot = snapshots.get(store, row["snapshot_id"])
        if not snapshots.verify(snapshot.path, snapshot.sha256):
            yield f"snapshot {snapshot.snapshot_id}: {snapshot.path} does not hold the rows it is named after"


def _rating_problems(store: Store) -> Iterator[str]:
    for row in store.rows("SELECT round_id, ratings_sha256 FROM rounds WHERE ratings_sha256 IS NOT NULL"):
        path = frozen.path_of(store, "ratings", row["ratings_sha256"])
        if not frozen.is_whole(path, row["ratings_sha256"]):
            yield f"round {row['round_id']}: {path} does not hold the thumbs that it is named after"


def _model_problems(store: Store) -> Iterator[str]:
    for model in registry.models(store):
        if not Path(model.path, "config.json").exists():
            yield f"model {model.name}: there is no model at {model.path}"
        elif not has_registered_weights(model):
            yield f"model {model.name}: the weights at {model.path} are not those that it was registered with"
