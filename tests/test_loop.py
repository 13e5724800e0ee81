"""The whole loop with models that people bring: pairs, votes, a round, a verdict, a promotion, and new pairs from it.

Everything runs as it does for a user: real jobs in processes of their own, TRL's trainers, the store on disk.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment import queue, rounds
from alignment.bring import add_model
from alignment.materialise import directory_of
from alignment.waiting import wait_for_job, wait_for_round
from alignment.worker import Worker
from labeling import decisions
from labeling.simulate import simulate
from storage import answer_sets, jobs, labels, registry, snapshots
from storage import rounds as round_rows
from storage.database import Store
from storage.maintenance import check
from storage.project import set_project
from tests.conftest import add_texts
from tests.tiny_models import KINDS, make_model
from tests.warm import SharedWorker

SETTINGS = {
    "reward": {"epochs": 2},
    "dpo": {"epochs": 2, "checkpoints": 8},
    "evaluate": {"samples_per_prompt": 2, "max_new_tokens": 16},
}


def words(prompt: str, completion: str) -> float:
    """A taste for many words."""
    return float(len(completion.split()))


def add_questions(store: Store) -> None:
    for split, count in (("train", 60), ("heldout", 12)):
        add_texts(store, *(f"What is {split} {n}?" for n in range(count)), split=split)


def vote_on_new_pairs(store: Store, worker: Worker, count: int) -> None:
    policy = registry.require_promoted(store)
    wait_for_job(store, worker, queue.generate(store, policy, count + 10, "test", seed=1))
    assert simulate(store, words, count, labelers=2, noise=1.0, seed=3) == count


@pytest.mark.parametrize(("kind", "answers"), zip(KINDS, (4, 2, 2), strict=True))  # put in order at once, or in pairs
def test_a_brought_model_goes_round_the_whole_loop(store: Store, tmp_path: Path, kind: str, answers: int) -> None:
    set_project(store, "answers", answers, "test")
    add_questions(store)
    add_model(store, str(make_model(kind, tmp_path / kind)), "mine", "test")
    registry.promote(store, "mine", "test")
    with SharedWorker(store) as worker:
        vote_on_new_pairs(store, worker, 50)
        round_id = rounds.start(store, "dpo", SETTINGS, "test")
        assert wait_for_round(store, worker, round_id) == "done", round_rows.get(store, round_id).error
        this = round_rows.get(store, round_id)
        candidate = registry.get(store, this.candidate_id or 0)
        (verdict,) = round_rows.evaluations_of(store, candidate.model_id)
        assert 0 <= verdict.low <= verdict.win_rate <= verdict.high <= 1
        assert 0 <= verdict.result["voter_low"] <= verdict.result["voter_high"] <= 1
        assert verdict.result["baseline"]["best_of"] == 8
        assert verdict.result["course"][-1]["kl"] is not None
        assert (verdict.prompts, candidate.parent, candidate.status) == (12, "mine", "candidate")
        assert (
            candidate.card["inputs"]["preferences.parquet"]["snapshot"] == snapshots.get(store, this.snapshot_id).sha256
        )

        registry.promote(store, candidate.name, "test", reason="whatever its verdict, the loop goes on")
        assert queue.refill(store) is not None
        assert worker.step()
        pairs, sets = decisions.serve(store, "local")
        assert len(pairs) == (answers == 2)
        assert labels.of_other_models(store, [pair.showing_id for pair in pairs]) == set()
        assert answer_sets.of_other_models(store, [one.showing_id for one in sets]) == set()
    registry.rollback(store, "test")
    assert registry.require_promoted(store).name == "mine"
    assert check(store) == []


def test_a_replay_whose_policy_is_killed_in_training_ends_with_the_weights_and_the_verdict_of_the_round(
    store: Store, tmp_path: Path
) -> None:
    add_questions(store)
    add_model(store, str(make_model("llama", tmp_path / "llama")), "mine", "test")
    registry.promote(store, "mine", "test")
    with SharedWorker(store) as worker:
        vote_on_new_pairs(store, worker, 50)
        first = rounds.start(store, "dpo", SETTINGS, "test")
        finish(store, worker, first, killed=False)
        known = len(registry.models(store))
        again = rounds.start_replay(store, first, "test")
        finish(store, worker, again, killed=True)
    stages = ("reward", "judge", "policy", "evaluation")
    this = round_rows.get(store, again)
    assert round_rows.stages_as_replayed(store, this) == dict.fromkeys(stages, True)
    assert f"The same as round {first} to the last bit: reward, judge, policy" in round_rows.replayed(store, this)
    weights = [
        (directory_of(store, jobs.of_round(store, number)[2].job_id) / "model" / "model.safetensors").read_bytes()
        for number in (first, again)
    ]
    assert weights[0] == weights[1]
    assert (len(registry.models(store)), this.candidate_id) == (known, None)


def finish(store: Store, worker: Worker, round_id: int, killed: bool) -> None:
    """Work until the round is over; `killed`: take the policy's process away as soon as a checkpoint is sealed."""
    if killed:
        worker.run_until(lambda: any(job.stage == "policy" for job in jobs.of_round(store, round_id)))
        job = jobs.claim(store, worker.name)
        assert job is not None
        assert job.stage == "policy"
        from alignment.materialise import materialise

        child = worker.runner.start(materialise(store, job))
        checkpoints = directory_of(store, job.job_id) / "checkpoints"
        while not any(checkpoints.glob("*/manifest.json")):
            assert not child.wait(0.005)
        child.kill()
        assert child.wait(30)
        assert not (directory_of(store, job.job_id) / "result.json").exists()
        jobs.release_dead(store, [worker.name])
    assert wait_for_round(store, worker, round_id) == "done"
    if killed:
        assert jobs.of_round(store, round_id)[2].fence == 2  # it was claimed again


def test_a_round_that_is_cancelled_in_training_stops_and_goes_on_when_resumed(store: Store, tmp_path: Path) -> None:
    add_questions(store)
    add_model(store, str(make_model("llama", tmp_path / "llama")), "mine", "test")
    registry.promote(store, "mine", "test")
    with SharedWorker(store) as worker:
        vote_on_new_pairs(store, worker, 50)
        round_id = rounds.start(store, "dpo", {**SETTINGS, "reward": {"epochs": 400}}, "test")
        began = []

        def once_it_runs() -> bool:
            if not began and jobs.metrics(store, jobs.of_round(store, round_id)[0].job_id):
                began.append(True)
                rounds.cancel(store, round_id, "test")
            return bool(began)

        import threading

        watching = threading.Thread(target=lambda: wait_until(once_it_runs))
        watching.start()
        worker.run_until(lambda: jobs.of_round(store, round_id)[0].status == "cancelled")
        watching.join()
        assert round_rows.get(store, round_id).status == "cancelled"
        assert labels.counts(store)["all"] == 50
        assert jobs.claim(store, "another") is None


def wait_until(condition: object) -> None:
    import time

    while not condition():  # type: ignore[operator]
        time.sleep(0.05)
