"""The commands about jobs: list them, move one to the front, cancel, resume, retry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from alignment import job_deeds
from storage import jobs
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store
from storage.failures import REMEDIES

job_app = typer.Typer(help="A job on the queue.", no_args_is_help=True)
JobId = Annotated[int, typer.Argument(metavar="ID", help="A job, as `jobs` lists them.")]


def jobs_command(
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 30,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """List the jobs: what runs, what waits in its order, then what has ended, newest first."""
    found = jobs.listed(Store.existing(home), most)
    shown = ("job_id", "kind", "stage", "round_id", "status", "progress", "failure", "error", "shrunk", "created_at")
    rows: list[list[object]] = [
        [job.job_id, job.kind, job.round_id or "", job.status, f"{job.progress:.0%}", job.failure or ""]
        for job in found
    ]
    remedies = [
        f"Job {job.job_id}: {job.error} {REMEDIES[job.failure]}"
        for job in found
        if job.status == "failed" and job.failure is not None
    ]
    answer(
        as_json,
        {
            "jobs": [
                {**{name: asdict(job)[name] for name in shown}, "remedy": REMEDIES.get(job.failure or "")}
                for job in found
            ]
        },
        "\n".join([table(["job", "kind", "round", "status", "progress", "failure"], rows), *remedies]),
    )


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command("jobs")(jobs_command)
    app.add_typer(job_app, name="job")


@job_app.command("first")
def first_command(job_id: JobId, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Let a waiting job be the next that runs."""
    _do(job_deeds.move_first, job_id, home, as_json)


@job_app.command("cancel")
def cancel_command(job_id: JobId, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Stop a job, with its round if it is part of one."""
    _do(job_deeds.cancel, job_id, home, as_json)


@job_app.command("resume")
def resume_command(job_id: JobId, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Let a failed or cancelled job go on from its newest checkpoint."""
    _do(job_deeds.resume, job_id, home, as_json)


@job_app.command("retry")
def retry_command(job_id: JobId, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Let a failed or cancelled job begin from its beginning."""
    _do(job_deeds.retry, job_id, home, as_json)


def _do(deed: Callable[[Store, int, str], str], job_id: int, home: Home, as_json: bool) -> None:
    store = Store.existing(home)
    said = deed(store, job_id, ACTOR)
    answer(as_json, {"job_id": job_id, "status": jobs.get(store, job_id).status}, said)
