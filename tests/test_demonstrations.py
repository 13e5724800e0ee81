"""What labelers wrote themselves: kept as it was written, the newest of each standing, none of a held-out prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3

from alignment.demonstrations import curriculum
from labeling import session
from storage import demonstrations
from storage.database import Store
from storage.errors import UserError
from storage.exchange.demonstrations import Demonstration, read_demonstrations
from storage.exchange.exporting import export_file
from storage.records import Message
from tests.conftest import add_pairs


def showings(store: Store, count: int, split: str = "train") -> list[int]:
    add_pairs(store, count, split, tag=split)
    return [showing.showing_id for showing in session.serve(store, "local", count)]


def texts(store: Store) -> list[str]:
    return [row["messages"][-1]["content"] for row in demonstrations.rows(store)]


def test_the_newest_of_a_labeler_stands_until_it_is_taken_back(store: Store) -> None:
    first, second = showings(store, 2)
    for showing_id, text in ((first, "One"), (second, "Two"), (first, "Better")):
        demonstrations.write(store, "local", showing_id, text)
    assert texts(store) == ["Two", "Better"]
    demonstrations.write(store, "local", first, " ")
    assert texts(store) == ["Two"]
    demonstrations.write(store, "local", first, "Best")
    assert texts(store) == ["Two", "Best"]
    row = demonstrations.rows(store)[0]
    assert row["messages"][0]["role"] == "user"
    assert row["labeler"] == "local"


def test_none_is_learned_from_a_held_out_prompt(store: Store) -> None:
    (showing_id,) = showings(store, 1, "heldout")
    demonstrations.write(store, "local", showing_id, "Seen")
    with pytest.raises(UserError, match="No labeler has written a demonstration on a train prompt"):
        demonstrations.standing(store)
    assert [row["split"] for row in demonstrations.rows(store)] == ["heldout"]


def test_only_whom_the_pair_was_shown_to_writes_and_only_text(store: Store) -> None:
    (showing_id,) = showings(store, 1)
    with pytest.raises(UserError, match="not served to mara"):
        demonstrations.write(store, "mara", showing_id, "Mine")
    with pytest.raises(UserError, match="NUL"):
        demonstrations.write(store, "local", showing_id, "a\0b")
    with pytest.raises(UserError, match="names no showing"):
        demonstrations.write(store, "local", 2**70, "Mine")
    assert store.rows("SELECT * FROM demonstrations") == []


def test_a_row_is_never_changed(store: Store) -> None:
    demonstrations.write(store, "local", showings(store, 1)[0], "One")
    for change in ("UPDATE demonstrations SET text = 'Two'", "DELETE FROM demonstrations"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
            db.execute(change)


def test_frozen_they_read_as_chat_records_and_the_same_ones_are_the_same_file(store: Store) -> None:
    first, second = showings(store, 2)
    demonstrations.write(store, "local", first, "Eins – 一")
    frozen = demonstrations.freeze(store)
    assert demonstrations.freeze(store) == frozen
    assert read_demonstrations(frozen) == demonstrations.standing(store)
    assert json.loads(frozen.read_text())["demonstration_id"] == 1
    demonstrations.write(store, "local", second, "Two")
    assert demonstrations.freeze(store) != frozen
    assert len(read_demonstrations(frozen)) == 1


def test_an_export_of_them_reads_as_demonstrations(store: Store, tmp_path: Path) -> None:
    first, second = showings(store, 2)
    demonstrations.write(store, "local", first, "One")
    demonstrations.write(store, "local", second, "Two")
    for name in ("out.jsonl", "out.parquet", "out.csv"):
        assert export_file(store, tmp_path / name, what="demonstrations").count == 2
        assert read_demonstrations(tmp_path / name) == demonstrations.standing(store)


def asks(count: int, of: str) -> list[Demonstration]:
    def turn(role: str, content: str) -> Message:
        return {"role": role, "content": content}

    return [Demonstration((turn("user", f"{of} {n * n * 7}?"), turn("assistant", of))) for n in range(count)]


def test_some_of_both_are_held_out_and_labelers_own_can_be_repeated() -> None:
    instructions, written = asks(40, "What comes after"), asks(40, "How many are")
    whole = curriculum(instructions, written, None, 0.3, repeats=3)
    unseen = [demonstration for demonstration in instructions + written if demonstration in whole.heldout]
    assert whole.heldout == unseen
    assert whole.instructions == [one for one in instructions if one not in unseen]
    assert whole.written == [one for one in written if one not in unseen] * 3
    assert {one.messages[1]["content"] for one in unseen} == {"What comes after", "How many are"}


def test_with_a_file_to_measure_on_nothing_is_held_out() -> None:
    instructions, heldout = asks(1, "What"), asks(2, "Why")
    assert curriculum(instructions, [], heldout, 0.3).instructions == instructions
    with pytest.raises(UserError, match=r"too few demonstrations \(1\)"):
        curriculum(instructions, [], None, 0.3)
