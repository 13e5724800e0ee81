"""The commands about what is behind a model, and which models a labeler is behind."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from storage.console import DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store
from storage.lineage import Ancestor, Lineage, influence, lineage, who
from storage.lineage_words import as_record, caveat, headline, in_words, influence_record, made_how, untold


def add_commands(model_app: typer.Typer) -> None:
    """Add this module's commands to those about models."""
    model_app.command("lineage")(lineage_command)
    model_app.command("shaped-by")(shaped_by_command)


def lineage_command(name: str, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Show what a model was made from: parents, snapshots, recipes, figures, and whose votes are behind it."""
    found = lineage(Store.existing(home), name)
    answer(as_json, as_record(found), "\n".join([*tree(found), "", *_labelers(found)]))


def shaped_by_command(
    labeler: Annotated[str, typer.Argument(metavar="LABELER", help="Who voted, gave thumbs or wrote demonstrations.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """List the models that a labeler has shaped, by themselves or through a model that they came from."""
    found = influence(Store.existing(home), labeler)
    rows: list[list[object]] = [
        [one.model.name, one.model.kind, one.model.status, one.votes, one.thumbs, one.demonstrations, _how(one.itself)]
        for one in found.shaped
    ]
    heads = ["name", "kind", "status", "votes", "thumbs", "demonstrations", "learned from them"]
    said = table(heads, rows) if rows else f"No model has learned from {labeler}."
    answer(as_json, influence_record(labeler, found), f"{said}\n{caveat(found.untold)}".rstrip())


def tree(found: Lineage) -> list[str]:
    """Lines of text: each model with what it was made from under it, those that it came from further in."""
    by_id = {one.model.model_id: one for one in found.ancestors}
    shown: set[int] = set()

    def lines(one: Ancestor, role: str, depth: int) -> list[str]:
        model, margin = one.model, "  " * depth
        head = f"{margin}{f'{role}: ' if role else ''}{model.name} ({model.kind}, {model.status}): {made_how(model)}"
        if model.model_id in shown:
            return [f"{margin}{role}: {model.name}, as above"]
        shown.add(model.model_id)
        said = in_words(one)
        below = [line for origin, roles in one.origins for line in lines(by_id[origin], " and ".join(roles), depth + 1)]
        return [head, *(f"{margin}  - {sentence}" for sentence in said), *below]

    return lines(found.ancestors[0], "", 0)


def _labelers(found: Lineage) -> list[str]:
    rows: list[list[Any]] = [list(row.values()) for row in who(found.behind)]
    said = [headline(found), *filter(None, [caveat(untold(found))])]
    return [*said, table(["labeler", "votes", "thumbs", "demonstrations"], rows)] if rows else said


def _how(itself: bool) -> str:
    return "itself" if itself else "through a model it came from"
