"""The Rank page: what its script asks of the server. The page itself is `static/rank.html`, `.css` and `.js`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from labeling import attention, decisions, rendering, session
from labeling.accounts import require
from labeling.ui import rank_more, theme
from labeling.ui.actions import Actions
from labeling.ui.catalogues import said
from labeling.ui.errors import UNREADABLE, sentence
from labeling.ui.identity import user_of
from storage import guidelines, jobs, registry
from storage.database import Store
from storage.errors import UserError
from storage.project import project
from storage.prompts import prompts_of
from storage.records import SetShowing, Showing

SCRIPTS = (
    "key.js",
    "outbox.js",
    "rank_acts.js",
    "rank_drafts.js",
    "rank_preferences.js",
    "rank_draw.js",
    "rank_reading.js",
    "rank_diff.js",
    "rank_swipe.js",
    "rank_why.js",
    "rank_prompt.js",
    "rank_many.js",
    "rank_edit.js",
    "rank_history.js",
    "rank_guidelines.js",
    "rank_keys.js",
    "rank.js",  # the last, as it starts
)
MOST_RENDERED = 64  # texts that a page may ask for at once
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
        if rank_more.is_of_another(asked, labeler):
            return {"labeler": labeler}
        vote = session.vote(store, labeler, **rank_more.judgement(asked, "verdict", "strength"))
        return {"vote": asdict(vote), "known": session.what_is_known(store, vote)}

    @sentence
    def rendered(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        require(store, user_of(request), "labeler")
        texts = asked.get("texts")
        if not isinstance(texts, list) or len(texts) > MOST_RENDERED or not all(isinstance(one, str) for one in texts):
            raise UserError(UNREADABLE)
        return {"html": [rendering.rendered(text) for text in texts]}

    @sentence
    def guideline(_: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        require(store, user_of(request), "labeler")
        stands = guidelines.guideline(store)
        if stands is None:
            return {"version": 0}
        return {"version": stands.version, "text": stands.text, "html": rendering.rendered(stands.text)}

    @sentence
    def confirm_guideline(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        labeler, version = require(store, user_of(request), "labeler"), asked.get("version")
        if type(version) is not int:
            raise UserError(UNREADABLE)
        guidelines.confirm(store, version, labeler)
        return {"version": version}

    gr.HTML(
        html_template=theme.text("rank.html"),
        css_template=theme.text("rank.css"),
        js_on_load="".join(map(theme.text, SCRIPTS)),
        server_functions=[next_pairs, cast_vote, rendered, guideline, confirm_guideline, *rank_more.functions(store)],
        apply_default_css=False,
    )


def serve(store: Store, labeler: str, asked: dict[str, Any]) -> dict[str, Any]:
    """New pairs and sets of answers to hold ready, the progress, and what to say when there is no pair.

    Of the pairs that the page holds already, `stale` are those to exchange for newer ones, and `unknown` those that
    cannot be voted on, as they are of another home.
    """
    count, holding = asked.get("count"), asked.get("holding")
    if not isinstance(count, int) or not isinstance(holding, list) or not all(isinstance(i, int) for i in holding):
        raise UserError(UNREADABLE)
    of_two, of_more = decisions.serve(store, labeler, max(1, min(count, MOST_HELD)), holding)
    settings = project(store)
    pairs: list[Showing | SetShowing] = [*of_more, *of_two] if settings.answers > 2 else [*of_two, *of_more]
    others = rank_more.of_other_models(store, [*holding, *(pair.showing_id for pair in pairs)])
    stands, newest = attention.standing(store.db(), labeler).state, guidelines.guideline(store)
    is_fresh = any(pair.showing_id not in others for pair in pairs)  # only then there is something to take instead
    return {
        "pairs": [asdict(pair) for pair in pairs],
        "unknown": sorted(rank_more.unknown(store, labeler, holding)),
        "stale": sorted(others.intersection(holding)) if is_fresh else [],
        "progress": asdict(session.progress(store, labeler)),
        "empty": "" if pairs else said("empty.paused") if stands == "paused" else emptiness(store),
        "warned": stands == "warned",
        "guideline": {"version": newest.version if newest else 0, "confirmed": guidelines.confirmed(store, labeler)},
        "labeler": labeler,
        "project": asdict(settings),
    }


def emptiness(store: Store) -> dict[str, Any]:
    """Why no pair is there."""
    if registry.promoted(store) is None:
        return said("empty.no_model")
    if not prompts_of(store, "train", limit=1):
        return said("empty.no_prompts")
    newest = jobs.newest(store, "generate")
    if newest is not None and newest.status == "failed":
        return said("empty.failed", error=newest.error)
    return said("empty.generating")
