"""The Data page: the votes and the snapshots. The page itself is `static/data.html`, `.css` and `.js`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from labeling.accounts import require
from labeling.ui import theme
from labeling.ui.actions import Actions
from labeling.ui.errors import sentence
from labeling.ui.identity import user_of
from storage import browse, labels
from storage.database import Store
from storage.errors import UserError

MOST_PAGES = 2**31  # what a page's number is held to, so that SQLite can count to it


def page(store: Store, actions: Actions) -> None:
    """Put the page into the route that is being built. Whom the votes are from is for researchers to see."""

    @sentence
    def look(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        require(store, user_of(request), "researcher")
        return listing(store, asked)

    gr.HTML(
        html_template=theme.text("data.html"),
        js_on_load=theme.text("data.js"),
        server_functions=[look],
        apply_default_css=False,
    )


def listing(store: Store, asked: dict[str, Any]) -> dict[str, Any]:
    """One page of votes, and the figures and snapshots around them."""
    verdict, search, number = asked.get("verdict"), asked.get("search"), asked.get("page")
    if not isinstance(verdict, str) or not isinstance(search, str) or not isinstance(number, int):
        raise UserError("What the page asks for cannot be read: reload it.")
    votes, found = browse.votes(store, verdict, search, max(0, min(number, MOST_PAGES)))
    return {
        "votes": [asdict(vote) for vote in votes],
        "found": found,
        "pages": -(-found // browse.PAGE),
        "tally": asdict(browse.tally(store)),
        "waiting": labels.waiting(store),
        "snapshots": [asdict(snapshot) for snapshot in browse.taken_snapshots(store)],
    }
