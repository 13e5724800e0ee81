"""A person's mistake as the page or the program that made it shall see it: one sentence, and no traceback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr

from storage.errors import UserError


def sentence(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """For a function that a page's script calls: a UserError becomes the answer `{"error": sentence}`.

    The script can thus tell a refusal, which stands, from a server out of reach, which it asks again.
    """

    @functools.wraps(function)
    def answered(*arguments: Any) -> dict[str, Any]:
        try:
            return function(*arguments)
        except UserError as error:
            return {"error": str(error)}

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
