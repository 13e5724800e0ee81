"""A job that really runs out of memory goes on from its newest checkpoint with half the batch and twice the steps."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from alignment import queue
from alignment.bring import add_model
from alignment.materialise import directory_of
from alignment.shrink import shrunk
from alignment.waiting import wait_for_job
from alignment.worker import Worker
from storage import jobs, registry
from storage.database import Store
from tests.sft_jobs import records
from tests.tiny_models import make_model
from tests.warm import warm_process

ROOM = 800_000_000  # bytes of address space that a job's process may take beyond what it has when it is forked
BATCH = 256


def test_a_batch_that_is_too_large_is_halved_and_the_job_goes_on_from_its_checkpoint(
    store: Store, tmp_path: Path
) -> None:
    """The first step's answers are short; the second step has a long one, to whose length its batch is padded."""
    short = [{"instruction": f"Say it, {n}", "input": "", "output": "So."} for n in range(2 * BATCH - 1)]
    long = {"instruction": "Say all", "input": "", "output": "The sea is wide and blue. " * 21}
    (tmp_path / "records.json").write_text(json.dumps([*short, long]))
    (tmp_path / "heldout.json").write_text(json.dumps(records()[:3]))
    base = add_model(store, str(make_model("llama", tmp_path / "llama")), "mine", "test")
    settings = {
        "heldout": str(tmp_path / "heldout.json"),
        "batch_size": BATCH,
        "epochs": 1,
        "log_every": 1,
        "threads": 1,
        "trainer": {"train_sampling_strategy": "sequential"},
    }
    with Worker(store) as worker:
        limit_memory(worker, tmp_path)
        job_id = queue.sft(store, tmp_path / "records.json", base, "new", settings, "test")
        job = wait_for_job(store, worker, job_id)
    assert job.shrunk is not None
    assert job.shrunk["batch_size"] <= BATCH // 2
    assert job.shrunk["batch_size"] * job.shrunk["accumulation"] == BATCH
    rows = [json.loads(line) for line in (directory_of(store, job_id) / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "loss" in row] == [1, 2]  # the first step was not done again
    assert registry.by_name(store, "new").card["recipe"]["batch_size"] == job.shrunk["batch_size"]
    shrinkings = store.rows("SELECT * FROM journal WHERE action = 'shrink'")
    assert len(shrinkings) == job.fence - 1


def limit_memory(worker: Worker, tmp_path: Path) -> None:
    """Have a worker's jobs run out of memory, as on a smaller machine."""
    child = worker.runner.start(tmp_path / "nothing")
    assert child.wait(120)  # it ended at once, but now the warm process is up
    warm = warm_process(worker.runner)
    limit = warm.memory_info().vms + ROOM
    warm.rlimit(resource.RLIMIT_AS, (limit, limit))


@pytest.mark.parametrize(
    ("recipe", "smaller"),
    [
        ({"batch_size": 16, "accumulation": 1}, {"batch_size": 8, "accumulation": 2}),
        ({"batch_size": 6, "accumulation": 2}, {"batch_size": 3, "accumulation": 4}),
        ({"batch_size": 9, "accumulation": 1}, {"batch_size": 3, "accumulation": 3}),
        ({"batch_size": 5, "accumulation": 3}, {"batch_size": 1, "accumulation": 15}),
        ({"batch_size": 1, "accumulation": 8}, None),
        ({"batch_size": 2, "accumulation": 1, "loss_type": "aot"}, None),  # which sorts the pairs of a batch
    ],
)
def test_a_smaller_batch_leaves_the_examples_of_a_step_as_they_were(
    recipe: dict[str, object], smaller: dict[str, int] | None
) -> None:
    assert shrunk({"kind": "dpo", "policy": "/p", "reference": "/p", **recipe}) == smaller


def test_a_job_that_only_samples_halves_its_batch() -> None:
    assert shrunk({"kind": "generate", "policy": "/p", "batch_size": 5}) == {"batch_size": 2}


def test_a_job_that_was_shrunk_is_resumed_so_and_retried_as_it_was_asked_for(store: Store) -> None:
    with store.write() as db:
        job_id = jobs.enqueue(db, "reward", {"recipe": {"batch_size": 4, "accumulation": 1}}, "test")
    for anew, expected in ((False, {"batch_size": 2, "accumulation": 2}), (True, None)):
        job = jobs.claim(store, "w")
        assert job is not None
        with store.write() as db:
            jobs.shrink(db, job, {"batch_size": 2, "accumulation": 2})
            jobs.request_cancel(db, job_id, "test")
            jobs.requeue(db, job_id, "test", anew)
        assert jobs.get(store, job_id).shrunk == expected
