"""Waiting for a job: Ctrl-C cancels it, and how it ended is told by a sentence and an exit code."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from alignment import queue
from alignment.bring import add_model
from alignment.materialise import directory_of
from alignment.waiting import Unfinished, wait_for_job
from alignment.worker import Worker
from storage import jobs, registry
from storage.database import Store
from storage.errors import UserError
from tests.sft_jobs import records
from tests.tiny_models import make_model
from tests.warm import SharedWorker

GONE = "another-machine:1:1:1"  # a worker's name


def queue_sft(store: Store, tmp_path: Path, text: str, **settings: object) -> int:
    """A job that tunes a tiny model on the records in `text`."""
    file = tmp_path / "records.json"
    file.write_text(text)
    base = add_model(store, str(make_model("llama", tmp_path / "llama")), "mine", "test")
    return queue.sft(store, file, base, "new", {"threads": 1, "heldout_share": 0.2, **settings}, "test")


def once(condition: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """A thread that waits for something and then does something."""

    def watch() -> None:
        while not condition():
            time.sleep(0.02)
        then()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_ctrl_c_cancels_the_job_and_leaves_nothing_running(store: Store, tmp_path: Path) -> None:
    job_id = queue_sft(store, tmp_path, json.dumps(records()), max_steps=10**6, checkpoints=10**6)
    for _ in range(3):
        give_up(store, job_id)
    with SharedWorker(store) as worker:
        # Its attempts are counted anew once it has a checkpoint.
        watching = once(lambda: jobs.get(store, job_id).attempts == 1, lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(Unfinished, match=f"Job {job_id} .sft. was cancelled") as ended:
            wait_for_job(store, worker, job_id)
        watching.join()
        assert ended.value.exit_code == 130
        assert jobs.open_jobs(store) == []
        assert not worker.step()
    assert [model.name for model in registry.models(store)] == ["mine"]


def test_wrong_data_is_the_callers_mistake_and_a_crash_is_not(store: Store, tmp_path: Path) -> None:
    with SharedWorker(store) as worker:
        diverging = {"learning_rate": 1e30, "warmup": 0, "max_gradient_norm": 1e30}  # which only the job finds out
        wrong = queue_sft(store, tmp_path, json.dumps(records()), **diverging)
        with pytest.raises(UserError, match=f"Job {wrong} .sft. failed"):
            wait_for_job(store, worker, wrong)
        text = tmp_path / "text.txt"
        text.write_text("\n\n".join(f"a line of text {n} with words enough {n}" for n in range(50)))
        huge = queue.pretrain(store, text, "huge", {"hidden_size": 16, "heads": 2, "feed_forward": 10**12}, "test")
        with pytest.raises(Unfinished, match="ran out of memory") as ended:
            wait_for_job(store, worker, huge)
        assert ended.value.exit_code == 1


def test_a_heldout_file_is_copied_and_another_content_is_another_job(store: Store, tmp_path: Path) -> None:
    heldout = tmp_path / "measure.json"
    base = add_model(store, str(make_model("llama", tmp_path / "llama")), "mine", "test")
    (tmp_path / "records.json").write_text(json.dumps(records()[6:]))
    keys = set()
    for count in (3, 6):
        heldout.write_text(json.dumps(records()[:count]))
        settings = {"heldout": str(heldout), "max_steps": 1, "threads": 1}
        keys.add(job_id := queue.sft(store, tmp_path / "records.json", base, "new", settings, "test"))
    assert len(keys) == 2
    with SharedWorker(store) as worker:
        result = wait_for_job(store, worker, job_id).result
    assert result is not None
    assert result["heldout_records"] == 6


def give_up(store: Store, job_id: int) -> None:
    """Claim the job as a worker that is gone at once."""
    job = jobs.claim(store, GONE)
    assert job is not None
    assert job.job_id == job_id
    jobs.release_dead(store, [GONE])


def test_a_cancel_that_its_worker_did_not_live_to_see_is_followed_by_the_next(store: Store, tmp_path: Path) -> None:
    job_id = queue_sft(store, tmp_path, json.dumps(records()))
    jobs.claim(store, GONE)
    with store.write() as db:
        jobs.request_cancel(db, job_id, "test")
    jobs.release_dead(store, [GONE])
    with SharedWorker(store) as worker:
        assert worker.step()
    assert jobs.get(store, job_id).status == "cancelled"
    assert not directory_of(store, job_id).exists()


@pytest.mark.parametrize(("logged", "sentence"), [(True, "was killed 5 times"), (False, "could not be started 5")])
def test_a_job_that_never_gets_anywhere_says_where_the_reason_is(
    store: Store, tmp_path: Path, logged: bool, sentence: str
) -> None:
    job_id = queue_sft(store, tmp_path, json.dumps(records()))
    log = directory_of(store, job_id) / "log.txt" if logged else store.logs / "runner.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    for _ in range(jobs.MAX_ATTEMPTS):
        give_up(store, job_id)
    with Worker(store) as worker:
        assert worker.step()
    job = jobs.get(store, job_id)
    assert job.status == "failed"
    assert job.error is not None
    assert sentence in job.error
    assert str(log) in job.error


def test_an_idle_worker_leaves_the_write_lock_to_others(store: Store) -> None:
    with Store(store.home).write(), SharedWorker(store) as worker:
        assert not worker.step()
