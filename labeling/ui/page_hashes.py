"""Whose page it is: the hash by which Gradio knows an open page serves only the person who opened it.

Gradio gives what a page remembers, and the stream of its events, to whoever names the page's hash. Here the first to
name one is its owner, and nobody else is answered under it. It is kept in memory, as Gradio keeps what the hash opens.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labeling.ui.door import UPLOAD
from labeling.ui.identity import USER

API = "/gradio_api/"
MOST = 100_000  # pages whose owner is remembered, the last that were heard of
LARGEST = 16 * 1024 * 1024  # bytes of what a page asks
NOT_YOURS = "This page was opened by somebody else: reload it."
NO_FORM = "Files come by /gradio_api/upload alone."
TOO_LARGE = "What was sent is larger than anything that a page of this app asks."


class PageHashes:
    """ASGI middleware, behind the door, that answers 403 under the hash of somebody else's page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; the page's script reloads the page on the header `x-reload`."""
        if scope["type"] != "http" or not scope["path"].startswith(API) or USER not in scope:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        named, again = named_by_address(request), receive
        if request.headers.get("content-type", "").startswith("multipart/") and scope["path"] != UPLOAD:
            await JSONResponse({"detail": NO_FORM}, status_code=415)(scope, receive, send)
            return
        if scope["method"] == "POST" and scope["path"] != UPLOAD:
            body = await whole(receive)
            if body is None:
                await JSONResponse({"detail": TOO_LARGE}, status_code=413)(scope, receive, send)
                return
            named, again = named | named_in(body), replayed(body, receive)
        if all(self._is_theirs(page_hash, scope[USER]) for page_hash in named):
            await self.app(scope, again, send)
        else:
            await JSONResponse({"detail": NOT_YOURS}, 403, {"X-Reload": "1"})(scope, receive, send)

    def _is_theirs(self, page_hash: str, user: str) -> bool:
        owner = self._owners.setdefault(page_hash, user)
        self._owners.move_to_end(page_hash)
        if len(self._owners) > MOST:
            self._owners.popitem(last=False)
        return owner == user


def named_by_address(request: Request) -> set[str]:
    """The hashes in a request's address: in its query, or as /heartbeat/HASH and /stream/HASH."""
    kind, _, rest = request.scope["path"].removeprefix(API).partition("/")
    in_path = {rest.partition("/")[0]} if kind in ("heartbeat", "stream") else set()
    return in_path | set(request.query_params.getlist("session_hash"))


def named_in(body: bytes) -> set[str]:
    """The hash in what a page's script asks; none where it is no JSON, of which Gradio makes nothing either."""
    try:
        asked: Any = json.loads(body)
    except (ValueError, RecursionError):
        return set()
    page_hash = asked.get("session_hash") if isinstance(asked, dict) else None
    return set() if page_hash is None else {str(page_hash)}


async def whole(receive: Receive) -> bytes | None:
    """The body of a request, or None where it is too large."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST:
            return None
    return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """What receives a body that was read already, and then whatever else comes."""
    first = [True]

    async def receive_again() -> Message:
        if first:
            first.clear()
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receive_again
