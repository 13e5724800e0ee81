"""What the parts of a page that Gradio draws have in common: their look, and how they ask the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradio.context import Context

PLAIN: dict[str, Any] = {"apply_default_css": False}  # HTML in the page's own look
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}  # an event that no program asks for


def on_load(handler: Callable[..., Any], outputs: Any, inputs: Any = None) -> None:
    """Let a handler fill these components whenever the page that is being built is opened."""
    assert Context.root_block is not None
    Context.root_block.load(handler, inputs, outputs, **PRIVATE)
