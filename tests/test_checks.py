"""Known verdicts and repeats among a labeler's pairs, calibration, and what becomes of who does not look."""

from __future__ import annotations

from itertools import count

import pytest
from sqlite_utils.utils import sqlite3

from labeling import attention, session
from labeling.accounts import ensure_user
from labeling.attention import Standing, decide, is_too_fast, is_wrong
from storage import labels, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.gold import gold, proposals, retire_gold, set_gold
from storage.project import set_project
from storage.records import Showing
from tests.conftest import add_pairs

KEYS = count()


@pytest.fixture(autouse=True)
def _people(store: Store) -> None:
    for name in ("ada", "bo", "cy"):
        ensure_user(store, name, "labeler")


def vote(store: Store, labeler: str, showing: Showing, first: bool = True, seconds: float | None = None) -> None:
    """A vote for the answer that is a in the pairs of `add_pairs`, or for the other."""
    side = "left" if showing.left.startswith("first") == first else "right"
    session.vote(store, labeler, showing.showing_id, side, 3, f"key-{next(KEYS)}", seconds)


def purposes(store: Store, labeler: str) -> list[str]:
    rows = store.rows("SELECT purpose FROM showings WHERE labeler = ? ORDER BY shown_at", [labeler])
    return [row["purpose"] for row in rows]


def work(store: Store, labeler: str, pairs: int, first: bool = True, seconds: float | None = None) -> list[Showing]:
    done = []
    for _ in range(pairs):
        for showing in session.serve(store, labeler):
            vote(store, labeler, showing, first, seconds)
            done.append(showing)
    return done


def test_an_earlier_pair_comes_again_with_its_sides_changed_and_teaches_nothing(store: Store) -> None:
    add_pairs(store, 60)
    set_project(store, "repeats", 0.5, "test")
    done = work(store, "ada", 60)
    again = [number for number, what in enumerate(purposes(store, "ada")) if what == "repeat"]
    assert again
    assert min(again) > 20
    texts = [(showing.left, showing.right) for showing in done]
    for number in again:
        assert texts[number][::-1] in texts[: number - 20]
    assert len(list(snapshots.current_rows(store))) == 60 - len(again)
    repeats = store.rows("SELECT completion_a, completion_b FROM pairs WHERE source = 'repeat'")
    for row in repeats:
        assert store.row(
            "SELECT 1 FROM pairs WHERE completion_a = ? AND completion_b = ? AND source = 'generated'",
            [row["completion_b"], row["completion_a"]],
        )
    work(store, "ada", 60)
    assert store.row("SELECT 1 FROM showings GROUP BY pair_id, labeler HAVING count(*) > 1") is None


def test_without_a_share_nothing_is_mixed_in(store: Store) -> None:
    add_pairs(store, 40)
    set_project(store, "repeats", 0, "test")
    work(store, "ada", 40)
    assert set(purposes(store, "ada")) == {"queue"}


def test_known_verdicts_are_mixed_in_once_each_for_everybody(store: Store) -> None:
    known = add_pairs(store, 3, tag="known")
    add_pairs(store, 60)
    for pair_id in known:
        set_gold(store, pair_id, "a", "It answers.", "test")
    retire_gold(store, known[0], "test")
    set_project(store, "gold_share", 0.5, "test")
    for labeler in ("ada", "bo"):
        work(store, labeler, 20)
        rows = store.rows("SELECT pair_id FROM showings WHERE labeler = ? AND purpose = 'gold'", [labeler])
        assert sorted(row["pair_id"] for row in rows) == known[1:]


def test_what_cannot_be_gold_changes_nothing(store: Store) -> None:
    (pair_id,) = add_pairs(store, 1)
    for verdict, why, asked in (("left", "So.", pair_id), ("a", " ", pair_id), ("a", "So.", 99), ("a", "So.", 2**70)):
        with pytest.raises(UserError):
            set_gold(store, asked, verdict, why, "test")
    with pytest.raises(UserError, match="is no gold pair"):
        retire_gold(store, pair_id, "test")
    assert gold(store) == []
    set_gold(store, pair_id, "a", "So.", "test")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
        db.execute("UPDATE gold SET verdict = 'b'")


