"""The few pages that are plain HTML and forms: login, invitation, password, people, journal. They need no script."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from labeling import rendering
from labeling.accounts import RoleError
from labeling.throttle import TooManyTriesError
from labeling.ui import theme
from labeling.ui.errors import notice
from labeling.ui.tables import minute
from storage.errors import UserError

PAGES = {"": "Rank", "align": "Align", "chat": "Chat", "data": "Data"}
RESEARCHERS = frozenset({"/align", "/data", "/reward", "/lineage", "/quality"})  # pages that show a labeler nothing
LARGEST = 16_384  # bytes of a form
# `same-origin`: the token of an invitation's address goes nowhere else, and a form still says whence it comes.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STATUS = {RoleError: 403, TooManyTriesError: 429}  # of a refusal; of any other mistake 400


def page(title: str, main: str, head: str = "", status: int = 200) -> HTMLResponse:
    """A whole page: `head` stands above its column, `main` in it; both are HTML."""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Plumbline</title><style>{theme.plain_css()}</style></head>"
        f"<body>{head}<main>{main}</main></body></html>",
        status_code=status,
        headers=HEADERS,
    )


def entry(title: str, form: str, said: str = "", status: int = 200) -> HTMLResponse:
    """A page with one small form in its middle; `said` is what went wrong."""
    trouble = notice(said, trouble=True) if said else ""
    return page(
        title, f'<div class="entry"><p class="brand">Plumbline</p><h1>{title}</h1>{trouble}{form}</div>', "", status
    )


def masthead(name: str, role: str, login: bool) -> str:
    """The header of the app's other pages, for a plain one."""
    mine = '<a href="/me">Your labels</a>'
    researcher = '<a href="/guidelines">Guideline</a><a href="/journal">Journal</a>' if role != "labeler" else ""
    pages = "".join(
        f'<a href="/{path}">{label}</a>'
        for path, label in PAGES.items()
        if role != "labeler" or f"/{path}" not in RESEARCHERS
    )
    admin = '<a href="/people">People</a>' if role == "admin" else ""
    out = '<form method="post" action="/logout"><button>Log out</button></form>' if login else ""
    password = '<a href="/password">Password</a>' if login else ""
    return (
        f'<header class="masthead"><a class="brand" href="/">Plumbline</a><nav aria-label="Pages">{pages}</nav>'
        f'<details class="who"><summary>{escape(name)}</summary><div class="menu">{mine}{admin}{researcher}'
        f"{password}{out}</div></details></header>"
    )


def moment(created_at: str) -> str:
    """When something was, to the minute, of a time as the database has it."""
    return f'<time datetime="{created_at}">{minute(created_at)}</time>'


def readable(text: str) -> str:
    """A text in Markdown as HTML that is safe to show; as it was written where it cannot be rendered."""
    html = rendering.rendered(text)
    return html if html is not None else f"<pre>{escape(text)}</pre>"


def status_of(error: UserError) -> int:
    """The HTTP status of a refusal."""
    return STATUS.get(type(error), 400)


async def fields(request: Request, largest: int = LARGEST) -> dict[str, str]:
    """The fields of a form that was sent. Raises UserError when it is larger than so many bytes."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > largest:
            raise UserError("What was sent is larger than any form of this app.")
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace"), True).items()}


def answered(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """For a handler of a page: a UserError becomes a page with its sentence."""

    @functools.wraps(handler)
    async def told(request: Request) -> Response:
        try:
            return await handler(request)
        except UserError as error:
            back = '<p><a href="./">Back to the app</a></p>'
            return entry("That cannot be done", back, str(error), status_of(error))

    return told
