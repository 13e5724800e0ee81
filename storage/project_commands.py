"""The commands about what a researcher sets for all labelers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from storage.assignments import assign
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store
from storage.identity_leaks import identity_leaks
from storage.project import project, set_project

project_app = typer.Typer(help="Settings of the labeling.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.add_typer(project_app, name="project")


@project_app.command("show")
def show_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Show the settings as they stand."""
    _answer(Store.existing(home), as_json)


@project_app.command("set")
def set_command(
    setting: Annotated[str, typer.Argument(metavar="NAME=VALUE", help="As in 'criteria=[helpful, honest]'.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let a setting have this value from now on; open pages take it over with their next pairs."""
    store = Store.existing(home)
    given: dict[str, object] = {}
    assign(given, setting)
    ((name, value),) = given.items()
    set_project(store, name, value, ACTOR)
    _answer(store, as_json)


@project_app.command("leaks")
def leaks_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the answers that name their model, of those that labelers were shown."""
    found = identity_leaks(Store.existing(home))
    rows: list[list[object]] = [
        [one.completion_id, one.model or "imported", " ".join(map(str, one.pair_ids)), one.votes, one.phrase]
        for one in found
    ]
    shown = table(["answer", "model", "pairs", "votes", "what it says"], rows) if rows else "No answer names its model."
    answer(as_json, {"leaks": [asdict(one) for one in found]}, shown)


def _answer(store: Store, as_json: bool) -> None:
    settings = asdict(project(store))
    answer(as_json, settings, "\n".join(f"{name}: {_said(value)}" for name, value in settings.items()))


def _said(value: object) -> str:
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)
