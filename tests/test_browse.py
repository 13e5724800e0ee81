"""What the Data page lists: newest first, a page at a time, filtered and searched, and fast however much there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labeling import session
from labeling.accounts import ensure_user
from labeling.rating import rate
from storage import browse, snapshots
from storage.browse import (
    Edge,
    Page,
    VoteListFilters,
)
from storage.browse.figures import Tally
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
    found = browse.votes(store).rows
    assert [(vote.verdict, vote.strength) for vote in found] == VERDICTS[::-1]
    shown = store.rows("SELECT flipped FROM showings ORDER BY shown_at")
    for vote, row in zip(found[::-1], shown, strict=False):
        assert vote.left.startswith("second" if row["flipped"] else "first")


@pytest.mark.usefixtures("voted")
@pytest.mark.parametrize("verdict", [verdict for verdict, _ in VERDICTS])
def test_a_filter_leaves_one_verdict(store: Store, verdict: str) -> None:
    assert [vote.verdict for vote in browse.votes(store, VoteListFilters(verdict=verdict)).rows] == [verdict]


@pytest.mark.usefixtures("voted")
def test_a_search_looks_into_prompts_and_both_answers_in_either_case(store: Store) -> None:
    number = browse.votes(store).rows[0].left.split()[-1]
    for text in (f"QUESTION {number}?", f"first answer {number}", f" Second answer {number} "):
        assert len(browse.votes(store, VoteListFilters(search=text)).rows) == 1
    assert browse.votes(store, VoteListFilters(search="%")).rows == []


def test_pages_follow_each_other(store: Store) -> None:
    add_pairs(store, browse.PAGE + 3)
    for pair in session.serve(store, "local", browse.PAGE + 3):
        session.vote(store, "local", pair.showing_id, "tie", 0, f"key-{pair.showing_id}")
    first = browse.votes(store)
    second = browse.votes(store, edge=Edge(before=first.rows[-1].preference_id))
    assert (len(first.rows), first.newer, first.older) == (browse.PAGE, False, True)
    assert (len(second.rows), second.newer, second.older) == (3, True, False)
    ids = [vote.preference_id for vote in first.rows + second.rows]
    assert ids == sorted(ids, reverse=True)
    assert browse.votes(store, edge=Edge(after=second.rows[0].preference_id)) == first


@pytest.mark.usefixtures("voted")
def test_a_filter_leaves_one_labeler(store: Store) -> None:
    ensure_user(store, "ann", "labeler")
    (pair,) = session.serve(store, "ann")
    session.vote(store, "ann", pair.showing_id, "tie", 0, "key")
    assert browse.labelers(store) == ["ann", "local"]
    assert [vote.labeler for vote in browse.votes(store, VoteListFilters(labeler="ann")).rows] == ["ann"]
    assert len(browse.votes(store, VoteListFilters(labeler="local")).rows) == 5


@pytest.mark.usefixtures("voted")
def test_the_votes_of_who_has_many_are_found_as_those_of_who_has_few(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = browse.votes(store, VoteListFilters(labeler="local"))
    monkeypatch.setattr("storage.browse.vote_list.FEW", 2)
    assert browse.votes(store, VoteListFilters(labeler="local")) == few


@pytest.mark.parametrize(
    "kind", [browse.prompts, browse.pairs, browse.votes, browse.rankings, browse.demonstrations, browse.thumbs]
)
def test_a_page_is_found_by_walking_the_rows_in_order(store: Store, kind: Callable[..., object]) -> None:
    """SQLite's plan of the very statements that are run: no sorting, and no table read whole but the one listed."""
    statements: list[str] = []
    store.db().conn.set_trace_callback(statements.append)
    for edge in (browse.NEWEST, Edge(before=9), Edge(after=9)):
        kind(store, edge=edge)
    store.db().conn.set_trace_callback(None)
    selects = [statement for statement in statements if f"LIMIT {browse.PAGE + 1}" in statement]
    for statement, first in zip(selects, ("SCAN", "SEARCH", "SEARCH"), strict=True):
        steps = [row["detail"] for row in store.rows(f"EXPLAIN QUERY PLAN {statement}")]
        assert steps[0].startswith(first)
        tables = [step for step in steps[1:] if "(subquery" not in step]  # what is counted of one row at a time
        assert not [step for step in tables if step.startswith(("SCAN", "USE TEMP B-TREE FOR ORDER"))]


@pytest.mark.usefixtures("voted")
def test_the_tally_counts_what_stands(store: Store) -> None:
    for number, thumb in enumerate(("up", "down", "down", "up")):
        rate(
            store, "local", [{"role": "user", "content": "Question 0?"}], 1, f"answer {number % 3}", thumb, f"{number}"
        )
    counted = Tally(4, 1, 1, 1, 1, 1, labelers=1, prompts=5, train=6, heldout=0, thumbs_up=1, thumbs_down=2)
    assert browse.tally(store) == counted


def test_an_empty_store_has_nothing_to_show(store: Store) -> None:
    assert browse.votes(store) == Page([], newer=False, older=False)
    assert browse.tally(store).votes == 0
    assert browse.taken_snapshots(store) == []


@pytest.mark.usefixtures("voted")
def test_snapshots_are_listed_with_what_used_them(store: Store) -> None:
    taken = snapshots.take(store)
    (listed,) = browse.taken_snapshots(store)
    assert (listed.sha256, listed.rows, listed.rounds) == (taken.sha256, 4, ())
