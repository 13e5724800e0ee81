"""Who is asking. The one place that decides it, so that accounts, when they come, change this function alone."""

from __future__ import annotations

from typing import Any

from labeling.accounts import LOCAL_USER, require
from labeling.ui.errors import gradio_error
from storage.database import Store


def user_of(request: Any) -> str:
    """The user's name, from what the server knows of the request and never from what the page says.

    There are no accounts yet: the app listens on loopback only (see `labeling.ui.guard`), and whoever reaches it is
    the local user.
    """
    return LOCAL_USER


@gradio_error
def researcher_of(store: Store, request: Any) -> str:
    """The user's name, if it is a researcher's; else an error that the page shows."""
    return require(store, user_of(request), "researcher")