def test_gold_is_proposed_where_three_people_agree(store: Store) -> None:
    add_pairs(store, 2)
    set_project(store, "overlap", 3, "test")
    for labeler in ("ada", "bo", "cy"):
        for showing in session.serve(store, labeler, 2):
            vote(store, labeler, showing, first=showing.pair_id == 1 or labeler != "cy")
    (proposal,) = proposals(store)
    assert (proposal.pair_id, proposal.verdict, proposal.people) == (1, "a", 3)
    set_gold(store, 1, "a", "Three agree.", "test")
    retire_gold(store, 1, "test")
    assert proposals(store) == []


def test_a_new_labeler_does_the_calibration_set_first_and_no_model_learns_from_it(store: Store) -> None:
    pair_ids = add_pairs(store, 6)
    for pair_id in pair_ids[:3]:
        set_gold(store, pair_id, "a", "It answers.", "test", calibration=True)
    set_project(store, "calibration", 2, "test")
    set_project(store, "gold_share", 0, "test")
    work(store, "ada", 4)
    assert purposes(store, "ada") == ["calibration", "calibration", "queue", "queue"]
    assert len(list(snapshots.current_rows(store))) == 2
    assert labels.counts(store)["a"] == 4
    work(store, "local", 1)
    assert purposes(store, "local") == ["queue"]  # an admin is no new labeler


@pytest.mark.parametrize(
    ("wrong", "fast", "warned", "state"),
    [
        ([], [], False, ""),
        ([True], [True] * 4, False, ""),
        ([True, True], [], False, "warned"),
        ([True] * 4, [], False, "warned"),  # first a warning
        ([True] * 4, [], True, "paused"),
        ([True] * 3, [], True, "warned"),
        ([False] * 10 + [True] * 4, [], True, ""),  # long ago
        ([], [True] * 5, False, "warned"),
        ([], [True] * 10, True, "paused"),
        ([], [False] * 11 + [True] * 9, True, "warned"),
    ],
)
def test_failures_warn_and_then_pause(wrong: list[bool], fast: list[bool], warned: bool, state: str) -> None:
    assert decide(wrong, fast, warned).state == state


def test_only_a_sure_vote_for_the_other_side_is_wrong() -> None:
    assert is_wrong("b", 2, "a")
    assert not any([is_wrong("b", 1, "a"), is_wrong("a", 4, "a"), is_wrong("tie", 0, "a"), is_wrong("a", 4, "tie")])


def test_nobody_reads_fifty_words_a_second() -> None:
    assert is_too_fast(0.6, 20)  # 0.3 + 20 / 50 = 0.7
    assert not is_too_fast(0.7, 20)
    assert is_too_fast(4.9, 10_000)
    assert not any([is_too_fast(5.0, 10_000), is_too_fast(None, 20), is_too_fast(0.1, 20, "skip")])
    assert not is_too_fast(0.1, 20, "tie")


def test_who_votes_too_fast_is_warned_then_paused_until_a_researcher_lifts_it(store: Store) -> None:
    add_pairs(store, 40)
    set_project(store, "repeats", 0, "test")
    work(store, "ada", 5, seconds=0.05)
    with store.write() as db:
        assert attention.standing(db, "ada") == Standing(
            "warned", "5 of the last 5 votes came faster than both answers can be read"
        )
    work(store, "ada", 30, seconds=0.05)
    assert attention.stopped(store)["ada"].state == "paused"
    assert labels.counts(store)["all"] == 10
    assert session.serve(store, "ada") == []
    assert session.serve(store, "bo")
    attention.resume(store, "ada", "test")
    assert session.serve(store, "ada")
    work(store, "ada", 4, seconds=0.05)
    assert attention.stopped(store) == {}
    with pytest.raises(UserError, match="nothing to lift"):
        attention.resume(store, "ada", "test")


def test_who_fails_at_known_verdicts_is_warned_and_goes_on_once_they_do_better(store: Store) -> None:
    for pair_id in add_pairs(store, 30, tag="known"):
        set_gold(store, pair_id, "a", "It answers.", "test")
    add_pairs(store, 60)
    set_project(store, "gold_share", 0.5, "test")
    while not attention.stopped(store):
        work(store, "ada", 1, first=False)
    assert attention.stopped(store)["ada"].why.startswith("2 of the last")
    work(store, "ada", 40)
    assert attention.stopped(store) == {}
    work(store, "local", 20, first=False, seconds=0.01)
    assert attention.stopped(store) == {}  # only labelers are
