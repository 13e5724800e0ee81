"""Login, logout, invitation and another password: the pages at the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from labeling.accounts import has_password, require
from labeling.invitations import accept, invited
from labeling.logins import DAYS, Logins, log_out, open_browser
from labeling.passwords import SHORTEST
from labeling.ui.door import Access, cookie_name
from labeling.ui.identity import USER, user_of
from labeling.ui.plain import answered, entry, fields, status_of
from storage.errors import UserError


@dataclass(frozen=True)
class Entrance:
    """What happens at the door."""

    access: Access
    logins: Logins = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "logins", Logins(self.access.store))

    async def login_page(self, request: Request) -> Response:
        """The form, or the way on for who is in already."""
        onward = safe(request.query_params.get("next", "/"))
        return RedirectResponse(onward, status_code=303) if USER in request.scope else login_form(onward)

    async def log_in(self, request: Request) -> Response:
        """Open a session. A browser is led on; a program, as `gradio_client` with `auth`, is answered in JSON."""
        given = await fields(request)
        name, onward = given.get("username", "").strip(), safe(given.get("next", "/"))
        address = request.client.host if request.client else ""
        browser = "text/html" in request.headers.get("accept", "")
        try:
            token = await run_in_threadpool(self.logins.log_in, name, given.get("password", ""), address)
        except UserError as error:
            status = 401 if (status := status_of(error)) == 400 else status
            if browser:
                return login_form(onward, name, str(error), status)
            return JSONResponse({"detail": str(error)}, status_code=status)
        if before := request.cookies.get(cookie_name(request)):  # whoever was in here goes, for the cookie does
            await run_in_threadpool(log_out, self.access.store, before)
        response = RedirectResponse(onward, status_code=303) if browser else JSONResponse({"success": True})
        return with_cookie(request, response, token)

    async def log_out(self, request: Request) -> Response:
        """End the session of the browser that asks; a program's token is ended by `user logout`."""
        if token := request.cookies.get(cookie_name(request)):
            await run_in_threadpool(log_out, self.access.store, token)
        response = RedirectResponse("/login", status_code=303)
        response.delete_cookie(cookie_name(request), path="/")
        return response

    async def invitation(self, request: Request) -> Response:
        """Where somebody who was invited chooses a password."""
        name = await run_in_threadpool(lambda: invited(self.access.store.db(), request.path_params["token"]))
        return password_form(name)

    async def accept(self, request: Request) -> Response:
        """Take the password that was chosen, and let its owner in."""
        token, given = request.path_params["token"], await fields(request)
        name = await run_in_threadpool(lambda: invited(self.access.store.db(), token))
        try:
            await run_in_threadpool(accept, self.access.store, token, chosen(given))
        except UserError as error:
            return password_form(name, str(error), status_of(error))
        session = await run_in_threadpool(open_browser, self.access.store, name)
        return with_cookie(request, RedirectResponse("/", status_code=303), session)

    async def password(self, request: Request) -> Response:
        """Where somebody who is in changes their password."""
        return change_form(self._with_password(request))

    async def change_password(self, request: Request) -> Response:
        """Take another password, and end every session but this browser's."""
        name, given = self._with_password(request), await fields(request)
        address = request.client.host if request.client else ""
        try:
            session = await run_in_threadpool(
                self.logins.change_password, name, given.get("old", ""), chosen(given), address
            )
        except UserError as error:
            return change_form(name, str(error), status_of(error))
        return with_cookie(request, RedirectResponse("/", status_code=303), session)

    def _with_password(self, request: Request) -> str:
        """Who asks, if they have a password to change."""
        name = require(self.access.store, user_of(request), "labeler")
        if not has_password(self.access.store, name):
            raise UserError(f"{name} has no password: an admin can send an invitation to choose one.")
        return name

    def routes(self) -> list[Route]:
        """The paths of the door."""
        return [
            Route("/login", self.login_page, methods=["GET"]),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", answered(self.log_out), methods=["POST"]),
            Route("/password", answered(self.password), methods=["GET"]),
            Route("/password", answered(self.change_password), methods=["POST"]),
            Route("/invitation/{token}", answered(self.invitation), methods=["GET"]),
            Route("/invitation/{token}", answered(self.accept), methods=["POST"]),
        ]


def with_cookie(request: Request, response: Response, token: str) -> Response:
    """The response with the session in a cookie that no script can read and no other site can send along."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=DAYS * 86_400,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def safe(onward: str) -> str:
    """A path of this app to go on to; the first page in place of any other address."""
    inside = onward.startswith("/") and not onward.startswith("//") and "\\" not in onward and onward.isprintable()
    return quote(onward, safe="/?=&%") if inside else "/"


def login_form(onward: str, name: str = "", said: str = "", status: int = 200) -> Response:
    """The login."""
    form = (
        '<form method="post" action="/login">'
        f'<input type="hidden" name="next" value="{escape(onward)}">'
        f'<label>Name <input name="username" value="{escape(name)}" autocomplete="username" required autofocus></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password" required></label>'
        "<button>Log in</button></form>"
        '<p class="quiet">No account, or the password is lost? An admin can send you an invitation.</p>'
    )
    return entry("Log in", form, said, status)


def change_form(name: str, said: str = "", status: int = 200) -> Response:
    """The old password, and another one."""
    form = (
        f"<p>For <strong>{escape(name)}</strong>. It logs you out in every other browser, and ends the tokens of your "
        "programs.</p>"
        f'<form method="post" action="/password">{whose(name)}'
        '<label>Old password <input name="old" type="password" autocomplete="current-password" required autofocus>'
        f"</label>{twice('New password')}"
        '<button>Change password</button></form><p><a href="/">Back to ranking</a></p>'
    )
    return entry("Password", form, said, status)


def password_form(name: str, said: str = "", status: int = 200) -> Response:
    """The choice of a password."""
    form = (
        f"<p>This invitation is for <strong>{escape(name)}</strong>. Choose a password of {SHORTEST} characters or "
        "more.</p>"
        f'<form method="post">{whose(name)}{twice("Password", "autofocus")}'
        "<button>Set password and log in</button></form>"
    )
    return entry("Welcome", form, said, status)


def whose(name: str) -> str:
    """The field by which a browser's store of passwords knows whose it is."""
    return f'<input type="hidden" name="username" value="{escape(name)}" autocomplete="username">'


def twice(label: str, more: str = "") -> str:
    """The fields of a password that is chosen, which `chosen` reads; `more` is for the first of them."""
    rules = f'type="password" minlength="{SHORTEST}" autocomplete="new-password" required'
    return (
        f'<label>{label} <input name="password" {rules} {more}></label>'
        f'<label>The same once more <input name="again" {rules}></label>'
    )


def chosen(given: dict[str, str]) -> str:
    """The password that a form chose. Raises UserError where it was not typed twice the same."""
    password = given.get("password", "")
    if password != given.get("again", ""):
        raise UserError("The two passwords are not the same: type them once more.")
    return password
