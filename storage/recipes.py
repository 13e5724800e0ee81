"""Recipes of rounds under a name. Nothing is overwritten: the newest row of a name is that recipe."""

from __future__ import annotations

import json
from typing import Any

from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record
from storage.records import SavedRecipe
from storage.registry import check_name


def save(store: Store, name: str, settings: dict[str, Any], actor: str) -> None:
    """Keep settings under a name, in the place of those that it stood for. Raises UserError for an impossible name."""
    try:
        check_name(name)
    except UserError as error:
        raise UserError(str(error).replace("The model name", "The name of a recipe", 1)) from error
    with store.write() as db:
        db.execute(
            "INSERT INTO recipes (name, settings, saved_by, created_at) VALUES (?, ?, ?, ?)",
            [name, json.dumps(settings), actor, now()],
        )
        record(db, actor, "save", f"recipe {name}")


def named(store: Store, name: str) -> SavedRecipe:
    """The recipe of that name. Raises UserError when there is none."""
    found = {recipe.name: recipe for recipe in saved(store)}
    if name not in found:
        there = f"there are {', '.join(found)}" if found else "none is saved yet"
        raise UserError(f"There is no recipe {name!r}: {there}.")
    return found[name]


def saved(store: Store) -> list[SavedRecipe]:
    """Every recipe as it was saved last, in the order of the names."""
    return [
        SavedRecipe(row["name"], json.loads(row["settings"]), row["saved_by"], row["created_at"])
        for row in store.rows(
            "SELECT * FROM recipes WHERE recipe_id IN (SELECT max(recipe_id) FROM recipes GROUP BY name) ORDER BY name"
        )
    ]
