"""Keeping the store well: what is damaged is found and said, whatever the damage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alignment.demo.seed import seed
from labeling import session
from labeling.rating import rate
from storage import ratings, rounds, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.journal import record
from storage.maintenance import backup, check
from storage.records import Snapshot
from tests.conftest import add_pairs


@pytest.fixture
def frozen(store: Store) -> Snapshot:
    """A snapshot of one vote."""
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "left", 2, "key")
    return snapshots.take(store)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def turn_a_vote(path: Path) -> None:
    (row,) = pq.read_table(path).to_pylist()
    turned = {**row, "verdict": "b" if row["verdict"] == "a" else "a"}
    pq.write_table(pa.Table.from_pylist([turned], schema=snapshots.SCHEMA), path)


@pytest.mark.parametrize("damage", [Path.unlink, cut_short, empty, turn_a_vote])
def test_a_snapshot_that_is_not_what_it_was_is_found(
    store: Store, frozen: Snapshot, damage: Callable[[Path], None]
) -> None:
    assert not [problem for problem in check(store) if problem.startswith("snapshot")]
    damage(Path(frozen.path))
    (problem,) = [problem for problem in check(store) if problem.startswith("snapshot")]
    assert problem.startswith("snapshot 1: ")


def test_thumbs_of_a_round_that_are_not_what_they_were_are_found(store: Store, frozen: Snapshot) -> None:
    rate(store, "local", [{"role": "user", "content": "Why?"}], 1, "So.", "up", "key")
    sha256 = ratings.freeze(store)
    with store.write() as db:
        rounds.insert_round(db, "kto", frozen.snapshot_id, 1, {}, "local", ratings_sha256=sha256)
    assert not [problem for problem in check(store) if problem.startswith("round")]
    (store.snapshots / f"ratings-{sha256}.jsonl").write_text("{}")
    (problem,) = [problem for problem in check(store) if problem.startswith("round")]
    assert problem.startswith("round 1: ")


def test_a_damaged_database_is_said_to_be(store: Store, frozen: Snapshot) -> None:
    store.db().conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.db().conn.close()
    with store.database.open("r+b") as handle:
        handle.seek(8 * 4096)
        handle.write(b"\xff" * 8 * 4096)
    problems = check(Store(store.home))
    assert problems
    assert all("\n" not in problem for problem in problems)


def test_a_model_that_is_gone_is_found(store: Store) -> None:
    add_pairs(store, 1)  # registers a model that has no files
    assert check(store) == [f"model policy: there is no model at {store.home / 'models' / 'policy'}"]


@pytest.mark.parametrize("damage", [Path.unlink, cut_short, empty])
def test_weights_that_are_not_what_they_were_are_found(store: Store, damage: Callable[[Path], None]) -> None:
    seed(store)
    assert check(store) == []
    damage(store.models / "demo" / "model.safetensors")
    (problem,) = check(store)
    assert problem.startswith("model demo: the weights at ")


def test_a_backup_that_is_made_while_others_write_is_whole(store: Store, tmp_path: Path) -> None:
    stop = threading.Event()

    def write_on() -> None:
        while not stop.is_set():
            with store.write() as db:
                record(db, "writer", "write", "something")

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        with store.write() as db:
            record(db, "marker", "mark", "something")
        (tmp_path / "copy").mkdir()
        backup(store, tmp_path / "copy" / "plumbline.db")
    finally:
        stop.set()
        writer.join()
    copy = Store.open(tmp_path / "copy")
    assert check(copy) == []
    assert copy.row("SELECT count(*) AS n FROM journal WHERE actor = 'marker'") == {"n": 1}


def test_a_backup_never_overwrites_and_leaves_no_part_of_a_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "there.db").write_text("mine")
    for target in (tmp_path / "there.db", tmp_path / "no" / "folder.db"):
        with pytest.raises(UserError):
            backup(store, target)
    assert (tmp_path / "there.db").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "there.db"]
