"""What people decide about prompts: nothing is lost, and nobody is shown what was retired."""

from __future__ import annotations

import pytest
from sqlite_utils.utils import sqlite3

from alignment import queue
from labeling import session
from storage import curation, jobs, labels, registry
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompts_of
from tests.conftest import add_pairs, every_row


def served_ids(store: Store) -> set[int]:
    return {prompt.prompt_id for prompt in prompts_of(store, "train")}


def hold_back(store: Store, prompt_id: int) -> None:
    with store.write() as db:
        columns = "prompt_id, kind, turn, start, length, created_at"
        db.execute(f"INSERT INTO personal_data ({columns}) VALUES (?, 'mail', 0, 0, 5, '')", [prompt_id])


def test_a_retired_prompt_is_asked_and_shown_no_more_and_its_votes_stay(store: Store) -> None:
    add_pairs(store, 2)
    (first,) = session.serve(store, "local")
    session.vote(store, "local", first.showing_id, "left", 1, "key")
    assert labels.waiting(store) == 1
    assert curation.decide(store, [1, 2], "retired", "ann", "twice the same") == 2
    assert (served_ids(store), labels.waiting(store)) == (set(), 0)
    assert session.serve(store, "local") == []
    assert labels.new_votes(store) == 1
    assert curation.decide(store, [1, 2], "restored", "ann") == 2
    assert (served_ids(store), labels.waiting(store)) == ({1, 2}, 1)


def test_a_deed_done_twice_is_done_once(store: Store) -> None:
    add_pairs(store, 2)
    assert curation.decide(store, [1], "retired", "ann") == 1
    before = every_row(store)
    assert curation.decide(store, [1], "retired", "ann") == 0
    assert curation.decide(store, [2], "restored", "ann") == 0
    assert curation.decide(store, [2], "released", "ann") == 0
    assert every_row(store) == before


def test_a_prompt_with_personal_data_waits_for_a_release(store: Store) -> None:
    add_pairs(store, 2)
    hold_back(store, 1)
    assert served_ids(store) == {2}
    curation.decide(store, [1], "retired", "ann")
    curation.decide(store, [1], "restored", "ann")
    assert served_ids(store) == {2}, "restoring is no release"
    assert curation.decide(store, [1], "released", "ann") == 1
    assert served_ids(store) == {1, 2}
    hold_back(store, 1)
    assert served_ids(store) == {1, 2}, "a release stands"


def test_a_release_does_not_bring_back_what_was_retired(store: Store) -> None:
    add_pairs(store, 1)
    hold_back(store, 1)
    curation.decide(store, [1], "retired", "ann")
    assert curation.decide(store, [1], "released", "ann") == 1
    assert served_ids(store) == set()
    curation.decide(store, [1], "restored", "ann")
    assert served_ids(store) == {1}


def test_tags_are_put_on_and_taken_off(store: Store) -> None:
    add_pairs(store, 3)
    assert curation.tag(store, [1, 2], "maths", "ann") == 2
    assert curation.tag(store, [2, 3], "maths", "ann") == 1
    assert curation.tag(store, [1], "maths", "ann", present=False) == 1
    assert curation.tag(store, [1], "maths", "ann") == 1
    assert curation.tag(store, [2], "hard", "ann") == 1
    assert curation.tags(store) == {"hard": 1, "maths": 3}


def test_a_model_can_be_asked_only_prompts_of_a_tag(store: Store) -> None:
    add_pairs(store, 4)
    (model,) = registry.models(store)
    curation.tag(store, [2, 3], "maths", "ann")
    curation.decide(store, [3], "retired", "ann")
    job_id = queue.generate(store, model, 3, "ann", tag="maths")
    assert jobs.get(store, job_id).spec["files"]["prompts.parquet"]["prompt_ids"] == [2, 2, 2]
    with pytest.raises(UserError, match="has the tag 'music'"):
        queue.generate(store, model, 3, "ann", tag="music")


@pytest.mark.parametrize("tag", ["", " a", "a,b", "a\n", "x" * 81, None])
def test_what_is_no_tag_is_refused(store: Store, tag: str) -> None:
    add_pairs(store, 1)
    with pytest.raises(UserError, match="A tag is"):
        curation.tag(store, [1], tag, "ann")


def test_an_unknown_prompt_is_refused_and_nothing_changes(store: Store) -> None:
    add_pairs(store, 1)
    before = every_row(store)
    for ids, said in (([1, 99], "no prompt 99"), ([], "No prompt is named")):
        with pytest.raises(UserError, match=said):
            curation.decide(store, ids, "retired", "ann")
        with pytest.raises(UserError, match=said):
            curation.tag(store, ids, "maths", "ann")
    assert every_row(store) == before


def test_decisions_are_on_record_for_ever(store: Store) -> None:
    add_pairs(store, 1)
    hold_back(store, 1)
    curation.decide(store, [1], "retired", "ann", "spoilt")
    curation.tag(store, [1], "maths", "ann")
    entries = store.rows("SELECT actor, action, subject FROM journal ORDER BY entry_id DESC LIMIT 2")
    assert entries == [
        {"actor": "ann", "action": "tag", "subject": "prompt 1"},
        {"actor": "ann", "action": "retire", "subject": "prompt 1"},
    ]
    for table in ("prompt_decisions", "prompt_tags", "personal_data"):
        for sql in (f"UPDATE {table} SET created_at = ''", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
                db.execute(sql)
