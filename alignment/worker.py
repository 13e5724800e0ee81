"""The supervisor: takes jobs off the queue, runs each as a child process, and publishes what comes of it.

It imports no torch. The child sees nothing but its directory; the supervisor follows `metrics.jsonl` into the
database, keeps the lease alive, cancels by signal, and publishes under the fence. Whoever is killed, the next
supervisor finds the job with its checkpoints and goes on.
"""

from __future__ import annotations

import json
import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from alignment import continuous, queue
from alignment.materialise import directory_of, materialise
from alignment.publish import publish
from alignment.runner import Child, Runner
from alignment.shrink import shrunk
from storage import jobs
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.failures import REMEDIES, Failure
from storage.records import Job

POLL_S = 0.25
HEARTBEAT_S = 2.0
LOOK_S = 2.0  # between two looks at continuous mode, which counts votes
GRACE_S = 10.0  # from SIGTERM to SIGKILL

log = logging.getLogger("plumbline.worker")


class Worker:
    """Runs the jobs of one home, one at a time. Use as a context manager: leaving it ends the child process."""

    def __init__(self, store: Store, serving: bool = False) -> None:
        """`serving`: also keep the queue of pairs filled, and continuous mode going, as a server does."""
        self.store = store
        self.serving = serving
        self._looked = -LOOK_S
        self.name = (
            f"{socket.gethostname()}:{os.getpid()}:{int(psutil.Process().create_time())}:{threading.get_ident()}"
        )
        self.runner = Runner(store.logs / "runner.log")

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.close()

    def run_until(self, stop: Callable[[], bool]) -> None:
        """Work, or wait for work, until `stop` says so."""
        while not stop():
            if not self.step():
                time.sleep(POLL_S)

    def step(self) -> bool:
        """Run one job if there is one. Returns whether there was."""
        if dead := [name for name in jobs.running_workers(self.store) if _is_dead(name)]:
            jobs.release_dead(self.store, dead)
        if self.serving:
            self._look_ahead()
        # A claim takes the write lock, which an idle worker leaves to others.
        job = jobs.claim(self.store, self.name) if jobs.open_jobs(self.store) else None
        if job is None:
            return False
        log.info("job %d (%s) starts, attempt %d", job.job_id, job.stage, job.attempts)
        try:
            self._run(job)
        except jobs.LostLease:
            log.warning("job %d is somebody else's by now; its result was not used", job.job_id)
        return True

    def _look_ahead(self) -> None:
        """Queue what nobody asks for."""
        queue.refill(self.store)
        if time.monotonic() - self._looked >= LOOK_S:
            self._looked = time.monotonic()
            continuous.step(self.store)

    def _run(self, job: Job) -> None:
        if job.cancel_requested:  # of a worker that was gone before it could follow
            with self.store.write() as db:
                jobs.cancelled(db, job)
            return
        if job.attempts > jobs.MAX_ATTEMPTS:
            self._fail(job, self._what_stops(job))
            return
        try:
            directory = materialise(self.store, job)
        except UserError as error:
            self._fail(job, str(error), "bad_data")
            return
        (directory / "error.json").unlink(missing_ok=True)  # of an earlier attempt
        child = self.runner.start(directory)
        follower = MetricsFollower(self.store, job, directory / "metrics.jsonl")
        was_cancelled = self._watch(job, child, follower)
        follower.read()
        result = _read_json(directory / "result.json")
        if was_cancelled and result is None:
            with self.store.write() as db:
                jobs.cancelled(db, job)
        elif result is not None:
            publish(self.store, job, directory, result)
            log.info("job %d (%s) is done", job.job_id, job.stage)
        elif (failure := _read_json(directory / "error.json")) is not None:
            self._fail_or_shrink(job, failure)
        else:
            log.warning("job %d was killed (exit %s) and goes back on the queue", job.job_id, child.exit_code)
            jobs.release_dead(self.store, [self.name])

    def _watch(self, job: Job, child: Child, follower: MetricsFollower) -> bool:
        """Follow a child to its end; True when it was told to stop. A lost lease kills the child, then is raised."""
        begun_with = _checkpoints(follower.path.parent)
        told_at: float | None = None
        beat = 0.0
        try:
            while not child.wait(POLL_S):
                follower.read()
                if time.monotonic() - beat >= HEARTBEAT_S:
                    beat = time.monotonic()
                    got_further = not _checkpoints(follower.path.parent) <= begun_with
                    if jobs.heartbeat(self.store, job, follower.progress, got_further) and told_at is None:
                        told_at = beat
                        child.terminate()
                if told_at is not None and time.monotonic() - told_at > GRACE_S:
                    child.kill()
        except jobs.LostLease:
            child.kill()
            raise
        return told_at is not None

    def _what_stops(self, job: Job) -> str:
        """Why a job is not tried again: its process was killed too often, or never began, and so wrote no log."""
        own = directory_of(self.store, job.job_id) / "log.txt"
        what, reason = ("was killed", own) if own.exists() else ("could not be started", self.runner.log)
        return f"The process of this job {what} {jobs.MAX_ATTEMPTS} times: see the end of {reason}, then resume."

    def _fail_or_shrink(self, job: Job, error: dict[str, Any]) -> None:
        """Close a job by the error it left; one whose batch was too large for the memory goes on with a smaller one."""
        failure, remedy = error["class"], error["remedy"]
        if failure == "out_of_memory" and error.get("in_batches"):
            smaller = shrunk({**job.spec["recipe"], **(job.shrunk or {})})
            if smaller is not None:
                log.warning("job %d ran out of memory and goes on with %s", job.job_id, smaller)
                with self.store.write() as db:
                    jobs.shrink(db, job, smaller)
                return
            remedy = REMEDIES[failure]
        self._fail(job, f"{error['message']} {remedy}".strip(), failure)

    def _fail(self, job: Job, sentence: str, failure: Failure = "crash") -> None:
        log.warning("job %d (%s) failed: %s", job.job_id, job.stage, sentence)
        with self.store.write() as db:
            jobs.fail(db, job, sentence, failure)
            if job.round_id is not None:
                round_rows.close_round(db, job.round_id, "failed", f"{job.stage.capitalize()}: {sentence}")


