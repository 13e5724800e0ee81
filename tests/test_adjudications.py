"""A researcher's ruling on a pair: what it takes, what it overrules, and that it counts as no labeler's vote."""

from __future__ import annotations

import pytest

from labeling import session
from labeling.accounts import ensure_user
from labeling.quality.report import quality
from storage import labels, snapshots
from storage.adjudications import adjudicate, rulings
from storage.database import Store
from storage.errors import UserError
from storage.judgements import judgements
from tests.conftest import add_pairs, every_row


@pytest.fixture
def contested_pair(store: Store) -> int:
    """A pair for whose answer a one labeler voted, and another for b."""
    pair_ids = add_pairs(store, 3)
    for name, verdict in (("ann", "a"), ("ben", "b")):
        ensure_user(store, name, "labeler")
        vote(store, pair_ids[0], name, verdict)
        vote(store, pair_ids[1], name, "a")
    return pair_ids[0]


def vote(store: Store, pair_id: int, labeler: str, verdict: str) -> None:
    with store.write() as db:
        showing_id = labels.insert_showing(db, pair_id, labeler, flipped=False)
        labels.insert_preference(db, showing_id, "key", verdict, 2 if verdict in "ab" else 0, None, None)


def learned(store: Store, pair_id: int) -> list[tuple[str, str, int]]:
    rows = snapshots.current_rows(store)
    return [(row["labeler"], row["verdict"], row["strength"]) for row in rows if row["pair_id"] == pair_id]


def test_votes_that_a_ruling_says_otherwise_than_are_not_learned_from(store: Store, contested_pair: int) -> None:
    before = labels.new_votes(store)
    adjudicate(store, contested_pair, "b", 3, "a answers\nanother question", "local")
    assert learned(store, contested_pair) == [("ben", "b", 2), ("local", "b", 3)]
    assert labels.new_votes(store) == before  # one is overruled, and the ruling is a vote itself
    assert rulings(store)[0].reason == "a answers another question"


def test_a_later_ruling_takes_the_place_of_an_earlier_one(store: Store, contested_pair: int) -> None:
    adjudicate(store, contested_pair, "b", 3, "at first sight", "local")
    ensure_user(store, "rita", "researcher")
    adjudicate(store, contested_pair, "a", 1, "on second thoughts", "rita")
    assert [(one.verdict, one.actor) for one in rulings(store)] == [("a", "rita")]
    assert learned(store, contested_pair) == [("ann", "a", 2), ("rita", "a", 1)]


def test_a_ruling_stands_as_long_as_its_vote_does(store: Store, contested_pair: int) -> None:
    adjudicate(store, contested_pair, "tie", 0, "both are as good", "local")
    assert learned(store, contested_pair) == [("local", "tie", 0)]
    session.undo(store, "local", "undo")  # takes back what was served, and no ruling
    assert len(rulings(store)) == 1
    showing = store.row("SELECT showing_id FROM showings WHERE labeler = 'local'")
    assert showing is not None
    session.undo(store, "local", "another", showing["showing_id"])
    assert rulings(store) == []
    assert [labeler for labeler, _, _ in learned(store, contested_pair)] == ["ann", "ben"]


def test_a_pair_that_was_ruled_on_is_contested_no_more_and_agreement_stays_as_it_was(
    store: Store, contested_pair: int
) -> None:
    before = quality(store)
    assert [one.pair_id for one in before.contested] == [contested_pair]
    adjudicate(store, contested_pair, "a", 2, "it is true", "local")
    after = quality(store)
    assert after.contested == []
    assert after.agreement == before.agreement
    assert [one.name for one in after.labelers] == ["ann", "ben"]


@pytest.mark.parametrize(
    ("verdict", "strength", "reason", "said"),
    [
        ("a", 2, "  ", "takes a reason"),
        ("a", 2, "x" * 2001, "takes a reason"),
        ("a", 0, "why", "with a strength of 1 to 4"),
        ("tie", 1, "why", "tie or both_bad with none"),
        ("skip", 0, "why", "A ruling is a or b"),
    ],
)
def test_what_is_no_ruling_changes_nothing(
    store: Store, contested_pair: int, verdict: str, strength: int, reason: str, said: str
) -> None:
    before = every_row(store)
    with pytest.raises(UserError, match=said):
        adjudicate(store, contested_pair, verdict, strength, reason, "local")
    assert every_row(store) == before


def test_a_ruling_is_on_a_pair_that_is_there(store: Store) -> None:
    for pair_id in (99, 10**30, -1):
        with pytest.raises(UserError, match="There is no pair"):
            adjudicate(store, pair_id, "a", 1, "why", "local")


def test_a_repeat_is_told_from_a_first_look(store: Store, contested_pair: int) -> None:
    pair = store.row("SELECT * FROM pairs WHERE pair_id = ?", [contested_pair])
    assert pair is not None
    with store.write() as db:
        again = labels.insert_pair(db, pair["prompt_id"], pair["completion_b"], pair["completion_a"], "repeat")
    vote(store, again, "ann", "b")  # the answer that was a before
    vote(store, again, "ben", "b")
    found = {one.name: one.steady for one in quality(store).labelers}
    assert {name: steady and steady.value for name, steady in found.items()} == {"ann": 1.0, "ben": 0.0}
    assert not judgements(store).first_looks().repeat.any()
    assert learned(store, again) == []


def test_the_side_and_the_length_are_of_what_was_shown(store: Store) -> None:
    (pair_id,) = add_pairs(store, 1)  # "first answer 0", "second answer 0"
    with store.write() as db:
        showing_id = labels.insert_showing(db, pair_id, "local", flipped=True)
        labels.insert_preference(db, showing_id, "key", "b", 2, None, None)
    found = judgements(store)
    assert [found.left.tolist(), found.longer.tolist(), found.choice.tolist()] == [[True], [-1], [1]]
