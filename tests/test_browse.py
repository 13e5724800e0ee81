"""The votes as the Data page lists them: newest first, in the order shown, filtered and searched."""

from __future__ import annotations

import pytest

from labeling import session
from storage import browse, snapshots
from storage.database import Store
from tests.conftest import add_pairs

VERDICTS = [("left", 4), ("right", 1), ("tie", 0), ("both_bad", 0), ("skip", 0)]


@pytest.fixture
def voted(store: Store) -> list[int]:
    """One vote of each verdict on pairs 0 to 4, and one taken back; returns the showings."""
    add_pairs(store, 6)
    ids = []
    for (verdict, strength), pair in zip([*VERDICTS, ("tie", 0)], session.serve(store, "local", 6), strict=True):
        session.vote(store, "local", pair.showing_id, verdict, strength, f"key-{pair.showing_id}")
        ids.append(pair.showing_id)
    session.undo(store, "local", "undo")
    return ids


@pytest.mark.usefixtures("voted")
def test_votes_come_newest_first_as_they_were_shown(store: Store) -> None:
    found, total = browse.votes(store)
    assert [(vote.verdict, vote.strength) for vote in found] == VERDICTS[::-1]
    assert total == 5
    shown = store.rows("SELECT flipped FROM showings ORDER BY showing_id")
    for vote, row in zip(found[::-1], shown, strict=False):
        assert vote.left.startswith("second" if row["flipped"] else "first")


@pytest.mark.usefixtures("voted")
@pytest.mark.parametrize("verdict", [verdict for verdict, _ in VERDICTS])
def test_a_filter_leaves_one_verdict(store: Store, verdict: str) -> None:
    found, total = browse.votes(store, verdict=verdict)
    assert ([vote.verdict for vote in found], total) == ([verdict], 1)


@pytest.mark.usefixtures("voted")
def test_a_search_looks_into_prompts_and_both_answers_in_either_case(store: Store) -> None:
    number = browse.votes(store)[0][0].left.split()[-1]
    for text in (f"QUESTION {number}?", f"first answer {number}", f" Second answer {number} "):
        assert browse.votes(store, search=text)[1] == 1
    assert browse.votes(store, search="%") == ([], 0)


def test_pages_follow_each_other(store: Store) -> None:
    add_pairs(store, browse.PAGE + 3)
    for pair in session.serve(store, "local", browse.PAGE + 3):
        session.vote(store, "local", pair.showing_id, "tie", 0, f"key-{pair.showing_id}")
    first, second, third = (browse.votes(store, page=number)[0] for number in range(3))
    assert (len(first), len(second), third) == (browse.PAGE, 3, [])
    ids = [vote.preference_id for vote in first + second]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.usefixtures("voted")
def test_the_tally_counts_what_stands(store: Store) -> None:
    assert browse.tally(store) == browse.Tally(4, 1, 1, 1, 1, 1, labelers=1, prompts=5)


def test_an_empty_store_has_nothing_to_show(store: Store) -> None:
    assert browse.votes(store) == ([], 0)
    assert browse.tally(store).votes == 0
    assert browse.taken_snapshots(store) == []


@pytest.mark.usefixtures("voted")
def test_snapshots_are_listed_with_what_used_them(store: Store) -> None:
    taken = snapshots.take(store)
    (listed,) = browse.taken_snapshots(store)
    assert (listed.sha256, listed.rows, listed.rounds) == (taken.sha256, 4, ())