class MetricsFollower:
    """Copies new lines of a job's `metrics.jsonl` into the metrics table, whole lines only."""

    def __init__(self, store: Store, job: Job, path: Path) -> None:
        self.store = store
        self.job = job
        self.path = path
        self.progress = 0.0
        self._offset = 0

    def read(self) -> None:
        """Take in what was written since the last call."""
        if not self.path.exists():
            return
        with self.path.open("rb") as handle:
            handle.seek(self._offset)
            text = handle.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        rows: list[tuple[int, str, float]] = []
        for line in whole.splitlines():
            rows += self._numbers(line)
        if rows:
            jobs.add_metrics(self.store, self.job, rows)

    def _numbers(self, line: bytes) -> list[tuple[int, str, float]]:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:  # the torn last line of a killed run, with the next run's first line behind it
            return []
        step = int(entry.pop("step", 0))
        entry.pop("time", None)
        self.progress = float(entry.pop("progress", self.progress))
        return [
            (step, name, float(value))
            for name, value in entry.items()
            if isinstance(value, (int, float)) and math.isfinite(value)
        ]


def _checkpoints(directory: Path) -> set[str]:
    """The names of a job's finished checkpoints."""
    return {manifest.parent.name for manifest in (directory / "checkpoints").glob("*/manifest.json")}


def _is_dead(name: str) -> bool:
    """Whether a worker of this machine is gone; of another machine's only its lease can tell."""
    host, pid, started, _ = name.rsplit(":", 3)
    if host != socket.gethostname():
        return False
    try:
        return int(psutil.Process(int(pid)).create_time()) != int(started)
    except psutil.NoSuchProcess:
        return True


def _read_json(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None
