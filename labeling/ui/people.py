"""The People page, for admins: who there is, in which role, and how they come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labeling.accounts import ROLES, Person, add_user, admins, people, require, role_of
from labeling.invitations import DAYS, Invitation, invite
from labeling.removal import in_words, remove_user
from labeling.ui.door import Access
from labeling.ui.errors import notice
from labeling.ui.identity import user_of
from labeling.ui.plain import answered, fields, page, status_of
from storage.errors import UserError

LOGINS = {"password": "has a password", "invited": "is invited", "none": "has no login"}
Deed = Callable[[str, dict[str, str], str], str]  # actor, form, address -> what to say, as HTML


@dataclass(frozen=True)
class People:
    """What happens on the page. Every handler asks for the role itself, and answers with the whole page anew."""

    access: Access

    async def show(self, request: Request) -> Response:
        """The page as it is."""
        return await self._do(request, None)

    async def add(self, request: Request) -> Response:
        """Add somebody, with an invitation."""
        return await self._do(request, self._add)

    async def invite(self, request: Request) -> Response:
        """Make a new invitation for somebody."""
        return await self._do(request, self._invite)

    async def role(self, request: Request) -> Response:
        """Give somebody another role."""
        return await self._do(request, self._role)

    async def remove(self, request: Request) -> Response:
        """Remove somebody, once the name was typed again."""
        return await self._do(request, self._remove)

    async def _do(self, request: Request, deed: Deed | None) -> Response:
        actor = require(self.access.store, user_of(request), "admin")
        form = await fields(request) if deed else {}
        told, status = "", 200
        if deed:
            try:
                told = await run_in_threadpool(deed, actor, form, str(request.base_url).rstrip("/"))
            except KeyError as error:
                told, status = notice(f"The form lacks its field {error}: reload the page.", True), 400
            except UserError as error:
                told, status = notice(str(error), True), status_of(error)
        everybody = await run_in_threadpool(people, self.access.store)
        return page("People", whole(everybody, told, actor), self.access.masthead(actor), status)

    def _add(self, actor: str, form: dict[str, str], at: str) -> str:
        name = form["name"].strip()
        if any(one.name == name for one in people(self.access.store)):
            raise UserError(f"There is somebody named {name} already: give them another role in the list.")
        self._admins_first(form["role"])
        add_user(self.access.store, name, form["role"], actor)
        return said(invite(self.access.store, name, actor), at)

    def _invite(self, actor: str, form: dict[str, str], at: str) -> str:
        self._admins_first(role_of(self.access.store, form["name"]))
        return said(invite(self.access.store, form["name"], actor), at)

    def _admins_first(self, role: str | None) -> None:
        """With the first password everybody has to log in: there must be an admin who can."""
        if role in ROLES[:-1] and not admins(self.access.store.db()):
            raise UserError("Invite an admin first, yourself say: with the first password everybody has to log in.")

    def _role(self, actor: str, form: dict[str, str], at: str) -> str:
        if all(one.name != form["name"] for one in people(self.access.store)):
            raise UserError(f"There is no user named {form['name']!r}: reload the page.")
        add_user(self.access.store, form["name"], form["role"], actor)
        return notice(f"{form['name']} is now: {form['role']}.")

    def _remove(self, actor: str, form: dict[str, str], at: str) -> str:
        name = form["name"]
        if name == actor:
            raise UserError("Nobody removes themselves here: ask another admin, or use `user remove`.")
        if form["again"].strip() != name:
            raise UserError(f"Type {name} to remove {name}: it cannot be undone.")
        return notice(" ".join(in_words(name, remove_user(self.access.store, name, actor))))

    def routes(self) -> list[Route]:
        """The paths of the page."""
        return [
            Route("/people", answered(self.show), methods=["GET"]),
            *(
                Route(f"/people/{deed.__name__}", answered(deed), methods=["POST"])
                for deed in (self.add, self.invite, self.role, self.remove)
            ),
        ]


def said(made: Invitation, address: str) -> str:
    """An invitation's link, to be handed on."""
    link = escape(address + made.path)
    return (
        f'<div class="notice" role="status"><p>Send this link to {escape(made.name)}. It works once, within {DAYS} '
        f"days, and is shown only now:</p>"
        f'<p><input class="link" readonly aria-label="Invitation" value="{link}"></p></div>'
    )


def whole(everybody: list[Person], told: str, me: str) -> str:
    """The page's column."""
    rows = "".join(row(one, me) for one in everybody)
    return (
        f'<h1>People</h1>{told}<form class="line" method="post" action="/people/add">'
        f'<label>Name <input name="name" maxlength="80" required></label>'
        f'<label>Role <select name="role">{options("labeler")}</select></label>'
        '<button class="main">Invite</button></form>'
        '<p class="quiet">Labelers rank and chat. Researchers also see the votes, start rounds and promote models. '
        "Admins also decide who is here.</p>"
        '<table class="people"><thead><tr><th scope="col">Name</th><th scope="col">Login</th><th scope="col">Role</th>'
        f'<th scope="col"><span class="unseen">Deeds</span></th></tr></thead><tbody>{rows}</tbody></table>'
    )


def row(one: Person, me: str) -> str:
    """A person's line."""
    name = escape(one.name)
    hidden = f'<input type="hidden" name="name" value="{name}">'
    remove = (
        f'<details><summary>Remove</summary><form method="post" action="/people/remove">{hidden}'
        f'<p class="quiet">Their votes stay, under a pseudonym. It cannot be undone.</p>'
        f'<label>Type {name} to remove them <input name="again" autocomplete="off" required></label>'
        '<button class="danger">Remove</button></form></details>'
    )
    return (
        f'<tr><th scope="row">{name}{" (you)" if one.name == me else ""}</th><td>{LOGINS[one.login]}</td>'
        f'<td><form method="post" action="/people/role">{hidden}'
        f'<select name="role" aria-label="Role of {name}">{options(one.role)}</select><button>Change</button></form>'
        f'</td><td><div class="deeds"><form method="post" action="/people/invite">{hidden}'
        f"<button>{'Reset password' if one.login == 'password' else 'New invitation'}</button></form>"
        f"{remove if one.name != me else ''}</div></td></tr>"
    )


def options(chosen: str) -> str:
    """The roles to choose from."""
    return "".join(f"<option{' selected' if role == chosen else ''}>{role}</option>" for role in ROLES)
