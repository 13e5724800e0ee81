"""The commands about prompts: list, add, retire, restore, release and tag them, and find near-duplicates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from storage import browse, curation, duplicates
from storage.browse.prompt_filters import STATES
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import MOST_ID, Store
from storage.errors import UserError
from storage.records import prompt_text

LONGEST_SHOWN = 60

Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="The numbers of the prompts.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]

prompts_app = typer.Typer(help="Prompts.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.add_typer(prompts_app, name="prompts")


@prompts_app.command("list")
def list_command(
    search: Annotated[str, typer.Option(help="Words that are in it.")] = "",
    split: Annotated[str, typer.Option(help="train or heldout.")] = "",
    source: Annotated[str, typer.Option(help="Where it came from: imported, chat, hand, demo.")] = "",
    tag: Annotated[str, typer.Option(help="A tag that it has.")] = "",
    state: Annotated[str, typer.Option(help=f"{', '.join(STATES)}.")] = "",
    before: Annotated[int | None, typer.Option(min=1, max=MOST_ID, help="Only those with a smaller number.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """List prompts, the newest first, fifty at a time."""
    for name, value, known in (("split", split, ("train", "heldout")), ("state", state, tuple(STATES))):
        if value and value not in known:
            raise UserError(f"{value!r} is no {name}: take {', '.join(known)}.")
    filters = browse.PromptListFilters(search, split, source, tag, state)
    found = browse.prompts(Store.existing(home), filters, browse.Edge(before=before))
    rows: list[list[object]] = [
        [one.prompt_id, one.split, one.source, one.withheld or "served", one.votes, ", ".join(one.tags), _line(one)]
        for one in found.rows
    ]
    text = table(["number", "split", "source", "state", "votes", "tags", "prompt"], rows)
    more = f"\nThere are more: --before {found.rows[-1].prompt_id}." if found.older else ""
    answer(as_json, {"prompts": [asdict(one) for one in found.rows], "more": found.older}, text + more)


@prompts_app.command("add")
def add_command(
    text: Annotated[str, typer.Argument(help="What to ask.")],
    split: Annotated[str, typer.Option(help="train or heldout; the store chooses where it is left out.")] = "",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Add one prompt. Many at once come with `import`."""
    if split not in ("", "train", "heldout"):
        raise UserError(f"{split!r} is no split: take train or heldout.")
    store = Store.open(home)
    turns = ({"role": "user", "content": text},)
    prompt_id, is_new = curation.add_prompt(store, turns, ACTOR, split or None)  # type: ignore[arg-type]  # checked
    held_back = browse.one_prompt(store, prompt_id).prompt.withheld
    said = f"Prompt {prompt_id} was {'added' if is_new else 'there already'}"
    said += f"; it is held back for {held_back}." if held_back else "."
    answer(as_json, {"prompt_id": prompt_id, "added": is_new, "withheld": held_back}, said)


@prompts_app.command("retire")
def retire_command(ids: Ids, reason: Reason = "", home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Ask no model and show no labeler these prompts any more; votes on them stay."""
    _decide(home, as_json, ids, "retired", reason)


@prompts_app.command("restore")
def restore_command(ids: Ids, reason: Reason = "", home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Take retired prompts back into service."""
    _decide(home, as_json, ids, "restored", reason)


@prompts_app.command("release")
def release_command(ids: Ids, reason: Reason = "", home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Let prompts be shown in which personal data was found."""
    _decide(home, as_json, ids, "released", reason)


@prompts_app.command("tag")
def tag_command(
    tag: Annotated[str, typer.Argument(help="The tag.")],
    ids: Ids,
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag off.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Give prompts a tag, or take it off."""
    changed = curation.tag(Store.existing(home), ids, tag, ACTOR, present=not remove)
    answer(as_json, {"changed": changed}, f"{changed} of {len(ids)} prompts {'lost' if remove else 'got'} the tag.")


@prompts_app.command("duplicates")
def duplicates_command(
    retire_others: Annotated[
        int | None, typer.Option(min=1, metavar="ID", help="Retire all near-duplicates of this prompt but itself.")
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """List the prompts that say nearly the same."""
    store = Store.existing(home)
    if retire_others is not None:
        changed = duplicates.retire_others(store, retire_others, ACTOR)
        answer(as_json, {"changed": changed}, f"{changed} near-duplicates of prompt {retire_others} were retired.")
        return
    found = duplicates.clusters(store)
    lines = [f"{', '.join(map(str, one.prompt_ids))}: {_short(one.texts[0])}" for one in found.clusters]
    said = f"{found.found} clusters among {found.looked_at} prompts."
    answer(as_json, asdict(found), "\n".join([*lines, said]))


def _decide(home: Home, as_json: bool, ids: list[int], decision: curation.Decision, reason: str) -> None:
    changed = curation.decide(Store.existing(home), ids, decision, ACTOR, reason)
    answer(as_json, {"changed": changed}, f"{changed} of {len(ids)} prompts were {decision}.")


def _line(one: browse.ListedPrompt) -> str:
    return _short(prompt_text(one.messages))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}..."
