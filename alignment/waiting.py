"""How a command waits for work, its own or that of another process, and what it makes of the end."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterator

from alignment import rounds
from alignment.materialise import directory_of
from alignment.worker import Worker
from storage import jobs
from storage import rounds as round_rows
from storage.console import ACTOR, tell
from storage.database import Store
from storage.errors import UserError
from storage.records import Job


class Unfinished(Exception):
    """A job that was waited for did not come to its end: one sentence, and the exit code it is told with."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def wait_for_job(store: Store, worker: Worker, job_id: int) -> Job:
    """Work until this job is done, here or by another process's worker; Ctrl-C cancels it.

    Raises UserError when the recipe or its data were wrong, else Unfinished: 1 when it failed, 130 when cancelled.
    """

    def cancel() -> None:
        with store.write() as db:
            jobs.request_cancel(db, job_id, ACTOR)
        tell(f"Job {job_id} is being cancelled; Ctrl-C again quits at once.")

    for other in jobs.open_jobs(store):
        if other.status == "running" and other.job_id != job_id:
            tell(f"Job {job_id} waits for job {other.job_id} ({other.kind}), which is at work.")
    with _on_ctrl_c(cancel):
        worker.run_until(lambda: jobs.get(store, job_id).status in ("done", "failed", "cancelled"))
    job = jobs.get(store, job_id)
    if job.status == "cancelled":
        raise Unfinished(f"Job {job_id} ({job.kind}) was cancelled.", 130)
    if job.status == "failed":
        sentence = f"Job {job_id} ({job.kind}) failed: {job.error}"
        wrong = _error_class(store, job_id) == "bad_data"
        raise UserError(sentence) if wrong else Unfinished(sentence, 1)
    return job


def wait_for_round(store: Store, worker: Worker, round_id: int) -> str:
    """Work until this round is closed; returns its status. Ctrl-C cancels it."""

    def cancel() -> None:
        with contextlib.suppress(UserError):  # it has just come to its end
            rounds.cancel(store, round_id, ACTOR)
            tell(f"Round {round_id} is being cancelled; Ctrl-C again quits at once.")

    with _on_ctrl_c(cancel):
        worker.run_until(lambda: round_rows.get(store, round_id).status != "running")
    return round_rows.get(store, round_id).status


@contextlib.contextmanager
def _on_ctrl_c(cancel: Callable[[], None]) -> Iterator[None]:
    """Within, the first Ctrl-C calls `cancel`, which the worker follows as any other; a second one interrupts as ever.

    `cancel` runs on a thread of its own: a signal may come in the middle of a transaction of this one.
    """
    before = signal.getsignal(signal.SIGINT)

    def first(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        threading.Thread(target=cancel).start()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _error_class(store: Store, job_id: int) -> str | None:
    """What kind of error a job's process left behind, if it left one."""
    file = directory_of(store, job_id) / "error.json"
    return json.loads(file.read_text(encoding="utf-8"))["class"] if file.exists() else None
