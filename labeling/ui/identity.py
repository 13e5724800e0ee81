"""Who is asking. The one place that decides it, so that accounts, when they come, change this function alone."""

from __future__ import annotations

from typing import Any

from labeling.accounts import LOCAL_USER


def user_of(request: Any) -> str:
    """The user's name, from what the server knows of the request and never from what the page says.

    There are no accounts yet: the app listens on loopback only (see `labeling.ui.guard`), and whoever reaches it is
    the local user.
    """
    return LOCAL_USER
