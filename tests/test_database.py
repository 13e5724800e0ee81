"""The store: durable, strict, one writer at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3

from labeling import session
from storage import jobs, rounds, snapshots
from storage.database import Store, remedy
from storage.errors import UserError
from storage.journal import record
from storage.maintenance import check
from storage.migrations import migrations, statements
from storage.prompts import prompts_of
from tests.conftest import add_pairs, at_once
from tests.older_homes import older_home


def test_an_empty_file_becomes_the_whole_schema(store: Store) -> None:
    tables = {row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {
        *("prompts", "completions", "pairs", "showings", "preferences", "snapshots"),
        *("jobs", "models", "evaluations", "metrics", "journal"),
    }
    assert not migrations().pending(store.db())


def test_every_table_is_strict(store: Store) -> None:
    ours = [row for row in store.rows("PRAGMA table_list") if row["type"] == "table" and row["schema"] == "main"]
    loose = {row["name"] for row in ours if not row["strict"]}
    assert loose <= {"sqlite_schema", "sqlite_sequence", "_sqlite_migrations"}


def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError), store.write() as db:
        db.execute("INSERT INTO showings (pair_id, labeler, flipped, shown_at) VALUES (99, 'local', 0, '')")


def test_a_commit_is_on_disk_before_it_is_acknowledged(store: Store) -> None:
    assert store.row("PRAGMA synchronous") == {"synchronous": 2}
    assert store.row("PRAGMA journal_mode") == {"journal_mode": "wal"}


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    def stumble() -> None:
        with store.write() as db:
            record(db, "somebody", "try", "something")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert Store(store.home).row("SELECT count(*) AS n FROM journal WHERE actor = 'somebody'") == {"n": 0}


def test_a_commit_that_fails_leaves_the_next_write_free(store: Store) -> None:
    def stumble() -> None:
        with store.write() as db:
            db.execute("PRAGMA defer_foreign_keys = ON")  # so that nothing but the COMMIT can fail
            db.execute("INSERT INTO showings (pair_id, labeler, flipped, shown_at) VALUES (99, 'local', 0, '')")

    with pytest.raises(sqlite3.IntegrityError):
        stumble()
    with store.write() as db:
        record(db, "somebody", "try", "something")
    assert store.row("SELECT count(*) AS n FROM showings") == {"n": 0}


def test_a_write_is_seen_by_another_connection_once_it_ends(store: Store) -> None:
    other = Store(store.home)
    with store.write() as db:
        record(db, "somebody", "try", "something")
        assert other.row("SELECT count(*) AS n FROM journal WHERE actor = 'somebody'") == {"n": 0}
    assert other.row("SELECT count(*) AS n FROM journal WHERE actor = 'somebody'") == {"n": 1}


def test_writers_of_many_threads_wait_for_one_another(store: Store) -> None:
    def count_up() -> None:
        for _ in range(25):
            with store.write() as db:
                record(db, "counter", "count", "up")

    at_once(8, count_up)
    assert store.row("SELECT count(*) AS n FROM journal WHERE actor = 'counter'") == {"n": 200}


def test_the_journal_can_only_grow(store: Store) -> None:
    with store.write() as db:
        record(db, "somebody", "try", "something")
    for sql in ("UPDATE journal SET actor = 'nobody'", "DELETE FROM journal"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
            db.execute(sql)


GROWING = [
    *("prompts", "completions", "pairs", "showings", "preferences", "snapshots"),
    *("models", "evaluations", "promotions", "journal"),
]


@pytest.mark.parametrize("table", GROWING)
def test_the_path_of_the_data_can_only_grow(store: Store, table: str) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "left", 2, "key")
    snapshots.take(store)
    with store.write() as db:
        job_id = jobs.enqueue(db, "evaluate", {}, "test")
        rounds.insert_evaluation(db, 1, 1, "test", job_id, {"win_rate": 0.5, "low": 0.5, "high": 0.5, "prompts": 1})
    before = store.rows(f"SELECT * FROM {table}")
    assert before
    for sql in (f"UPDATE {table} SET created_at = ''", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError), store.write() as db:
            db.execute(sql.replace("created_at", "shown_at") if table == "showings" else sql)
    assert store.rows(f"SELECT * FROM {table}") == before


def test_a_home_of_the_first_schema_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "0001_*.sql", monkeypatch)
    with old.write() as db:
        for judges in ("0" * 64, "f" * 64):
            values = ('[{"role": "user", "content": "Why?"}]', judges, "train", "test", "2026-01-01")
            db.execute(
                "INSERT INTO prompts (messages, sha256, split, source, created_at) VALUES (?, ?, ?, ?, ?)", values
            )
    monkeypatch.undo()
    new = Store.open(tmp_path / "home")
    assert not migrations().pending(new.db())
    assert [len(prompts_of(new, "train", fold=fold)) for fold in ("train", "judge")] == [1, 1]  # as they were
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), new.write() as db:
        db.execute("DELETE FROM prompts")


def test_a_home_from_before_kto_takes_rounds_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "000[1-3]_*.sql", monkeypatch)
    with old.write() as db:
        before = jobs.enqueue(db, "dpo", {}, "test")
    with pytest.raises(sqlite3.IntegrityError), old.write() as db:
        jobs.enqueue(db, "kto", {}, "test")
    monkeypatch.undo()
    new = Store.open(tmp_path / "home")
    with new.write() as db:
        jobs.enqueue(db, "kto", {}, "test")
    assert new.rows("SELECT kind FROM jobs ORDER BY job_id") == [{"kind": "dpo"}, {"kind": "kto"}]
    assert jobs.get(new, before).kind == "dpo"
    with pytest.raises(sqlite3.IntegrityError), new.write() as db:
        jobs.enqueue(db, "grpo", {}, "test")
    assert check(new) == []


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "plumbline.db").write_text("this is no database, it is a letter to a friend" * 100)
    with pytest.raises(UserError, match=r"plumbline\.db cannot be opened .*: restore it from a backup"):
        Store.open(tmp_path)


def test_a_locked_database_is_not_said_to_be_damaged(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_S", 0)
    db = store.db().conn
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UserError, match=r"is locked\): see that no other program holds it"):
        Store.open(store.home)
    db.rollback()
    Store.open(store.home)


def test_of_a_full_disk_it_is_said_what_to_do(store: Store) -> None:
    (pages,) = store.db().conn.execute("PRAGMA page_count").fetchone()
    store.db().conn.execute(f"PRAGMA max_page_count = {pages}")  # as though the disk ended there

    def fill() -> None:
        with store.write() as db:
            record(db, "somebody", "try", "something" * 10_000)

    with pytest.raises(sqlite3.OperationalError) as full:
        fill()
    assert remedy(full.value) == "free some space on the disk, then try again"
    assert store.row("SELECT count(*) AS n FROM journal WHERE actor = 'somebody'") == {"n": 0}


def test_a_home_that_is_not_there_is_not_made_by_asking_for_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no home at"):
        Store.existing(tmp_path / "hoem")
    assert not (tmp_path / "hoem").exists()


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(UserError, match="cannot be used"):
        Store.open(tmp_path / "home")


def test_a_trigger_is_one_statement() -> None:
    script = "CREATE TABLE t (x);\nCREATE TRIGGER g BEFORE INSERT ON t\nBEGIN SELECT 1;\nSELECT 2; END;\n"
    assert len(list(statements(script))) == 2


def test_an_unfinished_script_is_refused() -> None:
    with pytest.raises(ValueError, match="ends inside"):
        list(statements("CREATE TABLE t (x"))
