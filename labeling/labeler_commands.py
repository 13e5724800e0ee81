"""The commands about the guideline, gold pairs, pairs to judge again, and labelers who are warned or paused."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store
from storage.errors import UserError

guidelines_app = typer.Typer(help="How to judge, for labelers to read.", no_args_is_help=True)
gold_app = typer.Typer(help="Pairs whose verdict is known.", no_args_is_help=True)
labeler_app = typer.Typer(help="Labelers who were warned or paused.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.add_typer(guidelines_app, name="guidelines")
    app.add_typer(gold_app, name="gold")
    app.add_typer(labeler_app, name="labeler")
    app.command("relabel")(relabel_command)


@guidelines_app.command("show")
def guidelines_show(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Print the guideline that holds."""
    from storage.guidelines import guideline

    stands = guideline(Store.existing(home))
    answer(as_json, asdict(stands) if stands else {"version": 0}, stands.text if stands else "There is none yet.")


@guidelines_app.command("set")
def guidelines_set(
    file: Annotated[Path, typer.Argument(help="A file of Markdown.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let the text of a file hold from now on; labelers confirm it before they go on."""
    from storage.guidelines import set_guideline

    store = Store.existing(home)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read as text in UTF-8 ({error}).") from error
    stands = set_guideline(store, text, ACTOR)
    answer(as_json, asdict(stands), f"Version {stands.version} of the guideline holds.")


@guidelines_app.command("history")
def guidelines_history(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List all versions, newest first."""
    from storage.guidelines import history

    versions = history(Store.existing(home))
    rows: list[list[object]] = [[one.version, one.created_at[:16], one.set_by, len(one.text)] for one in versions]
    answer(as_json, {"versions": list(map(asdict, versions))}, table(["version", "since", "by", "characters"], rows))


@gold_app.command("add")
def gold_add(
    pair_id: Annotated[int, typer.Argument(metavar="PAIR")],
    verdict: Annotated[str, typer.Argument(help="a, b, tie or both_bad, in the pair's own order.")],
    why: Annotated[str, typer.Option(help="Why it is so: new labelers read it.")],
    calibration: Annotated[bool, typer.Option(help="For new labelers to do first.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let a pair's verdict be known."""
    from storage.gold import set_gold

    known = set_gold(Store.existing(home), pair_id, verdict, why, ACTOR, calibration)
    answer(as_json, asdict(known), f"Pair {pair_id} is gold: {verdict}.")


@gold_app.command("list")
def gold_list(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the gold pairs in use, and those that three people's agreement proposes."""
    from storage.gold import gold, proposals

    store = Store.existing(home)
    known, proposed = gold(store), proposals(store)
    rows: list[list[object]] = [[one.pair_id, one.verdict, one.why, one.calibration or ""] for one in known]
    more = "\n".join(f"proposed: pair {one.pair_id}, {one.verdict}, {one.people} people agree" for one in proposed)
    said = table(["pair", "verdict", "why", "calibration"], rows)
    found = {"gold": list(map(asdict, known)), "proposed": list(map(asdict, proposed))}
    answer(as_json, found, f"{said}\n{more}".strip())


@gold_app.command("retire")
def gold_retire(
    pair_id: Annotated[int, typer.Argument(metavar="PAIR")], home: Home = DEFAULT_HOME, as_json: Json = False
) -> None:
    """Use a gold pair no more."""
    from storage.gold import retire_gold

    retire_gold(Store.existing(home), pair_id, ACTOR)
    answer(as_json, {"pair_id": pair_id}, f"Pair {pair_id} is gold no more.")


@labeler_app.command("list")
def labeler_list(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List who is warned or paused, and why."""
    from labeling.attention import stopped

    found = stopped(Store.existing(home))
    rows: list[list[object]] = [[name, one.state, one.why] for name, one in found.items()]
    said = table(["labeler", "state", "why"], rows) if rows else "Nobody is warned or paused."
    answer(as_json, {"labelers": [{"labeler": name, **asdict(one)} for name, one in found.items()]}, said)


@labeler_app.command("resume")
def labeler_resume(name: str, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Lift a labeler's pause or warning; what was before is not counted again."""
    from labeling.attention import resume

    resume(Store.existing(home), name, ACTOR)
    answer(as_json, {"labeler": name}, f"{name} is served pairs again.")


def relabel_command(
    pair_ids: Annotated[list[int], typer.Argument(metavar="PAIR...")],
    why: Annotated[str, typer.Option(help="Why they are to be judged again: labelers read it.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Ask everybody who judged these pairs to judge them once more."""
    from storage.relabels import ask_again

    asked = ask_again(Store.existing(home), pair_ids, why, ACTOR)
    answer(as_json, {"pairs": len(set(pair_ids)), "asked": asked}, f"{asked} votes are asked for again.")
