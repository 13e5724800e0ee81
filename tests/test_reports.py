"""Reports on reward models in a home: who makes them, which one is read, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignment import queue, rounds
from alignment.materialise import directory_of
from alignment.model_commands import model_report
from alignment.publish import publish
from alignment.reward_report import reward_report
from storage import jobs, registry
from storage.database import Store
from storage.errors import UserError
from storage.jobs import enqueue
from storage.maintenance import check
from storage.records import Model
from storage.reports import ceiling_sentence, newest_report, newest_sentence, votes_since
from storage.rounds import running
from tests.older_homes import older_home
from tests.test_reward_report import by, report_on, scored
from tests.test_rounds import add_heldout, add_votes, finish

STALE = report_on(*by("demo", 40, 36, first=1), *by("round-1", 20, 10, first=100))


def add_reward_model(store: Store, name: str = "judge", fold: str = "judge", **report: Any) -> Model:
    """A reward model as a job leaves it, with a report if one is given."""
    directory = store.models / name
    directory.mkdir()
    if report:
        (directory / "report.json").write_text(json.dumps(report))
    with store.write() as db:
        card = {"recipe": {"fold": fold}}
        model_id = registry.register(db, name, "reward", f"models/{name}", "test", card=card)
    return registry.get(store, model_id)


def finish_scoring(store: Store, report: dict[str, Any]) -> jobs.Job:
    """Do the waiting score job as its worker would."""
    job = jobs.claim(store, "w")
    assert job is not None
    assert job.kind == "score"
    directory = directory_of(store, job.job_id)
    directory.mkdir()
    (directory / "report.json").write_text(json.dumps(report))
    publish(store, job, directory, {})
    return job


def test_the_newest_report_is_read(store: Store) -> None:
    add_votes(store, 3)
    model = add_reward_model(store, **report_on(scored(1, 1.0)))
    assert newest_report(store, model)["votes"] == 1
    job_id = queue.score(store, model, "test")
    assert jobs.get(store, job_id).spec["recipe"]["fold"] == "judge"
    finish_scoring(store, report_on(scored(1, 1.0), scored(2, 1.0)))
    assert newest_report(store, model)["votes"] == 2
    assert queue.score(store, model, "test") == job_id  # the votes are the same, so there is nothing to do
    other = add_reward_model(store, "other", **report_on())
    assert newest_report(store, other)["votes"] == 0


def test_votes_that_came_after_the_report_are_counted(store: Store) -> None:
    add_votes(store, 3)
    report = reward_report([{**scored(1, 1.0).row, "preference_id": 2}], [])
    assert votes_since(store, report) == 1
    assert votes_since(store, reward_report([], [])) == 3


def test_without_a_report_or_a_reward_model_one_sentence_says_so(store: Store) -> None:
    add_votes(store, 3)
    with pytest.raises(UserError, match="model report judge --refresh"):
        newest_report(store, add_reward_model(store))
    with pytest.raises(UserError, match="only reward models"):
        queue.score(store, registry.require_promoted(store), "test")


def test_a_round_scores_its_votes_with_the_reward_model_before_it(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    add_reward_model(store, "round-0-reward", "train")
    add_reward_model(store, "round-0-judge", "judge")
    rounds.start(store, "dpo", {}, "local")
    assert finish(store, {"accuracy": 0.8}).stage == "reward"
    job = finish_scoring(store, STALE)
    assert registry.get(store, job.spec["publish"]["model_id"]).name == "round-0-reward"
    assert finish(store, {"accuracy": 0.8}).stage == "judge"
    assert running(store) is not None


def test_the_command_says_what_the_page_says(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_votes(store, 3)
    add_reward_model(store, **STALE)
    model_report("judge", home=store.home)
    said = capsys.readouterr().out
    assert "It agrees with 77% (65 to 86) of 60 unseen votes for one side, on 60 prompts." in said
    assert "It has grown stale: on the pairs of round-1, the newest policy, it agrees with 50%" in said
    assert "demo" in said
    model_report("judge", home=store.home, as_json=True)
    answered = json.loads(capsys.readouterr().out)
    assert answered["newest"]["stale"]
    assert answered["votes_since"] == 0


def test_the_ceiling_is_said_or_that_it_is_not_known() -> None:
    assert "is not known" in ceiling_sentence(report_on(scored(1, 1.0), scored(2, 1.0)))
    twice = report_on(scored(1, 1.0), scored(1, 1.0, labeler="bob"))
    assert ceiling_sentence(twice) == (
        "Two labelers agree on 100% (21 to 100) of 1 pairs that both judged; "
        "a model that always knew the better answer would reach about 100%."
    )


def test_a_model_that_holds_up_is_said_to() -> None:
    report = report_on(*by("demo", 40, 36, first=1), *by("round-1", 20, 18, first=100))
    assert newest_sentence(report).endswith("it has not grown stale.")
    assert newest_sentence(report_on(*by("demo", 3, 3, first=1))) == ""


def test_a_home_from_before_there_were_reports_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "000[1-3]_*.sql", monkeypatch)
    with old.write() as db:
        enqueue(db, "evaluate", {}, "test")
    monkeypatch.undo()
    new = Store.open(tmp_path / "home")
    with new.write() as db:
        enqueue(db, "score", {}, "test")
    assert [row["kind"] for row in new.rows("SELECT kind FROM jobs ORDER BY job_id")] == ["evaluate", "score"]
    assert check(new) == []
