"""Rounds: what they refuse, how one stage follows another, and that stopping and going on lose nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from alignment import queue, rounds
from alignment.config import load_recipe
from alignment.materialise import directory_of, materialise
from alignment.publish import publish
from alignment.round_commands import resume_command, status_command
from labeling import session
from labeling.rating import rate
from storage import frozen, jobs, ratings, registry, snapshots
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.prompts import fold_of, prompt_hash
from storage.records import Message, Thumb
from tests.conftest import add_pairs, add_texts, at_once


def add_votes(store: Store, count: int, verdict: str = "both sides") -> None:
    """Votes on `count` new pairs: always `verdict`, or left and right by turns."""
    add_pairs(store, count, tag=f"{verdict[:4]}{count}")
    for number, showing in enumerate(session.serve(store, "local", count)):
        side = ("left", "right")[number % 2] if verdict == "both sides" else verdict
        strength = 3 if side in ("left", "right") else 0
        session.vote(store, "local", showing.showing_id, side, strength, f"key-{number}")


def add_heldout(store: Store, count: int) -> None:
    add_texts(store, *(f"Unseen {n}?" for n in range(count)), split="heldout")


def refusal(store: Store, by: str = "dpo", **settings: object) -> str:
    """The sentence a round is refused with, after which nothing has changed."""
    tables = ("rounds", "jobs", "snapshots", "journal")
    before = [store.rows(f"SELECT count(*) AS n FROM {table}") for table in tables]
    with pytest.raises(UserError) as refused:
        rounds.start(store, by, settings, "local")
    assert before == [store.rows(f"SELECT count(*) AS n FROM {table}") for table in tables]
    return str(refused.value)


def finish(store: Store, result: dict[str, object], before_publishing: Callable[[], None] = lambda: None) -> jobs.Job:
    """Claim the waiting job and close it as its worker would, model and all."""
    job = jobs.claim(store, "w")
    assert job is not None
    directory = directory_of(store, job.job_id)
    (directory / "model").mkdir(parents=True)
    (directory / "model" / "config.json").write_text("{}")
    before_publishing()
    publish(store, job, directory, result)
    return job


def test_too_few_votes_are_refused_with_the_number_that_is_missing(store: Store) -> None:
    add_votes(store, 20)
    add_heldout(store, 8)
    assert "4 are missing" in refusal(store)


def test_ties_do_not_count_as_votes_for_one_side(store: Store) -> None:
    add_votes(store, 20)
    add_votes(store, 10, "tie")
    assert "there are 20 (10 more are ties or both bad): 4 are missing" in refusal(store)


def test_votes_for_one_side_only_are_refused(store: Store) -> None:
    add_votes(store, 30, "left")
    add_heldout(store, 8)
    assert "All 30 votes chose side A" in refusal(store)


def test_without_heldout_prompts_there_is_no_round(store: Store) -> None:
    add_votes(store, 60)
    assert "8 are missing" in refusal(store)


def test_a_wrong_setting_is_refused_with_the_nearest_right_one(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    assert "'dpo.beta'" in refusal(store, dpo={"betta": 0.1})
    assert "beta" in refusal(store, dpo={"beta": "strong"})
    assert "'reward.epochs'" in refusal(store, reward={"epoch": 1})
    assert refusal(store, method="grpo").startswith("'method' in the round recipe cannot be 'grpo'")


def test_one_stage_follows_another_to_a_candidate_with_a_verdict(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    round_id = rounds.start(store, "dpo", {"dpo": {"beta": 0.3}, "seed": 5}, "local")
    stages = [finish(store, {"accuracy": 0.8}).stage for _ in range(3)]
    verdict = {"win_rate": 0.7, "low": 0.6, "high": 0.8, "prompts": 64}
    last = finish(store, verdict)  # type: ignore[arg-type]
    this = round_rows.get(store, round_id)
    assert [*stages, last.stage] == ["reward", "judge", "policy", "evaluation"]
    assert this.status == "done"
    assert this.candidate_id is not None
    (evaluation,) = round_rows.evaluations_of(store, this.candidate_id)
    assert (evaluation.win_rate, evaluation.low, evaluation.high) == (0.7, 0.6, 0.8)
    card = registry.get(store, this.candidate_id).card
    assert card["recipe"]["beta"] == 0.3
    assert card["inputs"]["preferences.parquet"]["snapshot"] == snapshots.get(store, this.snapshot_id).sha256


@pytest.mark.parametrize(("low", "advised"), [(0.6, True), (0.45, False)])
def test_a_candidate_is_recommended_only_when_its_own_judge_says_it_is_better(
    store: Store, capsys: pytest.CaptureFixture[str], low: float, advised: bool
) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    round_id = rounds.start(store, "dpo", {}, "local")
    for _ in range(3):
        finish(store, {})
    finish(store, {"win_rate": 0.7, "low": low, "high": 0.8, "prompts": 64})
    status_command(round_id, store.home)
    said = capsys.readouterr().out
    assert "by its judge it wins 70%" in said
    assert ("model promote round-1" in said) == advised


def test_the_judge_is_trained_on_votes_that_the_policy_never_saw(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    rounds.start(store, "dpo", {}, "local")
    folds = {}
    for _ in range(3):
        job = finish(store, {"accuracy": 0.8})
        folds[job.stage] = job.spec["recipe"].get("fold", "train")
    evaluation = jobs.claim(store, "w")
    assert folds == {"reward": "train", "judge": "judge", "policy": "train"}
    assert evaluation is not None
    judge = next(job for job in jobs.of_round(store, 1) if job.stage == "judge")
    assert evaluation.spec["recipe"]["judge"] == {"reward": {"job_id": judge.job_id}}


def test_a_kto_round_trains_on_the_votes_themselves(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    rounds.start(store, "kto", {"kto": {"beta": 0.2}}, "local")
    *_, policy = [finish(store, {}) for _ in range(3)]
    assert (policy.kind, policy.stage, policy.spec["recipe"]["beta"]) == ("kto", "policy", 0.2)
    assert "preferences.parquet" in policy.spec["files"]


def test_kto_without_an_answer_of_either_kind_is_refused(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    add_votes(store, 6, "both_bad")
    assert "KTO needs desirable answers" in refusal(store, "kto", kto={"pairs": False})
    assert "'kto.desirable_weight'" in refusal(store, "kto", kto={"desirable": 2})


def give_thumb(store: Store, thumb: Thumb, fold: str = "train") -> None:
    """A thumb of the local user's on a new answer to a prompt of this fold."""
    asked: list[Message] = [{"role": "user", "content": ""}]
    while asked[0]["content"] == "" or fold_of(prompt_hash(asked)) != fold:
        asked = [{"role": "user", "content": f"{asked[0]['content']} {thumb}?"}]
    answer = f"Answer {store.rows('SELECT count(*) AS n FROM ratings')[0]['n']}"
    rate(store, "local", asked, 1, answer, thumb, "key")


