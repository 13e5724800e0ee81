"""The page of a reward model's report, reached from the models on the Align page: /reward?model=NAME."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.reward_view import report_view
from storage import jobs, registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Job
from storage.reports import newest_report, votes_since

ASK_EVERY_S = 1.0  # while votes are being scored
NONE_YET = (
    '<section class="card verdict"><h1>May I trust the reward model?</h1>'
    '<p class="answer">There is none yet: a round trains one, and so does the command <code>reward</code>.</p>'
    "</section>"
)


@dataclass(frozen=True)
class RewardPage:
    """What happens on the page. Every handler asks for the role itself, and answers with the whole page anew."""

    store: Store
    actions: Actions

    def load(self, request: gr.Request) -> list[Any]:
        """The model that the address names, else the newest."""
        return self.show(dict(request.query_params).get("model"), request)

    def show(self, name: str | None, request: gr.Request, said: str = "", trouble: bool = False) -> list[Any]:
        """Every component, in the order of `page`'s outputs; `said` is a sentence on top."""
        researcher_of(self.store, request)
        names = [model.name for model in reversed(registry.models(self.store, "reward"))]
        if not names:
            return [said, gr.update(visible=False), NONE_YET, gr.update(visible=False), gr.Timer(active=False)]
        name = name or names[0]
        try:
            model = registry.by_name(self.store, name)
            body = report_view(name, report := newest_report(self.store, model), votes_since(self.store, report))
            working = self._scoring(model.model_id) is not None
        except UserError as error:
            said, trouble, body, working = str(error), True, "", False
        choice = gr.update(choices=names, value=name if name in names else None, visible=True)
        return [
            notice(said, trouble) if said else "",
            choice,
            body,
            gr.update(visible=True, interactive=not working),
            gr.Timer(active=working),
        ]

    def score(self, name: str | None, request: gr.Request) -> list[Any]:
        """Score the votes as they stand; the page follows until that is done."""
        actor = researcher_of(self.store, request)
        try:
            job_id = self.actions.score_votes(name or "", actor)
        except UserError as error:
            return self.show(name, request, str(error), trouble=True)
        if jobs.get(self.store, job_id).status == "done":
            return self.show(name, request, "The report is on the votes as they stand already.")
        return self.show(name, request, "The votes are being scored; the report is renewed when that is done.")

    def follow(self, name: str | None, request: gr.Request) -> list[Any]:
        """Nothing while the votes are being scored, so that what the reader has before them stays; then the report."""
        researcher_of(self.store, request)
        model = registry.by_name(self.store, name or "")
        if self._scoring(model.model_id) is not None:
            return [gr.skip()] * 5
        last = jobs.newest(self.store, "score")
        if last is not None and last.status != "done":
            return self.show(name, request, f"The votes were not scored: {last.error}", trouble=True)
        return self.show(name, request, "The report is on the votes as they stand.")

    def _scoring(self, model_id: int) -> Job | None:
        """The job that scores votes with this model, while there is one."""
        found = jobs.open_jobs(self.store, "score")
        return next((job for job in found if job.spec["publish"]["model_id"] == model_id), None)


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built."""
    reward = RewardPage(store, actions)
    told = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds"):
        name = gr.Dropdown([], label="Reward model", show_label=False, filterable=False, scale=0, min_width=300)
        score = gr.Button("Score the newest votes", scale=0, min_width=260, size="md")
    body = gr.HTML("", **PLAIN)
    timer = gr.Timer(ASK_EVERY_S, active=False)
    outputs = [told, name, body, score, timer]
    private: dict[str, Any] = {"outputs": outputs, **PRIVATE}
    on_load(reward.load, outputs)
    name.input(reward.show, [name], **private)
    score.click(reward.score, [name], **private)
    timer.tick(reward.follow, [name], **private)
