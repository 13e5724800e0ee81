"""The store: one SQLite file in a home directory, one connection a thread, one door for writes.

Two threads that share a connection can roll back each other's acknowledged rows, so each has its own. A write goes
through `Store.write`, which takes the write lock before it reads (`BEGIN IMMEDIATE`): a transaction that begins
deferred, reads, and only then writes fails with SQLITE_BUSY_SNAPSHOT when somebody else wrote in between.
`synchronous=FULL` makes a commit durable before it is acknowledged.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from storage.errors import UserError
from storage.migrations import migrations

BUSY_TIMEOUT_S = 30.0
MOST_ID = 2**63 - 1  # the largest whole number that SQLite holds
FREE_SPACE = "free some space on the disk, then try again"
OLDEST_SAFE_WAL = (3, 51, 3)  # an older SQLite can corrupt a WAL when two connections reset it at once


class Store:
    """A home directory: `plumbline.db` and the folders of snapshots, jobs, models, uploads and logs beside it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.database = home / "plumbline.db"
        self.snapshots = home / "snapshots"
        self.jobs = home / "jobs"
        self.models = home / "models"
        self.uploads = home / "uploads"
        self.logs = home / "logs"
        self._local = threading.local()

    @classmethod
    def open(cls, home: Path | str) -> Store:
        """Open the store at `home`, make it if it is not there, and bring its schema up to date.

        Raises UserError when the directory cannot be written or the file is no database.
        """
        store = cls(Path(home).expanduser().resolve())
        try:
            for folder in (store.home, store.snapshots, store.jobs, store.models, store.uploads, store.logs):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The home directory {store.home} cannot be used ({error.strerror}).") from error
        try:
            if migrations().pending(store.db()):
                with store.write() as db:
                    _bring_up_to_date(db)
        except sqlite3.DatabaseError as error:
            raise UserError(f"{store.database} cannot be opened as a database ({error}): {remedy(error)}.") from error
        return store

    @classmethod
    def existing(cls, home: Path | str) -> Store:
        """Open the store at `home`. Raises UserError when there is none, so that a mistyped path makes no new home."""
        if not cls(Path(home).expanduser()).database.is_file():
            raise UserError(f"There is no home at {home}: give the directory of one with --home.")
        return cls.open(home)

    def db(self) -> Database:
        """This thread's connection, for reading."""
        if not hasattr(self._local, "db"):
            self._local.db = _connect(self.database)
        db: Database = self._local.db
        return db

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query."""
        return list(self.db().query(sql, parameters))

    def row(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> dict[str, Any] | None:
        """The first row of a query, or None."""
        return first(self.db(), sql, parameters)

    @contextmanager
    def write(self) -> Iterator[Database]:
        """One transaction: committed and durable when the block ends, rolled back when it raises."""
        db = self.db()
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.conn.execute("COMMIT")
        except BaseException:
            db.conn.rollback()  # a COMMIT that failed leaves its transaction open
            raise


def first(db: Database, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> dict[str, Any] | None:
    """The first row of a query, or None."""
    return next(db.query(sql, parameters), None)


def remedy(error: sqlite3.DatabaseError) -> str:
    """What to do about a database that cannot be read: SQLite calls it operational when the file may be sound."""
    if "full" in str(error):
        return FREE_SPACE
    if isinstance(error, sqlite3.OperationalError):
        return "see that no other program holds it and that its directory can be written, then try again"
    return "restore it from a backup"


def now() -> str:
    """The present moment in UTC as ISO 8601 text with microseconds, which sorts as it reads."""
    return from_now(timedelta())


def from_now(after: timedelta) -> str:
    """The moment so long after the present one, or before it where that is negative, written as `now` does."""
    return (datetime.now(UTC) + after).isoformat(timespec="microseconds")


def _bring_up_to_date(db: Database) -> None:
    """Apply what is pending, and look through the prompts of a store from before they were."""
    from storage.personal_data import inspect_all  # here, as it needs this module

    pending = {migration.name for migration in migrations().pending(db)}
    migrations().apply(db)
    if "0016_curation" in pending:
        inspect_all(db)


def _connect(path: Path) -> Database:
    db = Database(sqlite3.connect(str(path), timeout=BUSY_TIMEOUT_S, check_same_thread=False))
    mode = "WAL" if sqlite3.sqlite_version_info >= OLDEST_SAFE_WAL else "DELETE"
    db.conn.execute(f"PRAGMA journal_mode = {mode}")
    db.conn.execute("PRAGMA synchronous = FULL")
    db.conn.execute("PRAGMA foreign_keys = ON")
    return db
