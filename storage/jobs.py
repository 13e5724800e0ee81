"""The queue of heavy work: claimed under a lease, written under a fence.

At least once, and idempotent: a job's key is the hash of everything that decides its result. A worker that stalls
past its lease loses the job; the next claim raises the fence, and whatever the old worker still sends is refused.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from storage.database import MOST_ID, Store, first, now
from storage.errors import UserError
from storage.failures import Failure
from storage.journal import record
from storage.records import Job

LEASE_S = 30.0
MAX_ATTEMPTS = 5

# What a person moved to the front comes first.
# Pairs come before the rest unless the job that ended last made pairs too; among the others, what was begun goes on.
NEXT = """
SELECT job_id FROM jobs WHERE status IN ('queued', 'running')
ORDER BY priority DESC,
         (kind = 'generate') = coalesce(
             (SELECT kind = 'generate' FROM jobs WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1), 0),
         kind <> 'generate', status <> 'running', job_id
LIMIT 1
"""


class LostLease(Exception):
    """The fence has moved on: somebody else owns this job now, and nothing was written."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.job_id} is no longer this worker's")


def job_key(kind: str, spec: dict[str, Any]) -> str:
    """sha256 of the kind and the spec, which together decide a job's result."""
    canonical = json.dumps([kind, spec], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def enqueue(
    db: Database, kind: str, spec: dict[str, Any], actor: str, round_id: int | None = None, stage: str = ""
) -> int:
    """Queue a job inside the caller's transaction, or find the one that already does the same work."""
    key = job_key(kind, spec)
    for row in db.query("SELECT job_id FROM jobs WHERE key = ? AND status IN ('queued', 'running', 'done')", [key]):
        return int(row["job_id"])
    cursor = db.execute(
        "INSERT INTO jobs (kind, round_id, stage, status, spec, key, created_at) VALUES (?, ?, ?, 'queued', ?, ?, ?)",
        [kind, round_id, stage or kind, json.dumps(spec, ensure_ascii=False), key, now()],
    )
    job_id = int(cursor.lastrowid or 0)
    record(db, actor, "enqueue", f"job {job_id}", kind=kind, round_id=round_id)
    return job_id


def claim(store: Store, worker: str, lease_s: float = LEASE_S) -> Job | None:
    """Take the next job, or one whose worker let its lease run out. None while another is at work or nothing waits.

    One job at a time runs in a home. Generating pairs goes first, because people are waiting for them, but not twice
    running: answers that make few pairs would otherwise keep a round waiting for ever.
    """
    with store.write() as db:
        moment = time.time()
        if first(db, "SELECT 1 FROM jobs WHERE status = 'running' AND lease_until > ?", [moment]):
            return None
        row = first(db, NEXT)
        if row is None:
            return None
        db.execute(
            "UPDATE jobs SET status = 'running', worker = ?, lease_until = ?, fence = fence + 1,"
            " attempts = attempts + 1, started_at = coalesce(started_at, ?) WHERE job_id = ?",
            [worker, moment + lease_s, now(), row["job_id"]],
        )
    return get(store, row["job_id"])


def release_dead(store: Store, dead_workers: Sequence[str]) -> None:
    """End the leases of workers that are known to be gone, so that their jobs are taken up at once."""
    with store.write() as db:
        for worker in dead_workers:
            db.execute("UPDATE jobs SET lease_until = 0 WHERE status = 'running' AND worker = ?", [worker])


def running_workers(store: Store) -> list[str]:
    """The names of the workers that hold a job."""
    return [row["worker"] for row in store.rows("SELECT DISTINCT worker FROM jobs WHERE status = 'running'")]


def heartbeat(store: Store, job: Job, progress: float, got_further: bool = False, lease_s: float = LEASE_S) -> bool:
    """Prolong the lease and say how far the job is (0 to 1). Returns whether a cancel was asked for.

    `got_further`: it has a checkpoint that it did not begin with, so its attempts are counted anew. Raises LostLease
    when the fence has moved on.
    """
    with store.write() as db:
        cursor = db.execute(
            "UPDATE jobs SET lease_until = ?, progress = max(progress, ?), attempts = iif(?, 1, attempts)"
            " WHERE job_id = ? AND fence = ? AND status = 'running'",
            [time.time() + lease_s, min(max(progress, 0.0), 1.0), got_further, job.job_id, job.fence],
        )
        if cursor.rowcount != 1:
            raise LostLease(job)
        row = next(iter(db.query("SELECT cancel_requested FROM jobs WHERE job_id = ?", [job.job_id])))
    return bool(row["cancel_requested"])


def finish(db: Database, job: Job, result: dict[str, Any]) -> None:
    """Close a job as done, inside the transaction that publishes its result. Raises LostLease."""
    _close(db, job, "done", json.dumps(result, ensure_ascii=False), None)


def fail(db: Database, job: Job, error: str, failure: Failure = "crash") -> None:
    """Close a job as failed, with a sentence and its class. Raises LostLease."""
    _close(db, job, "failed", None, error, failure)


def shrink(db: Database, job: Job, settings: dict[str, int]) -> None:
    """Put a job that ran out of memory back on the queue with a smaller batch. Raises LostLease."""
    cursor = db.execute(
        "UPDATE jobs SET status = 'queued', shrunk = ?, attempts = 0, worker = NULL, lease_until = NULL"
        " WHERE job_id = ? AND fence = ? AND status = 'running'",
        [json.dumps(settings), job.job_id, job.fence],
    )
    if cursor.rowcount != 1:
        raise LostLease(job)
    record(db, "worker", "shrink", f"job {job.job_id}", **settings)


def cancelled(db: Database, job: Job) -> None:
    """Close a job as cancelled. Raises LostLease."""
    _close(db, job, "cancelled", None, "Cancelled.", "cancelled")


def request_cancel(db: Database, job_id: int, actor: str) -> None:
    """Ask a running job to stop, or take a waiting one off the queue, inside the caller's transaction."""
    db.execute(
        "UPDATE jobs SET status = 'cancelled', finished_at = ?, error = 'Cancelled.', failure = 'cancelled'"
        " WHERE job_id = ? AND status = 'queued'",
        [now(), job_id],
    )
    db.execute("UPDATE jobs SET cancel_requested = 1 WHERE job_id = ? AND status = 'running'", [job_id])
    record(db, actor, "cancel", f"job {job_id}")


def cancel(store: Store, job_id: int, actor: str) -> None:
    """Stop a job that is part of no round. Raises UserError when it is part of one, or over."""
    job = get(store, job_id)
    if job.round_id is not None:
        raise UserError(f"Job {job_id} is part of round {job.round_id}: cancel that with `cancel {job.round_id}`.")
    if job.status not in ("queued", "running"):
        raise UserError(f"Job {job_id} is {job.status} already, so there is nothing to cancel.")
    with store.write() as db:
        request_cancel(db, job_id, actor)


def requeue(db: Database, job_id: int, actor: str, anew: bool = False) -> None:
    """Put a failed or cancelled job back on the queue; its directory, and so its checkpoints, are still there.

    `anew`: they are not, and what is on record of the job's progress goes as well.
    """
    db.execute(
        "UPDATE jobs SET status = 'queued', cancel_requested = 0, attempts = 0, error = NULL, failure = NULL,"
        " finished_at = NULL, worker = NULL, lease_until = NULL WHERE job_id = ? AND status IN ('failed', 'cancelled')",
        [job_id],
    )
    if anew:
        db.execute("UPDATE jobs SET progress = 0, shrunk = NULL WHERE job_id = ?", [job_id])
        db.execute("DELETE FROM metrics WHERE job_id = ?", [job_id])
    record(db, actor, "retry" if anew else "resume", f"job {job_id}")


def move_first(db: Database, job_id: int, actor: str) -> None:
    """Let a waiting job be the next to be claimed."""
    db.execute(
        "UPDATE jobs SET priority = 1 + (SELECT max(priority) FROM jobs WHERE status IN ('queued', 'running'))"
        " WHERE job_id = ? AND status = 'queued'",
        [job_id],
    )
    record(db, actor, "move first", f"job {job_id}")


def add_metrics(store: Store, job: Job, rows: Sequence[tuple[int, str, float]]) -> None:
    """Store (step, name, value) rows; one that is there already is replaced, as a resumed run repeats steps.

    Raises LostLease when the fence has moved on.
    """
    with store.write() as db:
        if not first(db, "SELECT 1 FROM jobs WHERE job_id = ? AND fence = ?", [job.job_id, job.fence]):
            raise LostLease(job)
        db.conn.executemany(
            "INSERT INTO metrics (job_id, step, name, value) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (job_id, name, step) DO UPDATE SET value = excluded.value",
            [(job.job_id, step, name, value) for step, name, value in rows],
        )


def metrics(store: Store, job_id: int) -> dict[str, list[tuple[int, float]]]:
    """Every curve of a job: name to (step, value) in the order of the steps."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in store.rows("SELECT name, step, value FROM metrics WHERE job_id = ? ORDER BY name, step", [job_id]):
        curves.setdefault(row["name"], []).append((row["step"], row["value"]))
    return curves


def get(store: Store, job_id: int) -> Job:
    """One job. Raises UserError when there is none of that number."""
    row = store.row("SELECT * FROM jobs WHERE job_id = ?", [job_id]) if abs(job_id) <= MOST_ID else None
    if row is None:
        raise UserError(f"There is no job {job_id}: `jobs` lists them.")
    return to_job(row)


def of_round(store: Store, round_id: int) -> list[Job]:
    """The jobs of a round, in the order they were queued."""
    return [to_job(row) for row in store.rows("SELECT * FROM jobs WHERE round_id = ? ORDER BY job_id", [round_id])]


def open_jobs(store: Store, kind: str | None = None) -> list[Job]:
    """Jobs that wait or run, of one kind or of all."""
    return [
        to_job(row)
        for row in store.rows(
            "SELECT * FROM jobs WHERE status IN ('queued', 'running') AND (? IS NULL OR kind = ?) ORDER BY job_id",
            [kind, kind],
        )
    ]


def listed(store: Store, most: int = 30) -> list[Job]:
    """The running job, those that wait in about the order in which they will be taken, then the ended ones."""
    return [
        to_job(row)
        for row in store.rows(
            "SELECT * FROM jobs ORDER BY status <> 'running', status <> 'queued', iif(status = 'queued', -priority, 0),"
            " iif(status = 'queued', kind <> 'generate', 0), iif(status = 'queued', job_id, -job_id) LIMIT ?",
            [most],
        )
    ]


def done_at_once(store: Store, kind: str, most: int) -> list[Job]:
    """The newest jobs of a kind that were done in one go, by the first worker that claimed them."""
    found = store.rows(
        "SELECT * FROM jobs WHERE kind = ? AND status = 'done' AND fence = 1 ORDER BY job_id DESC LIMIT ?", [kind, most]
    )
    return [to_job(row) for row in found]


def newest(store: Store, kind: str) -> Job | None:
    """The job of this kind that was queued last, or None."""
    row = store.row("SELECT * FROM jobs WHERE kind = ? ORDER BY job_id DESC LIMIT 1", [kind])
    return to_job(row) if row else None


def to_job(row: dict[str, Any]) -> Job:
    """A row of the jobs table as a record."""
    return Job(
        job_id=row["job_id"],
        kind=row["kind"],
        round_id=row["round_id"],
        stage=row["stage"],
        status=row["status"],
        spec=json.loads(row["spec"]),
        fence=row["fence"],
        attempts=row["attempts"],
        cancel_requested=bool(row["cancel_requested"]),
        progress=row["progress"],
        result=json.loads(row["result"]) if row["result"] else None,
        error=row["error"],
        failure=row["failure"],
        priority=row["priority"],
        shrunk=json.loads(row["shrunk"]) if row["shrunk"] else None,
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def _close(
    db: Database, job: Job, status: str, result: str | None, error: str | None, failure: Failure | None = None
) -> None:
    cursor = db.execute(
        "UPDATE jobs SET status = ?, result = ?, error = ?, failure = ?, finished_at = ?, lease_until = NULL,"
        " progress = CASE WHEN ? = 'done' THEN 1 ELSE progress END"
        " WHERE job_id = ? AND fence = ? AND status = 'running'",
        [status, result, error, failure, now(), status, job.job_id, job.fence],
    )
    if cursor.rowcount != 1:
        raise LostLease(job)
