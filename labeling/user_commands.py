"""The commands about people: who there is, and how they come in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from labeling.accounts import add_user, people
from labeling.invitations import DAYS, invite
from labeling.logins import PROGRAM_DAYS, log_out_everywhere, make_token
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table
from storage.database import Store
from storage.errors import UserError

user_app = typer.Typer(help="People.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The person's name.")]
DEFAULT_ADDRESS = "http://127.0.0.1:7860"


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise UserError(f"The address {text!r} is none of the web: give one as in {DEFAULT_ADDRESS}.")
    return text.rstrip("/")


Address = Annotated[
    str,
    typer.Option(
        "--address", envvar="PLUMBLINE_ADDRESS", parser=_address, help="Where the app is, for the invitation's link."
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.add_typer(user_app, name="user")


@user_app.command("add")
def add_command(
    name: Name,
    role: Annotated[str, typer.Option(help="labeler, researcher or admin.")],
    address: Address = DEFAULT_ADDRESS,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Add a person, or give one another role; who has no password yet is invited."""
    store = Store.open(home)
    add_user(store, name, role, ACTOR)
    invitation = None
    if all(one.login != "password" for one in people(store) if one.name == name):
        invitation = _invitation(store, name, address)
    told: dict[str, Any] = {"name": name, "role": role, **(invitation or {})}
    answer(as_json, told, f"{name} is a {role}." + (f"\n{_said(invitation)}" if invitation else ""))


@user_app.command("invite")
def invite_command(
    name: Name, address: Address = DEFAULT_ADDRESS, home: Home = DEFAULT_HOME, as_json: Json = False
) -> None:
    """Make a new link to choose a password; the older link is void, the older password holds until then."""
    invitation = _invitation(Store.existing(home), name, address)
    answer(as_json, {"name": name, **invitation}, _said(invitation))


@user_app.command("list")
def list_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Everybody, in which role, and how they come in."""
    found = people(Store.existing(home))
    answer(
        as_json,
        {"people": [asdict(one) for one in found]},
        table(
            ["name", "role", "login", "since"], [[one.name, one.role, one.login, one.created_at[:10]] for one in found]
        ),
    )


@user_app.command("remove")
def remove_command(name: Name, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Remove a person; their votes stay under a pseudonym, and the models that they have shaped are listed."""
    from labeling.removal import in_words, remove_user

    removal = remove_user(Store.existing(home), name, ACTOR)
    answer(as_json, {"name": name, **asdict(removal)}, "\n".join(in_words(name, removal)))


@user_app.command("token")
def token_command(
    name: Name,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How long it is good.")] = PROGRAM_DAYS,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Make a token for a person's programs, which send it as `Authorization: Bearer TOKEN`."""
    token = make_token(Store.existing(home), name, days, ACTOR)
    answer(as_json, {"name": name, "token": token, "days": days}, token)


@user_app.command("logout")
def logout_command(name: Name, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """End every session and token of a person."""
    ended = log_out_everywhere(Store.existing(home), name, ACTOR)
    answer(as_json, {"name": name, "ended": ended}, f"{ended} sessions and tokens of {name} are ended.")


def _invitation(store: Store, name: str, address: str) -> dict[str, str]:
    made = invite(store, name, ACTOR)
    return {"invitation": address + made.path, "expires_at": made.expires_at}


def _said(invitation: dict[str, str]) -> str:
    return (
        f"Open this link within {DAYS} days to choose a password; it works once, and is shown only now:\n"
        f"{invitation['invitation']}"
    )
