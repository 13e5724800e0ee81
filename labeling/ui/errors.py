"""What a page or a program is told of what it asked: one sentence, and no traceback."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr
from sqlite_utils.utils import sqlite3

from storage.errors import UserError

UNREADABLE = "What the page asks for cannot be read: reload it."

log = logging.getLogger("plumbline.pages")


def notice(said: str, trouble: bool = False) -> str:
    """A sentence on top of a page or a part of it: what was done, or what is wrong."""
    return f'<p class="notice{" trouble" if trouble else ""}" role="status">{escape(said)}</p>'


def sentence(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """For a function that a page's script calls: a UserError becomes the answer `{"error": sentence}`.

    The script can thus tell a refusal, which stands, from a server out of reach, which it asks again. What it asked
    is its first argument, and an object.
    """

    @functools.wraps(function)
    def answered(asked: Any, *others: Any) -> dict[str, Any]:
        try:
            return function(asked, *others) if isinstance(asked, dict) else {"error": UNREADABLE}
        except UserError as error:
            return {"error": str(error)}
        except sqlite3.OperationalError:
            raise  # busy, or the disk is full: this passes, so the script is to ask again
        except Exception as error:  # asked again, it would fail for ever, and whatever the script sends next with it
            log.exception("a page's question failed")
            return {"error": f"The server failed on it ({type(error).__name__}): its log says more."}

    return answered


def gradio_error(function: Callable[..., Any]) -> Callable[..., Any]:
    """For a Gradio event: a UserError becomes Gradio's own error, which pages show and `gradio_client` raises."""

    @functools.wraps(function)
    def answered(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return answered
