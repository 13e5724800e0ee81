"""What people do to jobs: to the front, cancel, resume, retry; and how a job's end is classed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alignment import job_deeds, rounds
from alignment.materialise import directory_of
from alignment.worker import Worker
from storage import jobs
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.failures import REMEDIES
from storage.records import Job
from tests.test_rounds import add_heldout, add_votes


def queued(store: Store, kind: str = "reward", **recipe: object) -> int:
    with store.write() as db:
        return jobs.enqueue(db, kind, {"recipe": recipe, "files": {}, "publish": {}}, "test")


def claimed(store: Store) -> Job:
    job = jobs.claim(store, "w")
    assert job is not None
    return job


def failed(store: Store, job_id: int) -> None:
    job = claimed(store)
    assert job.job_id == job_id
    jobs.heartbeat(store, job, 0.5)
    jobs.add_metrics(store, job, [(1, "loss", 0.5)])
    with store.write() as db:
        jobs.fail(db, job, "It broke.", "crash")
    directory_of(store, job_id).mkdir(parents=True)


def test_a_job_that_is_moved_first_runs_before_all_others(store: Store) -> None:
    one, two, three = queued(store, seed=1), queued(store, "generate"), queued(store, seed=3)
    assert job_deeds.move_first(store, one, "test") == f"Job {one} is the next to run."
    job_deeds.move_first(store, three, "test")
    assert [job.job_id for job in jobs.listed(store)] == [three, one, two]
    taken = []
    for _ in range(3):
        job = claimed(store)
        taken.append(job.job_id)
        with store.write() as db:
            jobs.finish(db, job, {})
    assert taken == [three, one, two]
    assert [job.job_id for job in jobs.listed(store)] == [three, two, one]  # the newest first, once they have ended


def test_a_waiting_job_is_cancelled_and_resumed(store: Store) -> None:
    job_id = queued(store)
    assert job_deeds.cancel(store, job_id, "test") == f"Job {job_id} is cancelled."
    assert (jobs.get(store, job_id).failure, jobs.claim(store, "w")) == ("cancelled", None)
    job_deeds.resume(store, job_id, "test")
    assert claimed(store).job_id == job_id
    assert "told to stop" in job_deeds.cancel(store, job_id, "test")
    assert jobs.get(store, job_id).cancel_requested


@pytest.mark.parametrize(("deed", "kept"), [(job_deeds.resume, True), (job_deeds.retry, False)])
def test_resuming_keeps_what_is_there_and_retrying_does_not(
    store: Store, deed: Callable[[Store, int, str], str], kept: bool
) -> None:
    job_id = queued(store)
    failed(store, job_id)
    deed(store, job_id, "test")
    job = jobs.get(store, job_id)
    assert (job.status, job.error, job.failure) == ("queued", None, None)
    assert job.progress == (0.5 if kept else 0)
    assert bool(jobs.metrics(store, job_id)) == directory_of(store, job_id).exists() == kept


def test_what_cannot_be_done_is_one_sentence(store: Store) -> None:
    job_id = queued(store)
    for deed, sentence in ((job_deeds.resume, "is queued"), (job_deeds.retry, "is queued")):
        with pytest.raises(UserError, match=sentence):
            deed(store, job_id, "test")
    failed(store, job_id)
    for deed, sentence in ((job_deeds.cancel, "failed already"), (job_deeds.move_first, "only a job that waits")):
        with pytest.raises(UserError, match=sentence):
            deed(store, job_id, "test")
    for deed in (job_deeds.cancel, job_deeds.move_first, job_deeds.resume, job_deeds.retry):
        with pytest.raises(UserError, match="There is no job 99"):
            deed(store, 99, "test")


def test_a_rounds_job_goes_with_its_round(store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    round_id = rounds.start(store, "dpo", {}, "test")
    (stage,) = jobs.of_round(store, round_id)
    assert f"round {round_id} with it" in job_deeds.cancel(store, stage.job_id, "test")
    assert round_rows.get(store, round_id).status == "cancelled"
    job_deeds.retry(store, stage.job_id, "test")
    assert round_rows.get(store, round_id).status == "running"
    job = claimed(store)
    assert job.job_id == stage.job_id
    with store.write() as db:
        jobs.finish(db, job, {})
        jobs.enqueue(db, "dpo", {"recipe": {}}, "test", round_id, "policy")
    with pytest.raises(UserError, match="is done"):
        job_deeds.retry(store, stage.job_id, "test")


def test_data_that_cannot_be_had_is_bad_data_with_a_remedy(store: Store) -> None:
    with store.write() as db:
        spec = {"recipe": {"kind": "sft"}, "files": {"x": {"copy": "/no/such", "sha256": "0"}}, "publish": {}}
        job_id = jobs.enqueue(db, "sft", spec, "test")
    with Worker(store) as worker:
        assert worker.step()
    job = jobs.get(store, job_id)
    assert (job.status, job.failure) == ("failed", "bad_data")
    assert all(remedy.endswith(".") for remedy in REMEDIES.values())
