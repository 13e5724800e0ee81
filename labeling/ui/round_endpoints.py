"""The endpoints of rounds for programs: /start_round, and /round_status for how far one is."""

from __future__ import annotations

from typing import Any

import gradio as gr

from labeling.accounts import require
from labeling.ui.actions import Actions
from labeling.ui.errors import gradio_error
from labeling.ui.identity import user_of
from storage import jobs, registry, rounds
from storage.database import Store
from storage.errors import UserError


def add_round_endpoints(store: Store, actions: Actions) -> None:
    """Add both to the app that is being built; neither is held back by a limit on how many run at once."""

    def start_round(request: gr.Request, method: str = "dpo", settings: dict[str, Any] | None = None) -> dict[str, Any]:
        """Start a round on the votes there are; `settings` are those of a recipe file. Answers its round_id."""
        actor = require(store, user_of(request), "researcher")
        if not isinstance(settings or {}, dict):
            raise UserError('The settings of a round are an object, as in {"dpo": {"beta": 0.2}}.')
        return {"round_id": actions.start_round(method, settings or {}, actor)}

    def round_status(round_id: int, request: gr.Request) -> dict[str, Any]:
        """How far a round is: status, error, its jobs with their progress, and the candidate with its figures."""
        require(store, user_of(request), "labeler")
        return status_of(store, round_id)

    for endpoint in (start_round, round_status):
        gr.api(gradio_error(endpoint), api_name=endpoint.__name__, concurrency_limit=None)


def status_of(store: Store, round_id: int) -> dict[str, Any]:
    """A round, its jobs and its candidate as one JSON object. Raises UserError when there is no such round."""
    if not isinstance(round_id, int):
        raise UserError(f"A round is named by its whole number, not by {round_id!r}.")
    this = rounds.get(store, round_id)
    stages = [
        {"stage": job.stage, "kind": job.kind, "status": job.status, "progress": job.progress, "error": job.error}
        for job in jobs.of_round(store, round_id)
    ]
    candidate = registry.get(store, this.candidate_id) if this.candidate_id is not None else None
    verdicts = rounds.evaluations_of(store, candidate.model_id) if candidate else []
    return {
        "round_id": this.round_id,
        "method": this.method,
        "status": this.status,
        "error": this.error,
        "jobs": stages,
        "model": candidate.name if candidate else None,
        "evaluations": [
            {name: getattr(found, name) for name in ("judge", "win_rate", "low", "high", "prompts")}
            for found in verdicts
        ],
    }
