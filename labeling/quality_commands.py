"""The commands about how good the labels are, and how the models stand by people's votes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command("quality")(quality_command)
    app.command("adjudicate")(adjudicate_command)
    app.command("ladder")(ladder_command)


def quality_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Say how good the labels are: agreement, steadiness, bias, each labeler, and the most contested pairs."""
    from labeling.quality import words
    from labeling.quality.report import quality

    found = quality(Store.existing(home))
    heads = ["labeler", "votes", "agrees with others", "reliability", "steady", "left", "longer"]
    rows: list[list[object]] = [
        [
            one.name,
            one.votes,
            words.percent(one.agrees),
            words.figure(one.reliability),
            words.percent(one.steady),
            words.percent(one.bias.left),
            words.percent(one.bias.longer),
        ]
        for one in found.labelers
    ]
    disputed = "\n".join(
        f"pair {one.pair_id}: {one.votes} votes, {one.entropy:.2f} bits apart" for one in found.contested
    )
    said = [words.on_agreement(found), words.on_steadiness(found), words.on_bias(found.bias), table(heads, rows)]
    answer(as_json, asdict(found), "\n".join([*said, f"Most contested:\n{disputed}" if disputed else ""]).strip())


def adjudicate_command(
    pair_id: Annotated[int, typer.Argument(metavar="PAIR", help="A pair, as `quality` lists them.")],
    verdict: Annotated[str, typer.Argument(help="a, b, tie or both_bad.")],
    reason: Annotated[str, typer.Option(help="Why, which is kept.")],
    strength: Annotated[int, typer.Option(min=0, max=4, help="1, barely, to 4, far better; of a side.")] = 0,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Rule on a pair that labelers disagree about: votes that say otherwise are learned from no more."""
    from labeling.accounts import ensure_user
    from storage.adjudications import adjudicate

    store = Store.existing(home)
    ensure_user(store, ACTOR, "admin")
    ruling = adjudicate(store, pair_id, verdict, strength or (2 if verdict in ("a", "b") else 0), reason, ACTOR)
    answer(
        as_json, asdict(ruling), f"Pair {pair_id} is ruled {verdict}. Votes that say otherwise are not learned from."
    )


def ladder_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Show how the models stand by votes between two of them, as they are and at equal style."""
    from labeling.quality import words
    from labeling.quality.standings import standings

    found = standings(Store.existing(home))
    rows: list[list[object]] = [
        [rung.model, rung.battles, words.rating(rung), words.rating(rung, styled=True)] for rung in found.rungs
    ]
    shown = table(["model", "votes", "rating", "at equal style"], rows) if rows else ""
    answer(as_json, asdict(found), f"{words.on_ladder(found)}\n{shown}".strip())
