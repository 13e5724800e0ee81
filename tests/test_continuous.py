"""Continuous mode: what it decides, worked out by hand, and that it is done once, whoever is stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alignment import continuous, rounds
from alignment.continuous import Past, decide
from alignment.continuous_commands import off_command, on_command, status_command
from alignment.worker import Worker
from labeling import session
from storage import continuous as rows
from storage import jobs, labels, registry, snapshots
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.maintenance import check
from tests.conftest import at_once
from tests.older_homes import older_home
from tests.test_registry import register
from tests.test_rounds import add_heldout, add_votes, finish

BETTER = Past(1, "done", own=True, better=True)
VAIN = Past(2, "done", own=True)


@pytest.fixture
def voted(store: Store) -> Store:
    """60 votes, enough for a round."""
    add_votes(store, 60)
    add_heldout(store, 8)
    return store


def vote_anew(store: Store, count: int) -> None:
    """So many people change their minds, which makes new votes without new pairs."""
    key = str(store.rows("SELECT count(*) AS n FROM preferences")[0]["n"])
    shown = store.rows("SELECT showing_id FROM showings ORDER BY showing_id LIMIT ?", [count])
    for number, row in enumerate(shown):
        session.vote(store, "local", row["showing_id"], ("left", "right")[number % 2], 2, key, amend=True)


def finish_round(store: Store, low: float) -> None:
    """Do the worker's part until the round at work is over."""
    while round_rows.running(store):
        finish(store, {"win_rate": 0.7, "low": low, "high": 0.8, "prompts": 64})


def stopped_because(store: Store) -> str:
    run = rows.newest(store)
    assert run is not None
    assert (run.ended_by, run.reason is None) == (None, False)
    return run.reason or ""


# What it decides.


@pytest.mark.parametrize(
    ("new_votes", "at_work", "past", "deed", "why"),
    [
        (0, None, [], "wait", "0 of 100 new votes are in, so it waits for 100 more."),
        (99, None, [], "wait", "99 of 100 new votes are in, so it waits for 1 more."),
        (100, None, [], "start", "100 new votes are in"),
        (250, 7, [], "wait", "round 7 is at work"),
        (250, 3, [Past(3, "running", own=True)], "wait", "round 3 is at work"),
        (0, None, [Past(3, "failed", own=True, error="Judge: ouch.")], "stop", "round 3 failed (Judge: ouch)."),
        (250, None, [Past(3, "failed", own=False)], "stop", "round 3 failed."),
        (250, None, [Past(3, "cancelled", own=True)], "stop", "round 3 was cancelled."),
        (250, None, [Past(1, "failed", own=False), VAIN], "start", "250"),  # the newest counts
        (250, None, [Past(3, "done", own=True, better=True, in_place=True)], "promote", "round 3 made a better model"),
        (250, None, [Past(3, "done", own=False, better=True, in_place=True)], "start", "250"),  # its owner's to promote
        (250, None, [BETTER], "start", "250"),  # promoted already, or another model was promoted meanwhile
        (250, None, [VAIN], "start", "250"),
        (250, None, [VAIN, BETTER, VAIN], "start", "250"),
        (0, None, [BETTER, VAIN, Past(3, "done", own=True)], "stop", "rounds 2 and 3 brought no significant gain"),
        (250, None, [VAIN, Past(3, "done", own=False)], "start", "250"),  # a person's round counts for nothing
        (250, 5, [VAIN, Past(4, "done", own=True), Past(5, "running", own=False)], "stop", "rounds 2 and 4"),
    ],
)
def test_it_waits_starts_promotes_or_stops(
    new_votes: int, at_work: int | None, past: list[Past], deed: str, why: str
) -> None:
    decision = decide(100, new_votes, at_work, past)
    assert decision.deed == deed
    assert why in decision.why


# What it does.


def test_it_starts_a_round_promotes_it_and_waits_for_new_votes(voted: Store) -> None:
    assert continuous.said(voted) == "Continuous mode is off."
    continuous.step(voted)
    assert round_rows.all_rounds(voted) == []
    continuous.switch_on(voted, 10, {"method": "dpo", "dpo": {"beta": 0.3}}, "mara")
    for _ in range(2):
        continuous.step(voted)
    (this,) = round_rows.all_rounds(voted)
    assert (this.method, this.recipe["dpo"], this.requested_by) == ("dpo", {"beta": 0.3}, "continuous")
    vote_anew(voted, 4)
    finish_round(voted, low=0.6)
    for _ in range(2):
        continuous.step(voted)
    assert registry.require_promoted(voted).name == "round-1"
    (newest,) = voted.rows("SELECT actor, reason FROM promotions ORDER BY promotion_id DESC LIMIT 1")
    assert newest == {"actor": "continuous", "reason": None}
    assert continuous.said(voted) == "Continuous mode is on: 4 of 10 new votes are in, so it waits for 6 more."
    vote_anew(voted, 10)
    continuous.step(voted)
    assert round_rows.get(voted, 2).parent_id == round_rows.get(voted, 1).candidate_id


