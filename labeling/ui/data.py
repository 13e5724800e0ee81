"""The Data page: the votes and the snapshots. The page itself is `static/data.html`, `.css` and `.js`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from labeling.accounts import require
from labeling.ui import theme
from labeling.ui.actions import Actions
from labeling.ui.errors import UNREADABLE, sentence
from labeling.ui.identity import user_of
from storage import browse, labels
from storage.database import MOST_ID, Store
from storage.errors import UserError
from storage.text import is_text


def page(store: Store, actions: Actions) -> None:
    """Put the page into the route that is being built. Whom the votes are from is for researchers to see."""

    @sentence
    def look(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        require(store, user_of(request), "researcher")
        return listing(store, asked)

    @sentence
    def count(_: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        require(store, user_of(request), "researcher")
        return figures(store)

    gr.HTML(
        html_template=theme.text("data.html"),
        js_on_load=theme.text("data.js"),
        server_functions=[look, count],
        apply_default_css=False,
    )


def listing(store: Store, asked: dict[str, Any]) -> dict[str, Any]:
    """One page of votes."""
    texts = {name: asked.get(name) for name in ("verdict", "search", "labeler")}
    edges = {name: asked.get(name) for name in ("before", "after")}
    if not all(is_text(text) for text in texts.values()) or not all(_is_edge(edge) for edge in edges.values()):
        raise UserError(UNREADABLE)
    return asdict(browse.votes(store, **texts, **edges))  # type: ignore[arg-type]  # checked above


def figures(store: Store) -> dict[str, Any]:
    """What stands around the votes. Counting reads all of them, so the page asks for it apart."""
    return {
        "tally": asdict(browse.tally(store)),
        "labelers": browse.labelers(store),
        "waiting": labels.waiting(store),
        "snapshots": [asdict(snapshot) for snapshot in browse.taken_snapshots(store)],
    }


def _is_edge(edge: Any) -> bool:
    return edge is None or (type(edge) is int and 0 <= edge <= MOST_ID)
