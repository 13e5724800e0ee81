"""The commands about recipes of rounds: save one under a name, list them, show one in full."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from alignment.commands import RecipeFile, Settings, read_settings
from alignment.config import load_round_recipe
from alignment.plans import as_yaml, whole_round_recipe
from storage import recipes
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store
from storage.errors import UserError

recipe_app = typer.Typer(help="Recipes of rounds under a name.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the recipe.")]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.add_typer(recipe_app, name="recipe")


def round_settings(store: Store, method: str | None, recipe: Path | None, settings: list[str]) -> dict[str, Any]:
    """Settings of a round: those of a file, or of the saved recipe of that name, then `settings`, then `method`."""
    chosen: dict[str, Any] = {}
    if recipe is not None and not recipe.exists():
        try:
            chosen = recipes.named(store, str(recipe)).settings
        except UserError as error:
            raise UserError(f"The recipe {recipe} cannot be read, for there is no such file. {error}") from error
        recipe = None
    for key, value in read_settings(recipe, settings).items():
        # One level down a setting of the command line goes beside those of the saved recipe.
        both = isinstance(value, dict) and isinstance(chosen.get(key), dict)
        chosen[key] = {**chosen[key], **value} if both else value
    named = read_settings(None, settings).get("method", method)
    if method and named != method:
        raise UserError(f"The method is {method} by --method and {named} by --set: name one.")
    return {**chosen, **({"method": method} if method else {})}


@recipe_app.command("save")
def save_command(
    name: Name,
    method: Annotated[str | None, typer.Option(help="How the policy learns.")] = None,
    recipe: RecipeFile = None,
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Save settings of a round under a name, in the place of what it stood for."""
    store = Store.existing(home)
    chosen = round_settings(store, method, recipe, settings)
    load_round_recipe(chosen)
    recipes.save(store, name, chosen, ACTOR)
    answer(as_json, {"name": name, "settings": chosen}, f"{name} is saved: start it with `round --recipe {name}`.")


@recipe_app.command("list")
def list_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the saved recipes."""
    found = recipes.saved(Store.existing(home))
    rows: list[list[object]] = [[one.name, one.saved_by, one.created_at[:19]] for one in found]
    answer(as_json, {"recipes": [asdict(one) for one in found]}, table(["name", "by", "saved"], rows))


@recipe_app.command("show")
def show_command(name: Name, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Show a saved recipe as YAML, with every default written out."""
    whole = whole_round_recipe(load_round_recipe(recipes.named(Store.existing(home), name).settings))
    answer(as_json, {"name": name, "recipe": whole}, as_yaml(whole))
