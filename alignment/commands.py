"""The commands about training and rounds."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from alignment import queue, rounds
from alignment.demo.seed import open_home
from alignment.worker import Worker, wait_for_job, wait_for_round
from storage import jobs, registry
from storage import rounds as round_rows
from storage.console import DEFAULT_HOME, Home, Json, answer, table, tell
from storage.database import Store
from storage.errors import UserError
from storage.records import Model

ACTOR = "cli"

Settings = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="A setting of the recipe; repeatable.")]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="A YAML file of settings.")]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    for name, command in {
        "generate": generate_command,
        "pretrain": pretrain_command,
        "sft": sft_command,
        "round": round_command,
        "rounds": rounds_command,
        "status": status_command,
        "cancel": cancel_command,
        "resume": resume_command,
        "evaluate": evaluate_command,
    }.items():
        app.command(name)(command)


def generate_command(
    pairs: Annotated[int, typer.Option(help="How many pairs.")],
    model: Annotated[str | None, typer.Option(help="The policy that answers; the promoted one by default.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of the sampling; a fresh one by default.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Fill the queue of pairs."""
    store = open_home(home)
    policy = registry.by_name(store, model) if model else registry.require_promoted(store)
    before = _pair_count(store)
    with Worker(store) as worker:
        wait_for_job(store, worker, queue.generate(store, policy, pairs, ACTOR, seed))
    made = _pair_count(store) - before
    answer(
        as_json, {"pairs": made, "model": policy.name}, f"{made} pairs of {policy.name}'s answers wait for labelers."
    )


