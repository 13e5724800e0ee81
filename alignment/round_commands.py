"""The commands about rounds: start, list, look at, cancel, resume."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from alignment import rounds
from alignment.commands import RecipeFile, Settings
from alignment.config import METHODS
from alignment.demo.seed import open_home
from alignment.plans import as_yaml, plan, without_effect
from alignment.recipe_commands import round_settings
from alignment.waiting import wait_for_round
from alignment.worker import Worker
from storage import jobs, registry
from storage import rounds as round_rows
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table, tell
from storage.database import Store
from storage.errors import UserError
from storage.gate import passes
from storage.lineage_words import left_out

EXIT_CODES = {"failed": 1, "cancelled": 130}  # of a command that waited for a round


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    commands: dict[str, Callable[..., None]] = {
        "round": round_command,
        "rounds": rounds_command,
        "status": status_command,
        "cancel": cancel_command,
        "resume": resume_command,
    }
    for name, command in commands.items():
        app.command(name)(command)


def round_command(
    method: Annotated[
        str | None, typer.Option(help=f"{' or '.join(METHODS)}; by default the recipe's, or dpo.")
    ] = None,
    recipe: RecipeFile = None,
    settings: Settings = [],  # noqa: B006
    exclude: Annotated[
        list[str], typer.Option("--exclude-labeler", metavar="NAME", help="Learn as if NAME had not voted; repeatable.")
    ] = [],  # noqa: B006
    replay: Annotated[
        int | None, typer.Option(metavar="ID", help="Run this finished round again, and compare what comes of it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the whole recipe, and what the round is likely to take.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Work until the round is over.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Start a round on the votes as they stand, or replay one on those that it had."""
    store = open_home(home)
    began = time.monotonic()
    if replay is not None:
        if method or recipe or settings or exclude or dry_run:
            raise UserError("A replay takes everything from the round that it replays: name no other setting with it.")
        round_id = rounds.start_replay(store, replay, ACTOR)
    else:
        chosen = _chosen(round_settings(store, method, recipe, settings), exclude)
        if dry_run:
            planned = plan(store, chosen)
            answer(as_json, planned, f"{as_yaml(planned['recipe'])}\n{planned['said']}")
            return
        round_id = rounds.start(store, chosen.pop("method", "dpo"), chosen, ACTOR)
    _follow(store, round_id, wait, began, as_json)


def _chosen(settings: dict[str, Any], exclude: list[str]) -> dict[str, Any]:
    """Settings with labelers to leave out added to those that they name."""
    named = settings.get("exclude_labelers") or []
    both = {"exclude_labelers": [*named, *exclude]} if exclude and isinstance(named, list) else {}
    return {**settings, **both}


def _follow(store: Store, round_id: int, wait: bool, began: float, as_json: bool) -> None:
    """Say that a round has started and, where that is asked, work until it is over and say what came of it."""
    this = round_rows.get(store, round_id)
    said = (left_out(store, this), without_effect(this.method, this.recipe), round_rows.estimated(store, this))
    tell(" ".join([f"Round {round_id} has started.", *filter(None, said)]))
    if wait:
        with Worker(store) as worker:
            wait_for_round(store, worker, round_id)
        this = round_rows.get(store, round_id)
    data = {
        "round_id": round_id,
        "status": this.status,
        "model": registry.get(store, this.candidate_id).name if this.candidate_id else None,
        "seconds": round(time.monotonic() - began, 2),
    }
    same = round_rows.stages_as_replayed(store, this)
    if this.replay_of is not None:
        data |= {"replay_of": this.replay_of, "same": same}
    answer(
        as_json, data, _verdict(store, round_id) if wait else f"Round {round_id} waits for a worker: status {round_id}"
    )
    if this.status in EXIT_CODES:
        raise typer.Exit(EXIT_CODES[this.status])
    if not all(same.values()):
        raise typer.Exit(1)


def rounds_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the rounds."""
    store = Store.existing(home)
    found = round_rows.all_rounds(store)
    rows: list[list[object]] = [[r.round_id, r.method, r.status, r.requested_by, r.created_at[:19]] for r in found]
    answer(
        as_json,
        {"rounds": [asdict(item) for item in found]},
        table(["round", "method", "status", "by", "started"], rows),
    )


def status_command(
    round_id: Annotated[int, typer.Argument(metavar="ID", help="A round.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Show how far a round is and what came of it."""
    store = Store.existing(home)
    this = round_rows.get(store, round_id)
    stages = [
        {"job_id": job.job_id, "stage": job.stage, "status": job.status, "progress": job.progress, "result": job.result}
        for job in jobs.of_round(store, round_id)
    ]
    rows: list[list[object]] = [[s["job_id"], s["stage"], s["status"], f"{s['progress']:.0%}"] for s in stages]
    answer(
        as_json,
        {
            **asdict(this),
            "stages": stages,
            "left_out": left_out(store, this),
            "estimated": round_rows.estimated(store, this),
        },
        f"{table(['job', 'stage', 'status', 'progress'], rows)}\n{_verdict(store, round_id)}\n"
        f"{left_out(store, this)} {round_rows.estimated(store, this)}".strip(),
    )


def cancel_command(
    round_id: Annotated[int, typer.Argument(metavar="ID", help="A round.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Stop a round; `job cancel` stops a job."""
    rounds.cancel(Store.existing(home), round_id, ACTOR)
    answer(as_json, {"round_id": round_id, "status": "cancelled"}, f"Round {round_id} is cancelled.")


def resume_command(
    round_id: Annotated[int, typer.Argument(metavar="ID", help="A round.")],
    wait: Annotated[bool, typer.Option("--wait", help="Work until the round is over.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Take up a failed or cancelled round where it stood."""
    store = Store.existing(home)
    # Of a round whose command was killed nothing but a worker is missing.
    if not wait or round_rows.get(store, round_id).status != "running":
        rounds.resume(store, round_id, ACTOR)
    if wait:
        with Worker(store) as worker:
            wait_for_round(store, worker, round_id)
    status = round_rows.get(store, round_id).status
    answer(as_json, {"round_id": round_id, "status": status}, _verdict(store, round_id))
    if wait and status in EXIT_CODES:
        raise typer.Exit(EXIT_CODES[status])


def _verdict(store: Store, round_id: int) -> str:
    this = round_rows.get(store, round_id)
    found = round_rows.candidate_of(store, this)
    if said := round_rows.replayed(store, this):
        return f"Round {round_id} is {this.status}. {said}"
    if this.status != "done" or found is None:
        return f"Round {round_id} is {this.status}. {this.error or ''}".strip()
    candidate, evaluation = found
    better = passes(store, evaluation)
    advice = f"Next: model promote {candidate.name}" if better else "That does not show it to be better."
    return (
        f"Round {round_id} made {candidate.name}: by its judge it wins {evaluation.win_rate:.0%} on "
        f"{evaluation.prompts} held-out prompts ({evaluation.low:.0%} to {evaluation.high:.0%}) against "
        f"{candidate.parent}. {advice}"
    )
