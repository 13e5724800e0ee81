"""Who is asking. The one place that decides it."""

from __future__ import annotations

from typing import Any

from labeling.accounts import RoleError, require
from labeling.ui.errors import gradio_error
from storage.database import Store

USER = "plumbline.user"  # the key in an ASGI scope under which `labeling.ui.door` says who asks


def user_of(request: Any) -> str:
    """The user's name, from what the server knows of the request and never from what the page says.

    The door looked at the session's cookie or token before anything else saw the request. It is the same for an event's
    `gr.Request`, which holds the request that asked for the event, and for the bare one that a page's function gets.
    Raises RoleError where nobody is logged in.
    """
    bare = getattr(request, "request", request)
    name = getattr(bare, "scope", {}).get(USER)
    if name is None:
        raise RoleError("Nobody is logged in: log in first.")
    return str(name)


@gradio_error
def labeler_of(store: Store, request: Any) -> str:
    """The user's name, if it may label; else an error that the page shows."""
    return require(store, user_of(request), "labeler")


@gradio_error
def researcher_of(store: Store, request: Any) -> str:
    """The user's name, if it is a researcher's; else an error that the page shows."""
    return require(store, user_of(request), "researcher")
