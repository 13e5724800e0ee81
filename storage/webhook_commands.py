"""The commands about webhooks."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import Annotated

import typer

from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store, now
from storage.errors import UserError
from storage.webhooks import EVENTS, add_webhook, remove_webhook, webhook, webhooks

webhook_app = typer.Typer(help="Addresses that are told what happens.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.add_typer(webhook_app, name="webhook")


@webhook_app.command("add")
def add_command(
    url: Annotated[str, typer.Argument(help="The address, of http or https.")],
    on: Annotated[str, typer.Option(help="What it is told of, as in vote,round,promotion.")] = ",".join(EVENTS),
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Tell an address of what happens, in messages signed with a secret that is shown only now."""
    events = tuple(word.strip() for word in on.split(",") if word.strip())
    added = add_webhook(Store.existing(home), url, events, ACTOR)
    told = {"webhook_id": added.webhook_id, "url": url, "events": list(added.events), "secret": added.secret}
    answer(as_json, told, f"Webhook {added.webhook_id} is there. Its secret, shown only now:\n{added.secret}")


@webhook_app.command("list")
def list_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """All webhooks, what waits for them, what was given up, and what went wrong last."""
    found = webhooks(Store.existing(home))
    rows: list[list[object]] = [
        [one.webhook_id, one.url, ", ".join(one.events), one.waiting, one.given_up, one.error or ""] for one in found
    ]
    without_secret = [{key: value for key, value in asdict(one).items() if key != "secret"} for one in found]
    answer(as_json, {"webhooks": without_secret}, table(["id", "url", "on", "waiting", "given up", "error"], rows))


@webhook_app.command("remove")
def remove_command(webhook_id: int, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Tell an address nothing more."""
    dropped = remove_webhook(Store.existing(home), webhook_id, ACTOR)
    answer(
        as_json,
        {"webhook_id": webhook_id, "given_up": dropped},
        f"Webhook {webhook_id} is removed, and {dropped} messages with it.",
    )


@webhook_app.command("test")
def try_command(webhook_id: int, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Send one message of type `test` now, and say whether it was taken."""
    from storage.courier import post

    one = webhook(Store.existing(home), webhook_id)
    payload = json.dumps({"type": "test", "timestamp": now(), "data": {"webhook_id": webhook_id}})
    error = post(one.url, one.secret, f"msg_{secrets.token_hex(16)}", payload)
    if error is not None:
        raise UserError(f"{one.url} did not take the message ({error}): see that it is up and checks the right secret.")
    answer(as_json, {"webhook_id": webhook_id, "taken": True}, f"{one.url} took the message.")
