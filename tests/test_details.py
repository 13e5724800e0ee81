"""What comes with a vote besides its verdict: checked, kept in the pair's order, exported and shown as it was said."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest

from labeling import session
from labeling.details import read_details
from storage import browse
from storage.database import Store
from storage.details import details_of
from storage.errors import UserError
from storage.exchange.exporting import export_file
from storage.project import Project, project, set_project
from storage.records import Details, Showing
from tests.conftest import add_pairs

SAID = {"reasons": ["clearer", "kinder"], "comment": " It answers. ", "ratings": {"honest": [5, 2]}}


def show(store: Store, flipped: bool) -> Showing:
    """A pair on the page, with its sides as given."""
    while True:
        add_pairs(store, 1, tag=f"t{len(store.rows('SELECT pair_id FROM pairs'))}x")
        (showing,) = session.serve(store, "local", 1)
        row = store.row("SELECT flipped FROM showings WHERE showing_id = ?", [showing.showing_id])
        if row == {"flipped": int(flipped)}:
            return showing
        session.vote(store, "local", showing.showing_id, "skip", 0, "other")


@pytest.mark.parametrize("flipped", [False, True])
def test_ratings_turn_with_the_sides_and_come_back_as_shown(store: Store, flipped: bool, tmp_path: Any) -> None:
    showing = show(store, flipped)
    vote = session.vote(store, "local", showing.showing_id, "left", 3, "key", details=read_details(SAID))
    stored = details_of(store, [vote.preference_id])[vote.preference_id]
    assert stored.ratings == {"honest": (2, 5) if flipped else (5, 2)}
    assert (stored.reasons, stored.comment, stored.flagged) == (("clearer", "kinder"), "It answers.", False)
    assert browse.votes(store).rows[0].details.ratings == {"honest": (5, 2)}
    export_file(store, tmp_path / "votes.parquet", what="votes")
    row = pq.read_table(tmp_path / "votes.parquet").to_pylist()[-1]
    assert (row["reasons"], row["comment"], row["flagged"]) == (["clearer", "kinder"], "It answers.", False)
    assert row["ratings"] == ('{"honest": [2, 5]}' if flipped else '{"honest": [5, 2]}')


def test_a_vote_alone_has_no_row_and_a_change_of_mind_has_its_own(store: Store) -> None:
    showing = show(store, False)
    first = session.vote(store, "local", showing.showing_id, "left", 3, "one")
    again = session.vote(store, "local", showing.showing_id, "left", 3, "two", details=read_details(SAID))
    assert (again.duplicate, details_of(store, [first.preference_id])) == (True, {})
    changed = session.vote(
        store, "local", showing.showing_id, "tie", 0, "three", amend=True, details=read_details(SAID)
    )
    assert list(details_of(store, [first.preference_id, changed.preference_id])) == [changed.preference_id]


def test_a_flag_is_a_skip(store: Store) -> None:
    showing = show(store, False)
    with pytest.raises(UserError, match="A flagged pair is skipped, and left compares its answers"):
        session.vote(store, "local", showing.showing_id, "left", 3, "key", details=Details(flagged=True))
    assert browse.votes(store).rows == [] or browse.votes(store).rows[0].verdict == "skip"
    vote = session.vote(store, "local", showing.showing_id, "skip", 0, "key", details=Details(flagged=True))
    assert details_of(store, [vote.preference_id])[vote.preference_id].flagged


@pytest.mark.parametrize(
    "asked",
    [
        5,
        [],
        {"reason": []},
        {"reasons": "clearer"},
        {"reasons": [""]},
        {"reasons": [5]},
        {"reasons": ["a\nb"]},
        {"reasons": ["x" * 81]},
        {"reasons": [str(n) for n in range(21)]},
        {"comment": 5},
        {"comment": "x" * 2001},
        {"comment": "\ud800"},
        {"comment": "a\0b"},
        {"ratings": [1]},
        {"ratings": {"honest": [1]}},
        {"ratings": {"honest": [0, 5]}},
        {"ratings": {"honest": [1, 6]}},
        {"ratings": {"honest": [True, 5]}},
        {"ratings": {"honest": [1.0, 5]}},
        {"ratings": {"": [1, 5]}},
        {"flagged": 1},
        {"flagged": None},
    ],
)
def test_details_that_make_no_sense_are_refused_in_a_sentence(asked: Any) -> None:
    with pytest.raises(UserError, match=r"^[A-Z].*\.$"):
        read_details(asked)


def test_details_may_be_left_out() -> None:
    assert read_details(None) == read_details({}) == read_details({"comment": None, "ratings": None}) == Details()


def test_the_newest_value_of_a_setting_stands_and_the_older_ones_stay(store: Store) -> None:
    assert project(store) == Project()
    set_project(store, "criteria", ["helpful", "honest"], "test")
    set_project(store, "criteria", ["harmless"], "test")
    assert project(store).criteria == ("harmless",)
    assert project(store).reasons == Project().reasons
    assert len(store.rows("SELECT * FROM project_settings")) == 2


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("criterion", ["a"], "The project has no setting 'criterion'. Did you mean 'criteria'?"),
        ("zzz", ["a"], "There are reasons, flags, criteria"),
        ("criteria", "helpful", "The setting criteria is a list of up to 20 different texts"),
        ("criteria", ["a", "a"], "The setting criteria is a list"),
        ("criteria", [" a"], "The setting criteria is a list"),
        ("criteria", [["a"]], "The setting criteria is a list"),
        ("criteria", ["a\u0000"], "The setting criteria is a list"),
        ("criteria", ["x" * 81], "The setting criteria is a list"),
        ("criteria", [str(n) for n in range(21)], "The setting criteria is a list"),
    ],
)
def test_a_setting_that_makes_no_sense_changes_nothing(store: Store, name: str, value: Any, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        set_project(store, name, value, "test")
    assert sentence in str(refused.value)
    assert store.rows("SELECT * FROM project_settings") == []
