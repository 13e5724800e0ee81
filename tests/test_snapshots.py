"""Snapshots: the same votes, the same hash, the same file."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from alignment.materialise import materialise
from labeling import session
from storage import jobs, labels, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.maintenance import backup, check
from storage.prompts import fold_of, prompt_hash
from tests.conftest import add_pairs, at_once


def rank(store: Store, count: int) -> None:
    for showing in session.serve(store, "local", count):
        session.vote(store, "local", showing.showing_id, "left", 2, f"key-{showing.showing_id}")


def test_the_same_votes_are_the_same_snapshot(store: Store) -> None:
    add_pairs(store, 6)
    rank(store, 3)
    first = snapshots.take(store)
    assert snapshots.take(store) == first
    rank(store, 3)
    assert snapshots.take(store).sha256 != first.sha256


def test_a_snapshot_is_read_with_datasets(store: Store, tmp_path: Path) -> None:
    add_pairs(store, 5)
    rank(store, 5)
    snapshot = snapshots.take(store)
    rows = datasets.load_dataset("parquet", data_files=snapshot.path, split="train", cache_dir=str(tmp_path))
    assert rows.num_rows == snapshot.rows == 5
    assert rows[0]["prompt"][0]["role"] == "user"


def test_a_pair_judged_a_second_time_is_learned_from_once(store: Store) -> None:
    (pair_id,) = add_pairs(store, 1)
    rank(store, 1)
    pair = store.row("SELECT * FROM pairs WHERE pair_id = ?", [pair_id])
    assert pair is not None
    with store.write() as db:
        repeat = labels.insert_pair(db, pair["prompt_id"], pair["completion_b"], pair["completion_a"], "repeat")
        showing_id = labels.insert_showing(db, repeat, "local", flipped=False)
    session.vote(store, "local", showing_id, "left", 2, "again")
    assert [row["pair_id"] for row in snapshots.current_rows(store)] == [pair_id]
    assert labels.new_votes(store) == 1


def test_skips_withdrawn_votes_and_heldout_prompts_stay_out(store: Store) -> None:
    add_pairs(store, 3)
    add_pairs(store, 2, split="heldout", tag="h")
    rank(store, 5)
    session.undo(store, "local", "undo")
    held = {row["prompt_id"] for row in store.rows("SELECT prompt_id FROM prompts WHERE split = 'heldout'")}
    assert not held & {row["prompt_id"] for row in snapshots.current_rows(store)}


def test_all_votes_on_a_prompt_share_a_fold_and_a_third_is_for_the_judge() -> None:
    folds = [fold_of(prompt_hash([{"role": "user", "content": f"Question {n}"}])) for n in range(2000)]
    assert 0.3 < folds.count("judge") / 2000 < 0.37


def test_without_votes_there_is_nothing_to_freeze(store: Store) -> None:
    with pytest.raises(UserError, match="rank some pairs"):
        snapshots.take(store)


def test_a_changed_file_is_found(store: Store) -> None:
    add_pairs(store, 4)
    rank(store, 4)
    snapshot = snapshots.take(store)
    assert snapshots.verify(snapshot.path, snapshot.sha256)
    Path(snapshot.path).unlink()
    assert any("snapshot 1" in problem for problem in check(store))


@pytest.mark.parametrize("damaged", [b"", b"PAR1 of another file PAR1"])
def test_a_damaged_file_is_written_again(store: Store, damaged: bytes) -> None:
    add_pairs(store, 4)
    rank(store, 4)
    snapshot = snapshots.take(store)
    Path(snapshot.path).write_bytes(damaged)
    assert snapshots.take(store) == snapshot
    assert snapshots.verify(snapshot.path, snapshot.sha256)


def test_threads_that_freeze_the_same_votes_at_once_get_the_same_snapshot(store: Store) -> None:
    add_pairs(store, 4)
    rank(store, 4)
    taken = at_once(8, lambda: snapshots.take(store))
    assert taken == [snapshots.take(store)] * 8
    assert [path.name for path in store.snapshots.iterdir()] == [f"{taken[0].sha256}.parquet"]


def test_a_job_is_not_given_a_damaged_snapshot(store: Store) -> None:
    add_pairs(store, 4)
    rank(store, 4)
    snapshot = snapshots.take(store)
    spec = {"recipe": {}, "files": {"preferences.parquet": {"snapshot": snapshot.sha256}}}
    with store.write() as db:
        job = jobs.enqueue(db, "reward", spec, "test")
    Path(snapshot.path).write_bytes(b"")
    with pytest.raises(UserError, match="is damaged"):
        materialise(store, jobs.get(store, job))
    snapshots.take(store)
    assert (materialise(store, jobs.get(store, job)) / "preferences.parquet").stat().st_size > 0


def test_a_backup_is_a_whole_store(store: Store, tmp_path: Path) -> None:
    add_pairs(store, 4)
    rank(store, 4)
    (tmp_path / "restored").mkdir()
    backup(store, tmp_path / "restored" / "plumbline.db")
    restored = Store.open(tmp_path / "restored")
    count = "SELECT count(*) AS n FROM preferences"
    assert restored.row(count) == store.row(count)
    with pytest.raises(UserError, match="exists already"):
        backup(store, tmp_path / "restored" / "plumbline.db")