def test_after_two_rounds_without_a_gain_it_promotes_nothing_and_stops(voted: Store) -> None:
    parent = registry.require_promoted(voted)
    continuous.switch_on(voted, 10, {}, "local")
    for low in (0.4, 0.5):
        vote_anew(voted, 10)
        continuous.step(voted)
        finish_round(voted, low)
        continuous.step(voted)
    assert registry.require_promoted(voted) == parent
    assert stopped_because(voted).startswith("rounds 1 and 2 brought no significant gain")
    assert continuous.said(voted).startswith("Continuous mode has stopped: rounds 1 and 2")
    vote_anew(voted, 60)
    continuous.step(voted)
    assert len(round_rows.all_rounds(voted)) == 2
    continuous.switch_on(voted, 10, {}, "local")  # and begins to count anew
    continuous.step(voted)
    assert [this.continuous_id for this in round_rows.all_rounds(voted)] == [2, 1, 1]


def test_a_round_that_fails_stops_it(voted: Store) -> None:
    continuous.switch_on(voted, 10, {}, "local")
    continuous.step(voted)
    Path(snapshots.get(voted, round_rows.get(voted, 1).snapshot_id).path).write_text("")
    with Worker(voted) as worker:
        assert worker.step()
    continuous.step(voted)
    assert stopped_because(voted).startswith("round 1 failed (Reward: ")
    continuous.step(voted)
    assert len(round_rows.all_rounds(voted)) == 1


def test_a_round_that_was_at_work_before_and_fails_stops_it_too(voted: Store) -> None:
    round_id = rounds.start(voted, "dpo", {}, "local")
    continuous.switch_on(voted, 10, {}, "local")
    assert "round 1 is at work" in continuous.said(voted)
    rounds.cancel(voted, round_id, "local")
    assert continuous.said(voted) == "Continuous mode is about to stop: round 1 was cancelled (Cancelled by local)."


def test_what_somebody_else_promoted_meanwhile_stays(voted: Store) -> None:
    continuous.switch_on(voted, 10, {}, "local")
    continuous.step(voted)
    register(voted, "other")
    registry.promote(voted, "other", "local")
    finish_round(voted, low=0.6)
    continuous.step(voted)
    assert registry.require_promoted(voted).name == "other"
    registry.rollback(voted, "local")
    continuous.step(voted)
    assert registry.by_name(voted, "round-1").status == "candidate"
    with pytest.raises(UserError, match="Another model was promoted meanwhile"):
        registry.promote(voted, "round-1", "local", over=registry.by_name(voted, "other").model_id)


def test_what_it_promoted_is_not_promoted_again_after_a_roll_back(voted: Store) -> None:
    continuous.switch_on(voted, 10, {}, "local")
    continuous.step(voted)
    finish_round(voted, low=0.6)
    continuous.step(voted)
    back = registry.rollback(voted, "local")
    continuous.step(voted)
    assert registry.require_promoted(voted) == back


def test_switched_off_it_promotes_nothing_and_the_round_goes_on(voted: Store) -> None:
    parent = registry.require_promoted(voted)
    continuous.switch_on(voted, 10, {}, "local")
    continuous.step(voted)
    rows.switch_off(voted, "mara")
    assert continuous.said(voted) == "Continuous mode is off: mara switched it off."
    finish_round(voted, low=0.6)
    continuous.step(voted)
    assert round_rows.get(voted, 1).status == "done"
    assert registry.require_promoted(voted) == parent


def test_a_round_that_would_be_refused_is_waited_with(store: Store) -> None:
    add_votes(store, 20)
    continuous.switch_on(store, 10, {}, "local")
    assert continuous.said(store) == (
        "Continuous mode is on: a round is due, but cannot begin yet. A round needs 24 votes for one side, and there "
        "are 20 (0 more are ties or both bad): 4 are missing."
    )
    continuous.step(store)
    assert round_rows.all_rounds(store) == []
    add_votes(store, 40)
    add_heldout(store, 8)
    continuous.step(store)
    assert len(round_rows.all_rounds(store)) == 1


def test_a_replay_learns_from_no_new_votes_and_stops_nothing(voted: Store) -> None:
    continuous.switch_on(voted, 10, {}, "local")
    continuous.step(voted)
    finish_round(voted, low=0.6)
    continuous.step(voted)
    vote_anew(voted, 4)
    with voted.write() as db:
        replay = round_rows.insert_replay(db, round_rows.get(voted, 1), "local")
    assert "round 2 is at work" in continuous.said(voted)
    with voted.write() as db:
        round_rows.close_round(db, replay, "failed", "Reward: an input is not as it was.")
    assert continuous.said(voted) == "Continuous mode is on: 4 of 10 new votes are in, so it waits for 6 more."


