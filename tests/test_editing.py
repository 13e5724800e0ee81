"""A better answer written in view of a pair: what comes of it, all at once, and that it comes and goes as one."""

from __future__ import annotations

from typing import Any

import pytest

from labeling import editing, session
from labeling.accounts import ensure_user
from storage import demonstrations, edits, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.records import Showing
from tests.conftest import add_pairs, every_row


@pytest.fixture
def showing(store: Store) -> Showing:
    add_pairs(store, 1)
    (shown,) = session.serve(store, "local")
    return shown


def learned(store: Store) -> set[tuple[str, str]]:
    """What a snapshot says is better than what."""
    rows = list(snapshots.current_rows(store))
    sides = {row["preference_id"]: (row["completion_a"], row["completion_b"]) for row in rows}
    return {sides[row["preference_id"]][:: 1 if row["verdict"] == "a" else -1] for row in rows}  # type: ignore[misc]


def written(store: Store) -> list[str]:
    return [row["messages"][-1]["content"] for row in demonstrations.to_learn_from(store)]


def test_edited_is_better_than_chosen_and_chosen_than_rejected(store: Store, showing: Showing) -> None:
    done = editing.edit(store, "local", showing.showing_id, " My answer. ", "left", "left", 3, "key", 9.0)
    mine, chosen, rejected = "My answer.", showing.left, showing.right
    assert learned(store) == {(mine, chosen), (mine, rejected), (chosen, rejected)}
    assert written(store) == [mine]
    row = store.row("SELECT * FROM edits JOIN completions USING (completion_id)")
    origin = store.row("SELECT * FROM completions WHERE text = ?", [chosen])
    assert row is not None
    assert origin is not None
    assert (row["origin_id"], row["model_id"], row["ended"]) == (origin["completion_id"], None, 1)
    assert row["demonstration_id"] == done.demonstration_id
    assert edits.texts_of(store, [done.vote.preference_id]) == {done.vote.preference_id: mine}


def test_what_is_not_said_of_the_two_is_not_learned(store: Store, showing: Showing) -> None:
    editing.edit(store, "local", showing.showing_id, "Mine", client_key="key")
    assert learned(store) == {("Mine", showing.left), ("Mine", showing.right)}


def test_the_same_key_again_and_a_second_edit_change_nothing(store: Store, showing: Showing) -> None:
    first = editing.edit(store, "local", showing.showing_id, "Mine", client_key="key")
    before = every_row(store)
    again = editing.edit(store, "local", showing.showing_id, "Mine", client_key="key")
    other = editing.edit(store, "local", showing.showing_id, "Other", client_key="other")
    assert again.demonstration_id == other.demonstration_id == first.demonstration_id
    assert (again.vote.duplicate, other.vote.duplicate) == (True, True)
    assert (again.kept, other.kept) == (True, False)
    assert every_row(store) == before


def test_an_undo_takes_all_of_it_back_and_what_was_written_before_stands_again(store: Store, showing: Showing) -> None:
    demonstrations.write(store, "local", showing.showing_id, "Before")
    editing.edit(store, "local", showing.showing_id, "Mine", "left", "left", 3, "key")
    assert session.undo(store, "local", "undo") == showing
    assert session.undo(store, "local", "undo") == showing
    assert learned(store) == set()
    assert written(store) == ["Before"]
    assert session.serve(store, "local") == [showing]


def test_an_undo_leaves_what_was_written_since(store: Store, showing: Showing) -> None:
    editing.edit(store, "local", showing.showing_id, "Mine", client_key="key")
    demonstrations.write(store, "local", showing.showing_id, "Since")
    session.undo(store, "local", "undo")
    assert written(store) == ["Since"]


@pytest.mark.parametrize("again", ["vote", "edit"])
def test_a_change_of_mind_takes_the_place_of_the_edit(store: Store, showing: Showing, again: str) -> None:
    editing.edit(store, "local", showing.showing_id, "Mine", "left", "left", 3, "key")
    if again == "vote":
        session.vote(store, "local", showing.showing_id, "right", 2, "second", amend=True)
        assert learned(store) == {(showing.right, showing.left)}
        assert written(store) == []
    else:
        editing.edit(store, "local", showing.showing_id, "Better", "right", "right", 3, "second", amend=True)
        assert learned(store) == {
            ("Better", showing.left),
            ("Better", showing.right),
            (showing.right, showing.left),
        }
        assert written(store) == ["Better"]


def test_an_edited_answer_comes_to_nobody_as_a_pair(store: Store, showing: Showing) -> None:
    ensure_user(store, "mara", "labeler")
    editing.edit(store, "local", showing.showing_id, "Mine", client_key="key")
    for name in ("local", "mara"):
        assert not any("Mine" in (pair.left, pair.right) for pair in session.serve(store, name, 9))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"text": " \n"}, "The better answer is empty"),
        ({"text": 5}, "is a text"),
        ({"text": "a\0b"}, "NUL"),
        ({"text": "\ud800"}, "is a text"),
        ({"text": "x" * 200_001}, "200000 are the most"),
        ({"text": "Mine", "start": "a"}, "no side to start from"),
        ({"text": "Mine", "verdict": "left"}, "strength of left"),
        ({"text": "Mine", "client_key": ""}, "client_key"),
        ({"text": "Mine", "showing_id": 5}, "was not served to local"),
    ],
)
def test_what_is_no_edit_changes_nothing(store: Store, showing: Showing, given: dict[str, Any], sentence: str) -> None:
    before = every_row(store)
    with pytest.raises(UserError, match=sentence):
        editing.edit(store, "local", **{"showing_id": showing.showing_id, "client_key": "key", **given})
    assert every_row(store) == before


def test_an_answer_as_it_was_is_no_edit(store: Store, showing: Showing) -> None:
    for name, text in (("A", showing.left), ("B", showing.right)):
        with pytest.raises(UserError, match=f"is answer {name} unchanged"):
            editing.edit(store, "local", showing.showing_id, f"\n{text} ", client_key="key")
    assert store.rows("SELECT * FROM preferences") == []
