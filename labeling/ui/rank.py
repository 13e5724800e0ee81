"""The Rank page: what its script asks of the server. The page itself is `static/rank.html`, `.css` and `.js`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from labeling import session
from labeling.accounts import require
from labeling.ui import theme
from labeling.ui.actions import Actions
from labeling.ui.errors import sentence
from labeling.ui.identity import user_of
from storage import labels, registry
from storage.database import Store
from storage.errors import UserError

MOST_HELD = 8  # pairs that a page may keep ready


def page(store: Store, actions: Actions) -> None:
    """Put the page into the route that is being built.

    Each function takes one JSON object from the script. They run outside Gradio's queue, at a quarter of its cost, and
    receive the bare request, so each finds out and checks by itself who is asking.
    """

    @sentence
    def next_pairs(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        return serve(store, require(store, user_of(request), "labeler"), asked)

    @sentence
    def cast_vote(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        labeler = require(store, user_of(request), "labeler")
        showing_id, strength = number(asked, "showing_id"), number(asked, "strength")
        cast = session.vote(
            store, labeler, showing_id, asked.get("verdict", ""), strength, asked.get("client_key", ""), seconds(asked)
        )
        return {"vote": asdict(cast)}

    @sentence
    def take_back(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        labeler = require(store, user_of(request), "labeler")
        showing_id = None if asked.get("showing_id") is None else number(asked, "showing_id")
        pair = session.undo(store, labeler, asked.get("client_key", ""), showing_id)
        return {"pair": asdict(pair) if pair else None}

    gr.HTML(
        html_template=theme.text("rank.html"),
        css_template=theme.text("rank.css"),
        js_on_load=theme.text("outbox.js") + theme.text("rank.js"),
        server_functions=[next_pairs, cast_vote, take_back],
        apply_default_css=False,
    )


def serve(store: Store, labeler: str, asked: dict[str, Any]) -> dict[str, Any]:
    """New pairs to hold ready, the held ones that are stale, the progress, and what to say when there is no pair."""
    count = min(number(asked, "count"), MOST_HELD)
    holding = asked.get("holding", [])
    if not isinstance(holding, list) or not all(isinstance(showing_id, int) for showing_id in holding):
        raise UserError("The page's list of pairs cannot be read: reload it.")
    pairs = session.serve(store, labeler, count, holding) if count > 0 else []
    others = labels.of_other_models(store, [*holding, *(pair.showing_id for pair in pairs)])
    is_fresh = any(pair.showing_id not in others for pair in pairs)  # only then there is something to take instead
    return {
        "pairs": [asdict(pair) for pair in pairs],
        "stale": sorted(others.intersection(holding)) if is_fresh else [],
        "progress": asdict(session.progress(store, labeler)),
        "empty": empty_sentence(store),
    }


def empty_sentence(store: Store) -> str:
    """Why no pair is there."""
    if registry.promoted(store) is None:
        return "No model is promoted yet, so nothing writes pairs."
    return "New pairs are being generated."


def number(asked: dict[str, Any], name: str) -> int:
    """A whole number from the page. Raises UserError when it is none."""
    value = asked.get(name)
    if not isinstance(value, int) or abs(value) >= 2**63:
        raise UserError(f"{name} is a whole number, not {value!r}.")
    return value


def seconds(asked: dict[str, Any]) -> float | None:
    """How long the decision took, when the page knows."""
    value = asked.get("seconds")
    return value if isinstance(value, (int, float)) else None
