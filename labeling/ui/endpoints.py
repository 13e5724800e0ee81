"""Endpoints for programs, made for `gradio_client`: `Client(url).predict(..., api_name="/vote")`.

They take the same path as the pages; those of rounds are in `labeling.ui.round_endpoints`, those of the chat in
`labeling.ui.chat_endpoints`. A refusal is a Gradio error with one sentence.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from labeling import decisions, editing, ranking, session
from labeling.accounts import require
from labeling.ui.errors import gradio_error
from labeling.ui.identity import user_of
from storage import demonstrations
from storage.database import Store
from storage.errors import UserError


def add_endpoints(store: Store) -> None:
    """Add those below to the app that is being built: /next_pair, /next_set, /vote, /rank, /undo, /edit and so on.

    They wait for no one: each is a few milliseconds of SQLite, so none is held back by a limit on how many run at once.
    """

    def next_pair(request: gr.Request) -> dict[str, Any] | None:
        """The next pair to judge: showing_id, pair_id, prompt (messages), left, right, leaks (the sides whose answer
        seems to name its model); nothing when none waits."""
        showings = session.serve(store, require(store, user_of(request), "labeler"))
        return asdict(showings[0]) if showings else None

    def next_set(request: gr.Request) -> dict[str, Any] | None:
        """The next set of answers to put in order: showing_id, set_id, prompt (messages), answers; nothing when none
        waits."""
        showings = ranking.serve(store, require(store, user_of(request), "labeler"))
        return asdict(showings[0]) if showings else None

    def rank(
        showing_id: int,
        ranks: list[int],
        client_key: str,
        request: gr.Request,
        verdict: str = "ranked",
        seconds: float | None = None,
        amend: bool = False,
    ) -> dict[str, Any]:
        """Put the answers of a set in order; it is on disk when this answers. ranks: of each answer as shown, 1 for the
        best, the same for those that tie, or none with the verdict all_bad or skip. The same client_key again is the
        same ranking."""
        labeler = require(store, user_of(request), "labeler")
        return asdict(ranking.rank(store, labeler, showing_id, ranks, verdict, client_key, seconds, amend))

    def vote(
        showing_id: int,
        verdict: str,
        strength: int,
        client_key: str,
        request: gr.Request,
        seconds: float | None = None,
        amend: bool = False,
    ) -> dict[str, Any]:
        """Judge a showing; the vote is on disk when this answers. verdict: left, right, tie, both_bad or skip;
        strength: 1 (barely) to 4 (far) for left and right, else 0. The same client_key again is the same vote."""
        labeler = require(store, user_of(request), "labeler")
        return asdict(session.vote(store, labeler, showing_id, verdict, strength, client_key, seconds, amend))

    def undo(client_key: str, request: gr.Request, showing_id: int | None = None) -> dict[str, Any] | None:
        """Take back the last vote or ranking, or the one on a showing; answers its pair or set, or nothing when there
        is none."""
        showing = decisions.undo(store, require(store, user_of(request), "labeler"), client_key, showing_id)
        return asdict(showing) if showing else None

    def edit(
        showing_id: int,
        text: str,
        client_key: str,
        request: gr.Request,
        start: str = "",
        verdict: str = "skip",
        strength: int = 0,
        amend: bool = False,
    ) -> dict[str, Any]:
        """Write a better answer than both of a showing's. start: the side it was made from, left, right or nothing;
        verdict and strength: which of the two shown is better, skip to leave it open. It is a demonstration, and
        preferred to both; an undo takes all of it back. The same client_key again is the same edit."""
        labeler = require(store, user_of(request), "labeler")
        return asdict(editing.edit(store, labeler, showing_id, text, start, verdict, strength, client_key, amend=amend))

    def demonstrate(showing_id: int, text: str, request: gr.Request) -> dict[str, Any]:
        """Keep what you would have answered to a showing's prompt; your newest answer to a prompt stands, and an empty
        text takes it back. Answers its demonstration_id."""
        labeler = require(store, user_of(request), "labeler")
        if not isinstance(text, str):
            raise UserError(f"A demonstration is text, and not {text!r}.")
        return {"demonstration_id": demonstrations.write(store, labeler, showing_id, text)}

    for endpoint in (next_pair, next_set, vote, rank, undo, edit, demonstrate):
        gr.api(gradio_error(endpoint), api_name=endpoint.__name__, concurrency_limit=None)
