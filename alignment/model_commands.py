"""The commands about the registry: model add, list, promote, rollback, export, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from alignment import queue
from alignment.bring import add_model, export_model
from alignment.demo.seed import open_home
from alignment.waiting import wait_for_job
from alignment.worker import Worker
from storage import registry
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store
from storage.errors import UserError
from storage.records import Model
from storage.reports import (
    Report,
    agreement_sentence,
    ceiling_sentence,
    newest_report,
    newest_sentence,
    share,
    votes_since,
)

model_app = typer.Typer(help="Register, list, promote, roll back, export and report on models.", no_args_is_help=True)


@model_app.command("add")
def model_add(
    source: Annotated[str, typer.Argument(metavar="PATH_OR_ID", help="A directory, or an id on the hub.")],
    name: Annotated[str, typer.Option(help="The name to register it under.")],
    kind: Annotated[str, typer.Option(help="policy, or base for a model that cannot answer yet.")] = "policy",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Register a model: safetensors only, and no code of its own is run."""
    if kind not in ("policy", "base"):
        raise UserError(f"{kind!r} is not a kind of model to add: take policy or base.")
    model = add_model(Store.open(home), source, name, ACTOR, kind)
    answer(as_json, _model(model), f"{model.name} is registered. Next: model promote {model.name}")


@model_app.command("list")
def model_list(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the registered models."""
    models = registry.models(open_home(home))
    rows: list[list[object]] = [
        [model.name, model.kind, model.parent or "", model.status, model.reason or ""] for model in models
    ]
    heads = ["name", "kind", "parent", "status", "promoted against its verdict because"]
    answer(as_json, {"models": [_model(model) for model in models]}, table(heads, rows))


@model_app.command("promote")
def model_promote(
    name: str,
    override: Annotated[bool, typer.Option("--override", help="Promote it whatever its verdict says.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; with --override, and kept with the promotion.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let a policy answer in chat and write the next pairs; one that was judged has to be better."""
    if override != bool((reason or "").strip()):
        raise UserError("To promote a model against its verdict takes both --override and --reason TEXT.")
    model = registry.promote(open_home(home), name, ACTOR, reason)
    answer(as_json, _model(model), f"{model.name} is promoted.")


@model_app.command("rollback")
def model_rollback(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Promote again the model that was promoted before the present one."""
    model = registry.rollback(open_home(home), ACTOR)
    answer(as_json, _model(model), f"{model.name} is promoted again.")


@model_app.command("export")
def model_export(
    name: str,
    directory: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Copy a model out, in Hugging Face format."""
    export_model(open_home(home), name, directory)
    answer(as_json, {"name": name, "directory": str(directory)}, f"{name} was written to {directory}.")


@model_app.command("report")
def model_report(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A reward model.")],
    refresh: Annotated[bool, typer.Option("--refresh", help="Score the votes as they stand first.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Say how far a reward model can be trusted: on votes that it has not seen, and against the labelers' ceiling."""
    store = Store.existing(home)
    model = registry.by_name(store, name)
    if refresh:
        job_id = queue.score(store, model, ACTOR)
        with Worker(store) as worker:
            wait_for_job(store, worker, job_id)
    report = newest_report(store, model)
    answer(as_json, {"name": name, "votes_since": votes_since(store, report), **report}, _report_text(name, report))


def _report_text(name: str, report: Report) -> str:
    """The report in sentences, and its slices as a table."""
    said = [f"{name}:", agreement_sentence(report), ceiling_sentence(report), newest_sentence(report)]
    rows: list[list[object]] = [
        [side, one["name"], share(one), one["votes"]] for side, slices in report["slices"].items() for one in slices
    ]
    lines = [" ".join(filter(None, said))]
    if rows:
        lines += ["", table(["by", "", "agrees with", "votes"], rows)]
        ece, length = report["calibration"]["ece"], report["length"]["correlation"]
        lines += ["", f"calibration error {ece:.3f}, correlation of score and length {length:.2f}"]
    return "\n".join(lines)


def _model(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "kind": model.kind,
        "parent": model.parent,
        "status": model.status,
        "path": model.path,
        "created_at": model.created_at,
        "reason": model.reason,
    }
