"""What people do to jobs on the queue: move one to the front, cancel, resume, retry.

A job that is a stage of a round goes with its round: to cancel the one is to cancel the other.
"""

from __future__ import annotations

from alignment import rounds
from alignment.materialise import discard
from storage import jobs
from storage.database import Store
from storage.errors import UserError


def move_first(store: Store, job_id: int, actor: str) -> str:
    """Let a waiting job be the next that runs. Returns what was done, in a sentence, as all of these do."""
    with store.write() as db:
        job = jobs.get(store, job_id)
        if job.status != "queued":
            raise UserError(f"Job {job_id} is {job.status}, and only a job that waits can be moved.")
        jobs.move_first(db, job_id, actor)
    return f"Job {job_id} is the next to run."


def cancel(store: Store, job_id: int, actor: str) -> str:
    """Stop a running job, or take a waiting one off the queue."""
    job = jobs.get(store, job_id)
    if job.round_id is not None and job.status in ("queued", "running"):
        rounds.cancel(store, job.round_id, actor)
        return f"Job {job_id} is cancelled, and round {job.round_id} with it."
    jobs.cancel(store, job_id, actor)
    if jobs.get(store, job_id).status == "cancelled":
        return f"Job {job_id} is cancelled."
    return f"Job {job_id} is told to stop; its worker does so within seconds."


def resume(store: Store, job_id: int, actor: str) -> str:
    """Put a failed or cancelled job back on the queue; it goes on from its newest checkpoint."""
    _requeue(store, job_id, actor, anew=False)
    return f"Job {job_id} goes on where it stood."


def retry(store: Store, job_id: int, actor: str) -> str:
    """Put a failed or cancelled job back on the queue, to begin from its beginning with the recipe it was given."""
    _requeue(store, job_id, actor, anew=True)
    return f"Job {job_id} begins anew."


def do(store: Store, deed: str, job_id: int, actor: str) -> str:
    """One of these by its name: first, cancel, resume or retry."""
    deeds = {"first": move_first, "cancel": cancel, "resume": resume, "retry": retry}
    return deeds[deed](store, job_id, actor)


def _requeue(store: Store, job_id: int, actor: str, anew: bool) -> None:
    job = jobs.get(store, job_id)
    if job.status not in ("failed", "cancelled"):
        raise UserError(f"Job {job_id} is {job.status}: only a failed or cancelled job can be resumed or retried.")
    if job.round_id is not None:
        newest = jobs.of_round(store, job.round_id)[-1]
        if newest.job_id != job_id:
            raise UserError(f"Round {job.round_id} has gone on since with job {newest.job_id}: name that.")
        rounds.resume(store, job.round_id, actor, anew)
        return
    with store.write() as db:
        if jobs.get(store, job_id).status != job.status:
            raise UserError(f"Job {job_id} has been taken up in the meantime.")
        if anew:
            discard(store, job_id)
        jobs.requeue(db, job_id, actor, anew)