def pretrain_command(
    file: Annotated[Path, typer.Argument(help="A text file; documents are separated by blank lines.")],
    name: Annotated[str, typer.Option(help="The name of the new base model.")],
    vocab_size: Annotated[int | None, typer.Option(help="Tokens in the vocabulary.")] = None,
    hidden_size: Annotated[int | None, typer.Option(help="Width of the model.")] = None,
    layers: Annotated[int | None, typer.Option(help="Number of blocks.")] = None,
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Train a tokenizer and a small base model from scratch, on text of any domain."""
    named = {"vocab_size": vocab_size, "hidden_size": hidden_size, "layers": layers}
    recipe = {**read_settings(None, settings), **{key: value for key, value in named.items() if value is not None}}
    store = Store.open(home)
    _run_and_answer(store, queue.pretrain(store, file, name, recipe, ACTOR), name, as_json)


def sft_command(
    file: Annotated[Path, typer.Argument(help="Instructions in the Alpaca format, JSON or JSONL.")],
    name: Annotated[str, typer.Option(help="The name of the new policy.")],
    base: Annotated[str | None, typer.Option(help="The model to tune; the promoted one by default.")] = None,
    tuning: Annotated[str, typer.Option(help="full, freeze (the last blocks only) or lora.")] = "full",
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Fine-tune a model on instructions."""
    store = open_home(home)
    start = registry.by_name(store, base) if base else registry.require_promoted(store)
    recipe = {**read_settings(None, settings), "tuning": tuning}
    _run_and_answer(store, queue.sft(store, file, start, name, recipe, ACTOR), name, as_json)


def round_command(
    method: Annotated[str, typer.Option(help="dpo.")] = "dpo",
    recipe: RecipeFile = None,
    settings: Settings = [],  # noqa: B006
    wait: Annotated[bool, typer.Option("--wait", help="Work until the round is over.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Start a round on the votes as they stand."""
    store = open_home(home)
    began = time.monotonic()
    round_id = rounds.start(store, method, read_settings(recipe, settings), ACTOR)
    tell(f"Round {round_id} has started.")
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
    answer(
        as_json, data, _verdict(store, round_id) if wait else f"Round {round_id} waits for a worker: status {round_id}"
    )
    if this.status in ("failed", "cancelled"):
        raise typer.Exit(1)


def rounds_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the rounds."""
    store = Store.open(home)
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
    store = Store.open(home)
    this = round_rows.get(store, round_id)
    stages = [
        {"job_id": job.job_id, "stage": job.stage, "status": job.status, "progress": job.progress, "result": job.result}
        for job in jobs.of_round(store, round_id)
    ]
    rows: list[list[object]] = [[s["job_id"], s["stage"], s["status"], f"{s['progress']:.0%}"] for s in stages]
    answer(
        as_json,
        {**asdict(this), "stages": stages},
        f"{table(['job', 'stage', 'status', 'progress'], rows)}\n{_verdict(store, round_id)}",
    )


def cancel_command(
    round_id: Annotated[int, typer.Argument(metavar="ID", help="A round.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Stop a round."""
    rounds.cancel(Store.open(home), round_id, ACTOR)
    answer(as_json, {"round_id": round_id, "status": "cancelled"}, f"Round {round_id} is cancelled.")


def resume_command(
    round_id: Annotated[int, typer.Argument(metavar="ID", help="A round.")],
    wait: Annotated[bool, typer.Option("--wait", help="Work until the round is over.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Take up a failed or cancelled round where it stood."""
    store = Store.open(home)
    rounds.resume(store, round_id, ACTOR)
    if wait:
        with Worker(store) as worker:
            wait_for_round(store, worker, round_id)
    status = round_rows.get(store, round_id).status
    answer(as_json, {"round_id": round_id, "status": status}, _verdict(store, round_id))


def evaluate_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The policy to judge.")],
    against: Annotated[str, typer.Option(help="The policy to compare it with.")],
    judge: Annotated[str, typer.Option(help="reward (of the policy's round), or FILE.py:utility.")] = "reward",
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Compare two policies on the held-out prompts."""
    store = open_home(home)
    policy, other = registry.by_name(store, name), registry.by_name(store, against)
    judged_by, files = _judge(store, policy, judge)
    job_id = queue.evaluate(store, policy, other, judged_by, read_settings(None, settings), ACTOR, files)
    with Worker(store) as worker:
        result = wait_for_job(store, worker, job_id).result
    assert result is not None
    answer(
        as_json,
        {"name": name, "against": against, **result},
        f"On {result['prompts']} held-out prompts {name} wins {result['win_rate']:.0%} "
        f"({result['low']:.0%} to {result['high']:.0%}) against {against}.",
    )


def read_settings(recipe: Path | None, settings: list[str]) -> dict[str, Any]:
    """Settings from a YAML file with `key=value` pairs over them; a dot in a key goes one level down.

    Raises UserError for a file that is no mapping or a pair without a key.
    """
    merged: dict[str, Any] = {}
    if recipe is not None:
        try:
            merged = yaml.safe_load(recipe.read_text()) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UserError(f"The recipe {recipe} cannot be read ({str(error).splitlines()[0]}).") from error
        if not isinstance(merged, dict):
            raise UserError(f"The recipe {recipe} is not a mapping of settings to values.")
    for setting in settings:
        key, equals, text = setting.partition("=")
        *path, last = key.split(".")
        if not equals or not last:
            raise UserError(f"The setting {setting!r} is not of the form key=value.")
        level = merged
        for part in path:
            level = level.setdefault(part, {})
            if not isinstance(level, dict):
                raise UserError(f"The setting {setting!r} goes below {part!r}, which has a value of its own.")
        level[last] = yaml.safe_load(text)
    return merged


def _run_and_answer(store: Store, job_id: int, name: str, as_json: bool) -> None:
    with Worker(store) as worker:
        result = wait_for_job(store, worker, job_id).result or {}
    figures = ", ".join(f"{key} {value:.4g}" for key, value in result.items() if isinstance(value, (int, float)))
    answer(as_json, {"name": name, **result}, f"{name} is registered ({figures}).")


def _judge(store: Store, policy: Model, judge: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The judge of an evaluation as a recipe has it, and the files it needs."""
    if judge == "reward":
        row = store.row(
            "SELECT m.model_id FROM models m JOIN jobs j USING (job_id) JOIN rounds r USING (round_id)"
            " WHERE r.candidate_id = ? AND j.stage = 'judge'",
            [policy.model_id],
        )
        if row is None:
            raise UserError(f"{policy.name} comes from no round with a judge: name one with --judge FILE.py:utility.")
        return {"reward": {"model_id": row["model_id"]}}, {}
    path, colon, function = judge.rpartition(":")
    if not colon or not Path(path).is_file():
        raise UserError(f"The judge {judge!r} is neither `reward` nor FILE.py:utility with a file that is there.")
    name = f"utility_{Path(path).stem}.py"
    return {"utility": f"{name}:{function}"}, {name: queue.copy_of(Path(path))}


def _verdict(store: Store, round_id: int) -> str:
    this = round_rows.get(store, round_id)
    if this.status != "done" or this.candidate_id is None:
        return f"Round {round_id} is {this.status}. {this.error or ''}".strip()
    candidate = registry.get(store, this.candidate_id)
    verdict = round_rows.evaluations_of(store, candidate.model_id)[-1]
    return (
        f"Round {round_id} made {candidate.name}: on {verdict.prompts} held-out prompts it wins "
        f"{verdict.win_rate:.0%} ({verdict.low:.0%} to {verdict.high:.0%}) against {candidate.parent}. "
        f"Next: model promote {candidate.name}"
    )


def _pair_count(store: Store) -> int:
    row = store.row("SELECT count(*) AS n FROM pairs")
    return int(row["n"]) if row else 0
