"""Keeps other websites out of an app that trusts whoever reaches it on loopback, or the cookie that they send.

A page from elsewhere, open in the same browser, can send requests to 127.0.0.1, or have its own name resolve to it
(DNS rebinding). The browser then says so: in Host the name that was typed, in Origin the site that asks. Both are
checked before anything else sees the request. A program that is no browser sends no Origin and is not concerned.
Where one has to log in the app may have any name, as a cookie is sent to no other than the one that set it; without a
login the request must come from this machine too, also one that a proxy hands on.
Nor may another page hold ours in a frame, where it could lay a disguise over a button: inside, all requests are ours.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labeling.accounts import LOOPBACK
from labeling.ui.door import Access


class Guard:
    """ASGI middleware that answers 403 to a request for another host's name, or from another website.

    What it passes on is answered with the order to show it in no frame.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with one sentence."""

        async def unframed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Content-Security-Policy", "frame-ancestors 'none'")
            await send(message)

        reason = self._refusal(scope) if scope["type"] != "lifespan" else ""
        if reason:
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)
        else:
            await self.app(scope, receive, unframed)

    def _refusal(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        if self.access.by_login():
            return refusal(headers, scope.get("method", ""))
        client = (scope.get("client") or ("",))[0]
        return not_of_loopback(headers.get("host", ""), client) or refusal(headers, scope.get("method", ""))


def not_of_loopback(host: str, client: str) -> str:
    """Why a request to this host from this address is turned away where nobody logs in, or nothing."""
    if _split(f"//{host}").hostname not in LOOPBACK:
        return f"This app answers on loopback only, not as {host!r}: open it at http://127.0.0.1 and its port."
    if client not in LOOPBACK:
        return f"Without accounts this app answers this machine only, not {client}: make an account with `user add`."
    return ""


def refusal(headers: Headers, method: str) -> str:
    """Why a request with these headers is turned away, or nothing when it may pass.

    Following a link from another site to a page is a GET by navigation of the whole window, and allowed: it changes
    nothing.
    """
    host = headers.get("host", "")
    origin = headers.get("origin")
    if origin is not None and (not host or _split(origin).netloc != host):
        return f"A page of another site ({origin}) may not use this app."
    by_link = method == "GET" and headers.get("sec-fetch-dest") == "document"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not by_link:
        return "A page of another site may not use this app."
    return ""


def _split(url: str) -> SplitResult:
    """The parts of a URL; none where it is spoilt, as "http://[::1" is."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
