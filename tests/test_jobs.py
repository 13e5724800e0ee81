"""The queue of work: claimed once, written under a fence."""

from __future__ import annotations

import pytest

from storage import jobs
from storage.database import Store
from storage.records import Job


def queued(store: Store, kind: str = "reward", **spec: object) -> int:
    with store.write() as db:
        return jobs.enqueue(db, kind, {"recipe": spec}, "test")


def claimed(store: Store, worker: str = "w1", lease_s: float = 30) -> Job:
    job = jobs.claim(store, worker, lease_s)
    assert job is not None
    return job


def test_the_same_work_is_queued_once(store: Store) -> None:
    assert queued(store, seed=1) == queued(store, seed=1)
    assert queued(store, seed=1) != queued(store, seed=2)


def test_work_that_failed_can_be_asked_for_again(store: Store) -> None:
    first = queued(store)
    job = claimed(store)
    with store.write() as db:
        jobs.fail(db, job, "It broke.")
    assert queued(store) != first


def test_one_job_runs_at_a_time(store: Store) -> None:
    queued(store, seed=1), queued(store, seed=2)
    claimed(store)
    assert jobs.claim(store, "w2") is None


def test_people_who_wait_for_pairs_come_first(store: Store) -> None:
    queued(store, "dpo")
    waiting = queued(store, "generate")
    assert claimed(store).job_id == waiting


def test_pairs_do_not_go_first_twice_running(store: Store) -> None:
    stage = queued(store, "dpo")
    queued(store, "generate", seed=1)
    first = claimed(store)
    with store.write() as db:
        jobs.finish(db, first, {})
    again = queued(store, "generate", seed=2)
    second = claimed(store)
    assert second.job_id == stage
    with store.write() as db:
        jobs.finish(db, second, {})
    assert claimed(store).job_id == again


def test_a_worker_that_slept_past_its_lease_can_write_nothing(store: Store) -> None:
    queued(store)
    sleeper = claimed(store, "w1", lease_s=0)
    other = claimed(store, "w2")
    assert (other.job_id, other.fence) == (sleeper.job_id, sleeper.fence + 1)
    with pytest.raises(jobs.LostLease):
        jobs.heartbeat(store, sleeper, 0.5)
    with pytest.raises(jobs.LostLease), store.write() as db:
        jobs.finish(db, sleeper, {})
    with pytest.raises(jobs.LostLease):
        jobs.add_metrics(store, sleeper, [(1, "loss", 0.5)])
    with store.write() as db:
        jobs.finish(db, other, {"accuracy": 1})
    assert jobs.get(store, other.job_id).result == {"accuracy": 1}


def test_a_job_of_a_dead_worker_is_taken_up_at_once(store: Store) -> None:
    queued(store)
    claimed(store, "dead")
    jobs.release_dead(store, ["dead"])
    assert claimed(store, "w2").attempts == 2


def test_cancel_takes_a_waiting_job_off_and_tells_a_running_one(store: Store) -> None:
    running, waiting = queued(store, seed=1), queued(store, seed=2)
    job = claimed(store)
    with store.write() as db:
        jobs.request_cancel(db, running, "test")
        jobs.request_cancel(db, waiting, "test")
    assert jobs.get(store, waiting).status == "cancelled"
    assert jobs.heartbeat(store, job, 0.1)


def test_a_cancelled_job_can_go_back_on_the_queue(store: Store) -> None:
    job_id = queued(store)
    job = claimed(store)
    with store.write() as db:
        jobs.cancelled(db, job)
        jobs.requeue(db, job_id, "test")
    assert claimed(store).job_id == job_id


def test_a_step_that_is_repeated_after_a_resume_counts_once(store: Store) -> None:
    queued(store)
    job = claimed(store)
    jobs.add_metrics(store, job, [(1, "loss", 0.9), (2, "loss", 0.8)])
    jobs.add_metrics(store, job, [(2, "loss", 0.7), (3, "loss", 0.6)])
    assert jobs.metrics(store, job.job_id) == {"loss": [(1, 0.9), (2, 0.7), (3, 0.6)]}
