"""The door of the app: who is not logged in gets the login and nothing else of it.

It stands before Gradio, all of whose routes it covers, and writes into the request's scope who asks, where
`labeling.ui.identity` reads it. While nobody has a password, and the app listens on loopback, whoever reaches it is the
local user.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from labeling.accounts import LOCAL_USER, accounts_exist, role_of
from labeling.logins import session_user
from labeling.ui.identity import USER
from labeling.ui.plain import RESEARCHERS, entry, masthead
from storage.database import Store

LOGIN = "/login"
INVITATION = "/invitation/"
OPEN = (LOGIN, "/gradio_api/startup-events")  # Gradio asks the latter of itself as it starts; it says no more than that
UPLOAD = "/gradio_api/upload"  # what researchers import; of anybody else it would only fill the disk
# What Gradio offers and no page of ours uses. Some of it fetches whatever address it is given, in the server's name.
CLOSED = re.compile(r"/gradio_api/(proxy=|file(?!=/)|deep_link|dev/|process_recording|stream/)")
BACK = '<p><a href="./">Back to ranking</a></p>'
BEARER = "bearer "
SAID = "Nobody is logged in: open /login in a browser, or send a token of `user token` as Authorization: Bearer TOKEN."


@dataclass(frozen=True)
class Access:
    """When a login is asked for: always beyond loopback, and on it once there are accounts."""

    store: Store
    beyond_loopback: bool

    def by_login(self) -> bool:
        """Whether one has to log in."""
        return self.beyond_loopback or accounts_exist(self.store)

    def masthead(self, name: str) -> str:
        """The header of a plain page, as it is for this user."""
        return masthead(name, role_of(self.store, name) or "", self.by_login())


class Door:
    """ASGI middleware that lets nobody in who is not known by a session."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the name of who asks, or answer it with the way to the login."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        user = self._user(HTTPConnection(scope))
        if user is not None:
            scope[USER] = user
        if user is not None and (reason := self._not_for(user, scope)):
            await entry("For researchers", BACK, reason, 403)(scope, receive, send)
        elif user is not None and CLOSED.match(scope["path"]):
            await JSONResponse({"detail": "This app has no such thing."}, status_code=404)(scope, receive, send)
        elif user is not None or is_open(scope["path"]):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401})
        else:
            await refusal(scope)(scope, receive, send)

    def _not_for(self, user: str, scope: Scope) -> str:
        """Why a page is not for this user, so that it is not shown empty; its handlers would refuse them each."""
        is_page = scope["path"] in RESEARCHERS and scope.get("method") in ("GET", "HEAD")
        if not is_page and not scope["path"].startswith(UPLOAD):
            return ""
        if role_of(self.access.store, user) != "labeler":
            return ""
        return f"{user} is a labeler, and this takes a researcher: ask an admin for the role."

    def _user(self, connection: HTTPConnection) -> str | None:
        if not self.access.by_login():
            return LOCAL_USER
        token = token_of(connection)
        return session_user(self.access.store, token) if token else None


def is_open(path: str) -> bool:
    """Whether who is not logged in may ask for this path."""
    return path in OPEN or (path.startswith(INVITATION) and path.count("/") == 2)


def refusal(scope: Scope) -> Response:
    """A reader who opens a page is led to the login and then back to the page; anything else is told in JSON."""
    page = scope["method"] in ("GET", "HEAD") and "text/html" in Headers(scope=scope).get("accept", "")
    if page:
        return RedirectResponse(f"{scope.get('root_path', '')}{LOGIN}?next={quote(scope['path'])}", status_code=303)
    return JSONResponse({"detail": SAID}, status_code=401, headers={"WWW-Authenticate": "Bearer"})


def token_of(connection: HTTPConnection) -> str | None:
    """The token that a request carries: a program's in its header, a browser's in its cookie."""
    header = connection.headers.get("authorization", "")
    if header.lower().startswith(BEARER):
        return header[len(BEARER) :].strip()
    return connection.cookies.get(cookie_name(connection))


def cookie_name(connection: HTTPConnection) -> str:
    """The cookie's name, with the port in it: browsers send the cookies of one port of a host to all others."""
    port = re.search(r":(\d{1,5})$", connection.headers.get("host", ""))
    return f"plumbline-{port[1] if port else 'session'}"