def test_without_pairs_kto_learns_from_thumbs_where_there_are_both_kinds(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    give_thumb(store, "down", fold="judge")
    give_thumb(store, "up")
    assert "that an answer is undesirable" in refusal(store, "kto", kto={"pairs": False})
    give_thumb(store, "down")
    rounds.start(store, "kto", {"kto": {"pairs": False}}, "local")
    first, second, policy = [finish(store, {}) for _ in range(3)]
    assert [list(job.spec["files"]) for job in (first, second)] == [["preferences.parquet"]] * 2
    assert list(policy.spec["files"]) == ["preferences.parquet", "ratings.jsonl"]
    assert policy.spec["recipe"]["ratings"] == "ratings.jsonl"


def test_a_kto_round_learns_from_the_thumbs_as_they_stood_when_it_was_started(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    give_thumb(store, "up")
    then = ratings.freeze(store)
    round_id = rounds.start(store, "kto", {}, "local")
    give_thumb(store, "down")
    *_, policy = [finish(store, {}) for _ in range(3)]
    assert policy.spec["files"]["ratings.jsonl"] == {"ratings": then}
    assert round_rows.get(store, round_id).ratings_sha256 == then != ratings.freeze(store)


def test_a_job_is_not_given_damaged_thumbs(store: Store) -> None:
    recipe = {"kind": "kto", "policy": "/p", "reference": "/p", "ratings": "ratings.jsonl"}
    add_votes(store, 4)
    give_thumb(store, "up")
    sha256 = ratings.freeze(store)
    assert sha256 is not None
    spec = {"recipe": recipe, "files": {"ratings.jsonl": {"ratings": sha256}}, "publish": {}}
    job = jobs.get(store, queue.submit(store, "kto", spec, "local"))
    frozen.path_of(store, "ratings", sha256).write_text("{}")
    with pytest.raises(UserError, match="are damaged, so nothing was trained on them"):
        materialise(store, job)
    assert ratings.freeze(store) == sha256
    materialise(store, job)


@pytest.mark.parametrize(("asked", "named"), [("parent", "second"), ("initial", "first"), ("first", "first")])
def test_the_reference_is_the_start_of_the_round_or_of_its_line(store: Store, asked: str, named: str) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    with store.write() as db:
        base = registry.register(db, "base", "base", "models/base", "test")
        first = registry.register(db, "first", "policy", "models/first", "test", parent_id=base)
        second = registry.register(db, "second", "policy", "models/second", "test", parent_id=first)
        registry.insert_promotion(db, second, "test")
    rounds.start(store, "dpo", {"reference": asked}, "local")
    *_, policy = [finish(store, {}) for _ in range(3)]
    assert registry.get(store, policy.spec["recipe"]["reference"]["model_id"]).name == named


def test_two_rounds_do_not_run_at_once(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    round_id = rounds.start(store, "dpo", {}, "local")
    with pytest.raises(UserError, match=f"Round {round_id} is at work"):
        rounds.start(store, "dpo", {}, "local")


def test_a_cancelled_round_can_be_resumed_where_it_stood(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    round_id = rounds.start(store, "dpo", {}, "local")
    finish(store, {"accuracy": 0.8})
    rounds.cancel(store, round_id, "local")
    assert round_rows.get(store, round_id).status == "cancelled"
    assert jobs.claim(store, "w") is None
    with pytest.raises(UserError, match="nothing to cancel"):
        rounds.cancel(store, round_id, "local")
    rounds.resume(store, round_id, "local")
    job = jobs.claim(store, "w")
    assert job is not None
    assert job.stage == "judge"


def test_a_round_whose_command_was_killed_is_gone_on_with(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    round_id = rounds.start(store, "dpo", {}, "local")
    job = jobs.claim(store, f"{socket.gethostname()}:1:0:0")  # no process of this machine, for its first began later
    assert job is not None
    (store.snapshots / f"{snapshots.get(store, 1).sha256}.parquet").unlink()  # so that it ends at once
    with pytest.raises(typer.Exit) as left:
        resume_command(round_id, wait=True, home=store.home)
    assert left.value.exit_code == 1
    assert jobs.get(store, job.job_id).attempts == 2
    assert "could not be copied for the job" in str(round_rows.get(store, round_id).error)


def test_a_stage_that_ends_before_the_cancel_reaches_it_is_the_last(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    round_id = rounds.start(store, "dpo", {}, "local")
    finish(store, {"accuracy": 0.8}, before_publishing=lambda: rounds.cancel(store, round_id, "local"))
    assert round_rows.get(store, round_id).status == "cancelled"
    assert not jobs.open_jobs(store)


def test_of_rounds_that_are_started_at_the_same_moment_one_runs(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)

    def start() -> int | None:
        try:
            return rounds.start(store, "dpo", {}, "local")
        except UserError:
            return None

    started = at_once(4, start)
    assert len([round_id for round_id in started if round_id]) == 1
    assert len(round_rows.all_rounds(store)) == 1


def test_a_card_holds_every_setting_so_that_a_later_default_changes_nothing(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    rounds.start(store, "dpo", {"dpo": {"beta": 0.3}}, "local")
    assert {"epochs", "margin", "batch_size", "warmup"} <= set(finish(store, {"accuracy": 0.8}).spec["recipe"])
    finish(store, {"accuracy": 0.8})
    recipe = finish(store, {"accuracy": 0.8}).spec["recipe"]
    assert load_recipe({**recipe, "policy": "p", "reference": "r"}).model_dump() == (
        load_recipe({"kind": "dpo", "beta": 0.3, "policy": "p", "reference": "r"}).model_dump()
    )


def test_answers_that_are_all_alike_do_not_keep_the_generator_busy(store: Store) -> None:
    add_pairs(store, 1)
    model = registry.require_promoted(store)
    assert queue.refill(store) is not None
    job = jobs.claim(store, "w")
    assert job is not None
    directory = directory_of(store, job.job_id)
    directory.mkdir(parents=True)
    alike = {"prompt_id": 1, "text": "The same.", "seed": 1, "tokens": 3, "ended": True}
    pq.write_table(pa.Table.from_pylist([alike, alike]), directory / "completions.parquet")
    publish(store, job, directory, {})
    assert jobs.get(store, job.job_id).result == {"pairs": 0, "sets": 0}
    assert queue.refill(store) is None
    queue.generate(store, model, 4, "somebody")
    assert jobs.open_jobs(store, "generate")


def test_a_finished_round_cannot_be_resumed(store: Store) -> None:
    with pytest.raises(UserError, match="There is no round 7"):
        rounds.resume(store, 7, "local")