def test_votes_of_a_labeler_who_is_left_out_are_not_new(voted: Store) -> None:
    continuous.switch_on(voted, 10, {"exclude_labelers": ["local"]}, "local")
    assert "0 of 10 new votes are in" in continuous.said(voted)


def test_workers_that_come_one_after_another_start_one_round(voted: Store) -> None:
    with voted.write() as db:
        jobs.enqueue(db, "reward", {"recipe": {}, "files": {}, "publish": {}}, "test")
    assert jobs.claim(voted, "elsewhere:1:1:1") is not None  # so that these workers only look, and run nothing
    continuous.switch_on(voted, 10, {}, "local")
    with Worker(voted) as worker:
        worker.step()
    assert round_rows.all_rounds(voted) == []  # only a server's worker starts what nobody asked for
    for _ in range(2):
        with Worker(voted, serving=True) as worker:
            worker.step()
    assert len(round_rows.all_rounds(voted)) == 1


def test_workers_that_look_at_the_same_moment_start_one_round(voted: Store) -> None:
    continuous.switch_on(voted, 10, {}, "local")
    at_once(4, lambda: continuous.step(voted))
    assert len(round_rows.all_rounds(voted)) == 1


def test_a_round_is_not_started_by_a_mode_that_is_off_or_has_its_votes(voted: Store) -> None:
    continuous.switch_on(voted, 61, {}, "local")
    with pytest.raises(UserError, match="due after 61 new votes, and there are 60"):
        rounds.start(voted, "dpo", {}, "continuous", continuous_id=1)
    rows.switch_off(voted, "local")
    with pytest.raises(UserError, match="switched off meanwhile"):
        rounds.start(voted, "dpo", {}, "continuous", continuous_id=1)
    assert round_rows.all_rounds(voted) == []


# How it is switched.


def test_what_it_cannot_be_switched_on_with_is_refused_and_changes_nothing(voted: Store) -> None:
    for every in (0, -1, 1_000_001, 2.5, True):
        with pytest.raises(UserError, match="every 1 to 1,000,000 new votes"):
            continuous.switch_on(voted, every, {}, "local")  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"Did you mean 'dpo\.beta'"):
        continuous.switch_on(voted, 10, {"dpo": {"betta": 1}}, "local")
    with pytest.raises(UserError, match="off already"):
        rows.switch_off(voted, "local")
    assert rows.newest(voted) is None
    continuous.switch_on(voted, 10, {}, "local")
    with pytest.raises(UserError, match="on already: switch it off first"):
        continuous.switch_on(voted, 20, {}, "local")
    run = rows.running(voted)
    assert run is not None
    assert run.every == 10


def test_a_stop_that_comes_late_ends_no_later_run(voted: Store) -> None:
    continuous.switch_on(voted, 10, {}, "local")
    first = rows.running(voted)
    assert first is not None
    rows.switch_off(voted, "local")
    continuous.switch_on(voted, 20, {}, "local")
    rows.stop(voted, first, "round 1 failed.")
    assert rows.running(voted) is not None


def test_the_commands_switch_it_and_say_how_it_stands(voted: Store, capsys: pytest.CaptureFixture[str]) -> None:
    on_command(100, "kto", None, ["kto.beta=0.3"], voted.home, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "on": True,
        "every": 100,
        "recipe": {"kto": {"beta": 0.3}, "method": "kto"},
        "new_votes": labels.new_votes(voted),
        "rounds": [],
        "said": "Continuous mode is on: 60 of 100 new votes are in, so it waits for 40 more.",
    }
    off_command(voted.home)
    status_command(voted.home)
    assert capsys.readouterr().out == "Continuous mode is off: cli switched it off.\n" * 2


def test_a_home_from_before_it_keeps_its_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "00[01][0-9]_[!c]*.sql", monkeypatch)
    with old.write() as db:
        model_id = registry.register(db, "policy", "policy", "models/policy", "test")
        db.execute("INSERT INTO snapshots (sha256, row_count, counts, created_at) VALUES (?, 1, '{}', '')", ["0" * 64])
        db.execute(
            "INSERT INTO rounds (method, status, snapshot_id, parent_id, recipe, requested_by, created_at)"
            " VALUES ('dpo', 'done', 1, ?, '{}', 'test', '2026-01-01')",
            [model_id],
        )
    monkeypatch.undo()
    new = Store.open(tmp_path / "home")
    assert round_rows.get(new, 1).continuous_id is None
    assert rows.newest(new) is None
    assert [problem for problem in check(new) if "key_check" in problem or "integrity" in problem] == []
