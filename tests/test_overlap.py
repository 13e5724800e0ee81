"""Who labels what: how many people see a pair, for how long it is kept for them, and what is asked again."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3

from labeling import session
from labeling.accounts import ensure_user
from labeling.simulate import simulate
from storage import labels, pair_queue, registry
from storage.database import Store
from storage.errors import UserError
from storage.overlap import missing
from storage.project import set_project
from storage.records import NewCompletion, Showing
from storage.relabels import ask_again
from tests.conftest import add_pairs
from tests.older_homes import older_home

KEYS = count()
QUEUE = "0023"  # the migration that made the queue


@pytest.fixture(autouse=True)
def _people(store: Store) -> None:
    for name in ("ada", "bo", "cy", "di"):
        ensure_user(store, name, "labeler")


def vote(store: Store, labeler: str, showing: Showing, verdict: str = "tie") -> None:
    strength = 2 if verdict in ("left", "right") else 0
    session.vote(store, labeler, showing.showing_id, verdict, strength, f"key-{next(KEYS)}")


def served(store: Store, labeler: str, most: int = 1) -> set[int]:
    return {showing.pair_id for showing in session.serve(store, labeler, most)}


def let_leases_end(store: Store) -> None:
    with store.write() as db:
        db.execute("UPDATE holds SET until = '2000-01-01'")
        for row in list(db.query("SELECT pair_id FROM pair_queue")):
            pair_queue.refresh(db, row["pair_id"])


@pytest.mark.parametrize(
    ("votes", "overlap", "contested", "wanted"),
    [
        ((0, 0, 0, 0), 1, 3, 1),
        ((1, 0, 0, 0), 1, 3, 0),
        ((1, 0, 0, 0), 2, 3, 1),
        ((2, 0, 0, 0), 2, 3, 0),  # agreed
        ((1, 1, 0, 0), 2, 3, 1),  # contested: a third
        ((1, 0, 1, 0), 2, 3, 1),  # a tie is another verdict
        ((1, 1, 1, 0), 2, 3, 0),  # three verdicts of three: enough were asked
        ((1, 1, 0, 0), 2, 2, 0),  # goes to nobody more
        ((1, 1, 0, 0), 3, 2, 1),  # a lower `contested` takes nothing from the overlap
        ((2, 1, 0, 0), 2, 5, 2),
        ((3, 1, 0, 0), 2, 5, 0),  # one more could not catch up
        ((2, 1, 0, 0), 2, 4, 1),  # one more would draw level
        ((4, 0, 0, 0), 2, 5, 0),
    ],
)
def test_easy_pairs_go_to_few_and_contested_ones_to_more(
    votes: tuple[int, ...], overlap: int, contested: int, wanted: int
) -> None:
    assert missing(votes, overlap, contested) == wanted


def test_as_many_people_see_a_pair_as_are_wanted(store: Store) -> None:
    add_pairs(store, 1)
    set_project(store, "overlap", 2, "test")
    for labeler in ("ada", "bo"):
        vote(store, labeler, session.serve(store, labeler)[0])
    assert not served(store, "cy")
    assert labels.counts(store)["tie"] == 2


def test_a_pair_on_which_two_disagree_goes_to_a_third_and_no_further(store: Store) -> None:
    add_pairs(store, 1)
    set_project(store, "overlap", 2, "test")
    for labeler, verdict in (("ada", "both_bad"), ("bo", "tie"), ("cy", "tie")):
        vote(store, labeler, session.serve(store, labeler)[0], verdict)
    assert not served(store, "di")


def test_a_vote_that_is_taken_back_or_changed_asks_for_a_person_anew(store: Store) -> None:
    add_pairs(store, 1)
    set_project(store, "overlap", 2, "test")
    shown = {labeler: session.serve(store, labeler)[0] for labeler in ("ada", "bo")}
    for labeler, showing in shown.items():
        vote(store, labeler, showing)
    session.vote(store, "bo", shown["bo"].showing_id, "both_bad", 0, "changed", amend=True)
    assert served(store, "cy")
    session.vote(store, "bo", shown["bo"].showing_id, "tie", 0, "changed back", amend=True)
    assert not served(store, "di")
    session.undo(store, "ada", "undo", shown["ada"].showing_id)
    assert served(store, "ada")


def test_nobody_gets_what_others_have_in_front_of_them_while_there_is_other_work(store: Store) -> None:
    add_pairs(store, 12)
    shares = [served(store, labeler, 4) for labeler in ("ada", "bo", "cy")]
    assert len(set.union(*shares)) == 12


def test_who_would_sit_idle_gets_one_that_another_holds(store: Store) -> None:
    add_pairs(store, 4)
    held = served(store, "ada", 4)
    (showing,) = session.serve(store, "bo", 4)
    assert showing.pair_id in held
    assert not session.serve(store, "bo", 4, holding=[showing.showing_id])
    assert not session.serve(store, "cy", 4, holding=[1])  # whose page holds one already


def test_a_place_that_was_held_too_long_is_free_and_the_late_vote_counts_all_the_same(store: Store) -> None:
    add_pairs(store, 2)
    late = session.serve(store, "ada", 2)
    let_leases_end(store)
    taken = session.serve(store, "bo", 2)
    assert {showing.pair_id for showing in taken} == {showing.pair_id for showing in late}
    vote(store, "bo", taken[0])
    vote(store, "ada", late[0])
    vote(store, "ada", late[1])
    assert labels.counts(store)["tie"] == 3


def test_what_was_begun_is_done_before_anything_new(store: Store) -> None:
    add_pairs(store, 30)
    set_project(store, "overlap", 2, "test")
    begun = session.serve(store, "ada", 3)
    for showing in begun:
        vote(store, "ada", showing)
    assert served(store, "bo", 3) == {showing.pair_id for showing in begun}


def test_a_labeler_who_began_many_pairs_still_finds_those_that_others_began(store: Store) -> None:
    add_pairs(store, 260)
    set_project(store, "repeats", 0, "test")
    set_project(store, "overlap", 2, "test")
    began = session.serve(store, "ada", 240)
    for showing in began:
        vote(store, "ada", showing)
    of_ada = {showing.pair_id for showing in began}
    holding: list[int] = []
    while showings := session.serve(store, "cy", 50, holding):
        holding += [showing.showing_id for showing in showings]
        for showing in showings:
            if showing.pair_id not in of_ada:
                vote(store, "cy", showing)
    seen: set[int] = set()
    while showings := session.serve(store, "ada", 4):
        for showing in showings:
            vote(store, "ada", showing)
            assert showing.pair_id not in of_ada | seen
            seen.add(showing.pair_id)
    assert len(seen) == 20


def test_a_change_of_the_overlap_holds_for_pairs_that_are_there(store: Store) -> None:
    add_pairs(store, 1)
    vote(store, "ada", session.serve(store, "ada")[0])
    set_project(store, "overlap", 2, "test")
    assert served(store, "bo")
    set_project(store, "overlap", 1, "test")
    assert not served(store, "cy")


def test_the_queue_made_again_is_the_queue_that_was_kept_up(store: Store) -> None:
    add_pairs(store, 6)
    set_project(store, "overlap", 2, "test")
    for labeler in ("ada", "bo", "cy"):
        for verdict, showing in zip(("skip", "left", "tie"), session.serve(store, labeler, 4), strict=False):
            vote(store, labeler, showing, verdict)
    before = store.rows("SELECT * FROM pair_queue")
    with store.write() as db:
        pair_queue.rebuild(db)
    assert store.rows("SELECT * FROM pair_queue") == before
    assert {row["missing"] for row in before} > {0}


def test_battles_are_served_among_the_promoted_models_pairs(store: Store) -> None:
    add_pairs(store, 3)
    model = registry.require_promoted(store)
    with store.write() as db:
        prompt_id = next(db.query("SELECT prompt_id FROM prompts"))["prompt_id"]
        texts = [NewCompletion(prompt_id, text, model.model_id) for text in ("old", "new")]
        battle = labels.insert_pair(db, prompt_id, *labels.insert_completions(db, texts), "battle")
    add_pairs(store, 3, tag="newer")
    assert battle in served(store, "ada", 4)
    assert labels.waiting(store) == 4
    (showing,) = [showing for showing in session.serve(store, "ada", 4) if showing.pair_id == battle]
    assert not labels.of_other_models(store, [showing.showing_id])


def test_nobody_is_served_a_chat_of_their_own_but_others_are(store: Store) -> None:
    add_pairs(store, 1)
    set_project(store, "overlap", 2, "test")
    model_id = registry.require_promoted(store).model_id
    chatted = session.record_chat_pair(
        store, "ada", ({"role": "user", "content": "Hello"},), ((model_id, "Hi."), (model_id, "Go."))
    )
    vote(store, "ada", chatted, "left")
    session.undo(store, "ada", "undo", chatted.showing_id)
    assert chatted.pair_id not in served(store, "ada", 9)
    assert chatted.pair_id in served(store, "bo", 9)


def test_simulated_labelers_overlap_as_people_do(store: Store) -> None:
    add_pairs(store, 6)
    set_project(store, "overlap", 3, "test")
    simulate(store, lambda prompt, completion: float(len(completion)), 18, labelers=3)
    assert {row["n"] for row in store.rows("SELECT count(*) AS n FROM showings GROUP BY pair_id")} == {3}


def test_who_judged_a_pair_that_is_asked_again_gets_it_first_and_the_new_vote_stands(store: Store) -> None:
    add_pairs(store, 8)
    shown = session.serve(store, "ada", 2)
    for showing in shown:
        vote(store, "ada", showing)
    vote(store, "bo", session.serve(store, "bo")[0])
    assert ask_again(store, [shown[0].pair_id], "The guideline says more about tone.", "test") == 1
    assert labels.counts(store)["tie"] == 3  # until there is a newer one
    assert session.serve(store, "ada")[0] == replace(shown[0], again="The guideline says more about tone.")
    assert not session.vote(store, "ada", shown[0].showing_id, "both_bad", 0, "again").duplicate
    assert session.vote(store, "ada", shown[0].showing_id, "left", 1, "a second click").duplicate
    assert (labels.counts(store)["tie"], labels.counts(store)["both_bad"]) == (2, 1)
    assert session.serve(store, "ada")[0].pair_id != shown[0].pair_id
    assert shown[0].pair_id not in served(store, "bo", 9)


def test_what_cannot_be_asked_again_asks_nobody(store: Store) -> None:
    (pair_id,) = add_pairs(store, 1)
    for pair_ids, why, sentence in (([pair_id], " ", "Say in 1 to 500"), ([pair_id, 99], "New rule.", "no pair 99")):
        with pytest.raises(UserError, match=sentence):
            ask_again(store, pair_ids, why, "test")
    assert not store.rows("SELECT * FROM relabels")
    ask_again(store, [pair_id], "New rule.", "test")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
        db.execute("UPDATE relabels SET why = 'another'")


def test_a_home_from_before_the_queue_has_its_pairs_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        older = older_home(tmp_path / "older", "*.sql", before, before=QUEUE)
        with older.write() as db:
            db.execute("INSERT INTO users VALUES ('ada', 'labeler', '2026')")
            db.execute("INSERT INTO prompts VALUES (1, '[1]', ?, 'train', 'test', '2026', NULL)", ["0" * 64])
            for number in range(1, 7):
                db.execute(
                    "INSERT INTO completions (completion_id, prompt_id, text, sampling, created_at)"
                    " VALUES (?, 1, 'text', '{}', '2026')",
                    [number],
                )
            for number, source in ((1, "generated"), (2, "generated"), (3, "chat")):
                db.execute(
                    "INSERT INTO pairs VALUES (?, 1, ?, ?, NULL, ?, '2026')",
                    [number, 2 * number - 1, 2 * number, source],
                )
                db.execute("INSERT INTO showings VALUES (?, ?, 'ada', 0, '2026')", [number, number])
            db.execute("INSERT INTO preferences VALUES (1, 1, 'k', 'tie', 0, NULL, NULL, '2026')")
    store = Store.open(tmp_path / "older/home")
    assert store.rows("SELECT pair_id, missing FROM pair_queue") == [
        {"pair_id": 1, "missing": 0},
        {"pair_id": 2, "missing": 1},
        {"pair_id": 3, "missing": 1},
    ]
    kept = store.rows("SELECT * FROM pair_queue")
    with store.write() as db:
        pair_queue.rebuild(db)
    assert store.rows("SELECT * FROM pair_queue") == kept
    assert [row["showing_id"] for row in store.rows("SELECT showing_id FROM holds")] == [2]  # not what was a chat
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
        db.execute("UPDATE showings SET purpose = 'gold'")
