"""Serving, voting and taking back, through the one path that people, programs and simulations share."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3

from labeling import session
from labeling.accounts import ensure_user
from storage import labels, registry, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.project import set_project
from storage.prompts import NewPrompt, add_prompts
from storage.records import Message
from tests.conftest import add_pairs, at_once


def stored(store: Store, showing_id: int) -> list[str]:
    rows = store.rows("SELECT verdict FROM preferences WHERE showing_id = ? ORDER BY preference_id", [showing_id])
    return [row["verdict"] for row in rows]


def test_a_pair_is_served_with_its_sides_as_recorded(store: Store) -> None:
    add_pairs(store, 40)
    flips = set()
    for showing in session.serve(store, "local", 40):
        row = store.row("SELECT flipped FROM showings WHERE showing_id = ?", [showing.showing_id])
        assert row is not None
        assert showing.left.startswith("second" if row["flipped"] else "first")
        flips.add(row["flipped"])
    assert flips == {0, 1}


def test_a_vote_is_stored_in_the_pairs_own_order(store: Store) -> None:
    add_pairs(store, 12)
    for number, showing in enumerate(session.serve(store, "local", 12)):
        session.vote(store, "local", showing.showing_id, "left", 3, f"key-{number}")
        assert stored(store, showing.showing_id) == ["a" if showing.left.startswith("first") else "b"]


def test_the_same_key_twice_is_one_vote(store: Store) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    first = session.vote(store, "local", showing.showing_id, "left", 4, "key")
    again = session.vote(store, "local", showing.showing_id, "left", 4, "key")
    assert (again.preference_id, again.duplicate) == (first.preference_id, True)
    assert len(stored(store, showing.showing_id)) == 1


def test_a_second_click_is_the_vote_that_stands(store: Store) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    first = session.vote(store, "local", showing.showing_id, "left", 4, "key")
    second = session.vote(store, "local", showing.showing_id, "right", 1, "another")
    assert second.duplicate
    assert (second.preference_id, second.verdict, second.strength) == (first.preference_id, "left", 4)


def test_a_change_of_mind_supersedes_and_keeps_the_first_vote(store: Store) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "tie", 0, "key")
    changed = session.vote(store, "local", showing.showing_id, "both_bad", 0, "another", amend=True)
    assert not changed.duplicate
    assert stored(store, showing.showing_id) == ["tie", "both_bad"]
    assert labels.counts(store) == {"a": 0, "b": 0, "tie": 0, "both_bad": 1, "all": 1}


def test_a_vote_that_was_undone_is_open_again_and_comes_first(store: Store) -> None:
    add_pairs(store, 5)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "tie", 0, "key")
    assert session.undo(store, "local", "undo") == showing
    assert labels.counts(store)["all"] == 0
    assert session.serve(store, "local") == [showing]
    session.vote(store, "local", showing.showing_id, "skip", 0, "third")
    assert stored(store, showing.showing_id) == ["tie", "withdrawn", "skip"]


def test_an_undo_sent_twice_takes_back_one_vote(store: Store) -> None:
    add_pairs(store, 2)
    for showing in session.serve(store, "local", 2):
        session.vote(store, "local", showing.showing_id, "tie", 0, f"key-{showing.showing_id}")
    assert session.undo(store, "local", "undo") == session.undo(store, "local", "undo")
    assert labels.counts(store)["all"] == 1


def test_an_undo_sent_again_leaves_a_later_vote_alone(store: Store) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "tie", 0, "key")
    session.undo(store, "local", "undo", showing.showing_id)
    session.vote(store, "local", showing.showing_id, "both_bad", 0, "second")
    assert session.undo(store, "local", "undo", showing.showing_id) == showing
    assert labels.counts(store)["both_bad"] == 1


def test_with_nothing_to_undo_nothing_happens(store: Store) -> None:
    assert session.undo(store, "local", "undo") is None


def test_what_a_page_holds_is_not_served_to_it_again(store: Store) -> None:
    add_pairs(store, 3)
    held = [showing.showing_id for showing in session.serve(store, "local", 2)]
    (third,) = session.serve(store, "local", 5, holding=held)
    assert third.showing_id not in held
    assert len(session.serve(store, "local", 5)) == 3  # a reload, which holds nothing, gets all three


def test_a_pair_that_somebody_answered_is_served_to_nobody_else(store: Store) -> None:
    ensure_user(store, "mara", "labeler")
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "tie", 0, "key")
    assert session.serve(store, "mara") == []


def test_nobody_votes_on_what_was_served_to_another(store: Store) -> None:
    ensure_user(store, "mara", "labeler")
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    with pytest.raises(UserError, match="was not served to mara"):
        session.vote(store, "mara", showing.showing_id, "tie", 0, "key")


def test_a_showing_of_one_home_names_nothing_in_another(store: Store, tmp_path: Path) -> None:
    elsewhere = Store.open(tmp_path / "elsewhere")
    ensure_user(elsewhere, "local", "admin")
    for home in (store, elsewhere):
        add_pairs(home, 3)
    here, there = (session.serve(home, "local", 3) for home in (store, elsewhere))
    for showing in here:
        with pytest.raises(UserError, match="was not served to local from this home"):
            session.vote(elsewhere, "local", showing.showing_id, "tie", 0, "key")
    assert labels.never_served(elsewhere, "local", [pair.showing_id for pair in here + there]) == {
        pair.showing_id for pair in here
    }


def test_a_showing_is_a_number_that_a_browser_can_tell_from_its_neighbours(store: Store) -> None:
    add_pairs(store, 20)
    assert all(0 < showing.showing_id < 2**53 for showing in session.serve(store, "local", 20))


def test_what_was_left_open_comes_again_in_the_order_in_which_it_was_shown(store: Store) -> None:
    add_pairs(store, 20)
    shown = [session.serve(store, "local")[0]]
    while len(shown) < 8:
        shown += session.serve(store, "local", holding=[showing.showing_id for showing in shown])
    assert session.serve(store, "local", 8) == shown


def test_pairs_of_the_promoted_model_come_first(store: Store) -> None:
    add_pairs(store, 3, tag="old")
    fresh = set(add_pairs(store, 3, tag="new"))
    assert {showing.pair_id for showing in session.serve(store, "local", 3)} == fresh
    registry.rollback(store, "local")
    assert not {showing.pair_id for showing in session.serve(store, "local", 3)} & fresh


@pytest.mark.parametrize(
    ("verdict", "strength", "key"),
    [("up", 0, "k"), ("left", 0, "k"), ("left", 5, "k"), ("tie", 2, "k"), ("tie", 0, ""), ("tie", 0, "k" * 201)],
)
def test_what_is_no_vote_changes_nothing(store: Store, verdict: str, strength: int, key: str) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    with pytest.raises(UserError):
        session.vote(store, "local", showing.showing_id, verdict, strength, key)
    assert stored(store, showing.showing_id) == []


def test_who_skips_a_pair_does_not_see_it_again_but_others_do(store: Store) -> None:
    ensure_user(store, "mara", "labeler")
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "skip", 0, "key")
    assert session.serve(store, "local") == []
    (again,) = session.serve(store, "mara")
    session.vote(store, "mara", again.showing_id, "tie", 0, "key")
    assert again.pair_id == showing.pair_id


def test_what_the_only_labeler_skipped_does_not_count_as_waiting(store: Store) -> None:
    add_pairs(store, 2)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "skip", 0, "key")
    assert labels.waiting(store) == 1  # so that new pairs are made in time


def test_tabs_that_ask_at_once_get_the_same_showings(store: Store) -> None:
    add_pairs(store, 4)
    served = at_once(8, lambda: {showing.showing_id for showing in session.serve(store, "local", 4)})
    assert len(served) == 8
    assert all(ids == served[0] for ids in served)


def test_an_undo_of_the_last_vote_leaves_chats_alone(store: Store) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "tie", 0, "key")
    model_id = registry.require_promoted(store).model_id
    asked: tuple[Message, ...] = ({"role": "user", "content": "Hello"},)
    chatted = session.record_chat_pair(store, "local", asked, ((model_id, "Hi."), (model_id, "Go.")))
    session.vote(store, "local", chatted.showing_id, "left", 3, "chat")
    assert session.undo(store, "local", "undo") == showing
    assert stored(store, chatted.showing_id) == ["a"]


def test_a_burst_of_retries_from_many_threads_is_one_vote(store: Store) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    votes = at_once(16, lambda: session.vote(store, "local", showing.showing_id, "left", 2, "key"))
    assert len({vote.preference_id for vote in votes}) == 1
    assert sum(not vote.duplicate for vote in votes) == 1


def test_a_stored_vote_cannot_be_changed_or_deleted(store: Store) -> None:
    add_pairs(store, 1)
    (showing,) = session.serve(store, "local")
    session.vote(store, "local", showing.showing_id, "tie", 0, "key")
    for sql in ("UPDATE preferences SET verdict = 'skip'", "DELETE FROM preferences"):
        with pytest.raises(sqlite3.IntegrityError, match="supersede"), store.write() as db:
            db.execute(sql)


def test_a_chat_becomes_a_pair_and_its_verdict_a_vote(store: Store) -> None:
    add_pairs(store, 1)
    model = registry.require_promoted(store)
    turns = ({"role": "user", "content": "Hello"},)
    showing = session.record_chat_pair(store, "local", turns, ((model.model_id, "Hi."), (model.model_id, "Go away.")))  # type: ignore[arg-type]
    assert (showing.left, showing.right) == ("Hi.", "Go away.")
    session.vote(store, "local", showing.showing_id, "left", 4, "key")
    assert labels.counts(store)["a"] == 1


@pytest.mark.parametrize(
    ("question", "split"),
    [
        ("what is the name of the largest river in europe?", "heldout"),
        ("What is the name of the largest river in Europe", "heldout"),
        ("What is the name of the smallest dog in Asia?", "train"),
        ("Hello", "train"),
    ],
)
def test_a_chat_that_is_nearly_a_held_out_prompt_is_held_out_too(store: Store, question: str, split: str) -> None:
    add_pairs(store, 1)
    heldout = ({"role": "user", "content": "What is the name of the largest river in Europe"},)
    add_prompts(store, [NewPrompt(heldout, "test", "heldout")])  # type: ignore[arg-type]
    model_id = registry.require_promoted(store).model_id
    asked: tuple[Message, ...] = ({"role": "user", "content": question},)
    showing = session.record_chat_pair(store, "local", asked, ((model_id, "It is."), (model_id, "It was.")))
    session.vote(store, "local", showing.showing_id, "left", 4, "key")
    assert labels.is_held_out(store, showing.pair_id) == (split == "heldout")
    assert session.progress(store, "local").votes == (split == "train")
    assert len(list(snapshots.current_rows(store))) == (split == "train")


def test_progress_counts_votes_and_pace(store: Store) -> None:
    add_pairs(store, 4)
    for seconds, showing in zip((2.0, 4.0, 9.0), session.serve(store, "local", 3), strict=True):
        session.vote(store, "local", showing.showing_id, "tie", 0, f"key-{seconds}", seconds)
    progress = session.progress(store, "local")
    assert (progress.votes, progress.seconds_per_pair) == (3, 4.0)


def test_a_disputed_answer_of_a_chat_goes_to_others_where_more_people_are_wanted_and_never_back(store: Store) -> None:
    add_pairs(store, 1)
    ensure_user(store, "mara", "labeler")
    (pair,) = session.serve(store, "local")
    session.vote(store, "local", pair.showing_id, "tie", 0, "key")
    model_id = registry.require_promoted(store).model_id
    turns: tuple[Message, ...] = ({"role": "user", "content": "Hello"},)
    disputed = session.record_chat_pair(store, "local", turns, ((model_id, "Hi."), (model_id, "Go away.")))
    session.vote(store, "local", disputed.showing_id, "left", 3, "chat")
    assert session.serve(store, "mara", 9, checked=False) == []
    set_project(store, "overlap", 2, "test")
    assert disputed.pair_id in {one.pair_id for one in session.serve(store, "mara", 9, checked=False)}
    session.undo(store, "local", "undo", disputed.showing_id)
    assert disputed.pair_id not in {one.pair_id for one in session.serve(store, "local", 9, checked=False)}
