"""What the Rank page's script asks of the server besides votes on pairs: rankings of sets, edits, and what is held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import gradio as gr

from labeling import decisions, editing, history, ranking, session
from labeling.accounts import require
from labeling.details import read_details
from labeling.ui.errors import sentence
from labeling.ui.identity import user_of
from storage import answer_sets, labels
from storage.database import Store


def functions(store: Store) -> list[Callable[..., dict[str, Any]]]:
    """Those that the script calls. Each finds out and checks by itself who is asking."""

    @sentence
    def put_in_order(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        labeler = require(store, user_of(request), "labeler")
        if is_of_another(asked, labeler):
            return {"labeler": labeler}
        return {"ranking": asdict(ranking.rank(store, labeler, **judgement(asked, "ranks", "verdict")))}

    @sentence
    def save_edit(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        labeler = require(store, user_of(request), "labeler")
        if is_of_another(asked, labeler):
            return {"labeler": labeler}
        done = editing.edit(store, labeler, **judgement(asked, "text", "start", "verdict", "strength"))
        return {"vote": asdict(done.vote), "kept": done.kept}

    @sentence
    def take_back(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        labeler = require(store, user_of(request), "labeler")
        if is_of_another(asked, labeler):
            return {"labeler": labeler}
        shown = decisions.undo(store, labeler, asked.get("client_key", ""), asked.get("showing_id"))
        return {"pair": asdict(shown) if shown else None, "progress": asdict(session.progress(store, labeler))}

    @sentence
    def own_history(_: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        labeler = require(store, user_of(request), "labeler")
        return {"votes": history.newest(store, labeler)}

    return [put_in_order, save_edit, take_back, own_history]


def is_of_another(deed: dict[str, Any], labeler: str) -> bool:
    """Whether the page did this for somebody else, before this labeler logged in: then it is to wait for them."""
    return deed.get("labeler") not in (None, labeler)


def judgement(asked: dict[str, Any], *names: str) -> dict[str, Any]:
    """What the page says of a judgement: these fields, as they came, and those that every judgement has."""
    given = {name: asked.get(name) for name in ("showing_id", *names, "client_key", "seconds")}
    return {**given, "details": read_details(asked.get("details")), "amend": asked.get("amend") is True}


def unknown(store: Store, labeler: str, holding: Sequence[int]) -> set[int]:
    """Which of these are no showings of this labeler's here, of pairs or of sets."""
    return labels.never_served(store, labeler, holding) - answer_sets.served(store, labeler, holding)


def of_other_models(store: Store, showing_ids: Sequence[int]) -> set[int]:
    """Which of these are of pairs or sets of a model that is not the promoted one."""
    return labels.of_other_models(store, showing_ids) | answer_sets.of_other_models(store, showing_ids)
