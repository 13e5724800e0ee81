"""The commands about continuous mode: switch it on, switch it off, ask how it stands."""

from __future__ import annotations

from typing import Annotated

import typer

from alignment import continuous as mode
from alignment.commands import RecipeFile, Settings
from alignment.config import METHODS
from alignment.recipe_commands import round_settings
from storage import continuous, labels, rounds
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer
from storage.database import Store

continuous_app = typer.Typer(help="Rounds that start by themselves.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.add_typer(continuous_app, name="continuous")


@continuous_app.command("on")
def on_command(
    every: Annotated[int, typer.Option(help="New votes that make a round due.")] = continuous.EVERY,
    method: Annotated[
        str | None, typer.Option(help=f"{' or '.join(METHODS)}; by default the recipe's, or dpo.")
    ] = None,
    recipe: RecipeFile = None,
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let the app start a round by this recipe whenever so many new votes are in."""
    store = Store.existing(home)
    mode.switch_on(store, every, round_settings(store, method, recipe, settings), ACTOR)
    _answer(store, as_json)


@continuous_app.command("off")
def off_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Start no further round and promote none; a round at work goes on."""
    store = Store.existing(home)
    continuous.switch_off(store, ACTOR)
    _answer(store, as_json)


@continuous_app.command("status")
def status_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Say whether it is on, and why it waits or has stopped."""
    _answer(Store.existing(home), as_json)


def _answer(store: Store, as_json: bool) -> None:
    run = continuous.newest(store)
    began = [this.round_id for this in rounds.all_rounds(store) if run and this.continuous_id == run.continuous_id]
    said = mode.said(store)
    data = {
        "on": run is not None and run.ended_at is None,
        "every": run.every if run else None,
        "recipe": run.recipe if run else None,
        "new_votes": continuous.votes_in(store, run) if run else labels.new_votes(store),
        "rounds": began[::-1],
        "said": said,
    }
    answer(as_json, data, said)
