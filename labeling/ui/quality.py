"""The page of how good the labels are (/quality): agreement, labelers, contested pairs, models by people's votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from labeling.attention import stopped
from labeling.quality.report import quality
from labeling.ui import contested_section, gold_section, guideline_section, ladder_section, quality_view
from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from storage import jobs
from storage.database import Store
from storage.errors import UserError

ASK_EVERY_S = 1.0  # while the learning curve is being measured


@dataclass(frozen=True)
class QualityPage:
    """What happens on the page. Every handler asks for the role itself."""

    store: Store
    actions: Actions

    def load(self, request: gr.Request) -> list[Any]:
        """What is said of the labels, the labelers, and the contested pairs with what can be ruled on."""
        researcher_of(self.store, request)
        found = quality(self.store)
        return [
            quality_view.summary(found),
            quality_view.labelers(found, stopped(self.store)),
            *contested_section.shown(self.store, found.contested),
        ]

    def ready(self, request: gr.Request, said: str = "") -> list[Any]:
        """Whether the labels are enough; `said` is a sentence on top."""
        researcher_of(self.store, request)
        working = bool(jobs.open_jobs(self.store, "learning_curve"))
        told = notice(said, trouble=True) if said else ""
        button = gr.update(interactive=not working, value="Measuring" if working else "Measure the learning curve")
        return [told + quality_view.ready(self.actions.ready(), working), button, gr.Timer(active=working)]

    def measure(self, request: gr.Request) -> list[Any]:
        """Queue the learning curve on the votes as they stand; what is wrong is said."""
        actor = researcher_of(self.store, request)
        try:
            self.actions.measure_curve(actor)
        except UserError as error:
            return self.ready(request, str(error))
        return self.ready(request)

    def follow(self, request: gr.Request) -> list[Any]:
        """The section anew when the curve is measured."""
        researcher_of(self.store, request)
        if jobs.open_jobs(self.store, "learning_curve"):
            return [gr.skip()] * 3
        newest = jobs.newest(self.store, "learning_curve")
        failed = newest is not None and newest.status == "failed"
        return self.ready(request, f"It was not measured: {newest.error}" if newest and failed else "")


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built."""
    this = QualityPage(store, actions)
    summary = gr.HTML("", **PLAIN)
    ready = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds"):
        measure = gr.Button("Measure the learning curve", scale=0, min_width=300, size="md")
    people = gr.HTML("", **PLAIN)
    disputed = contested_section.section(store)
    guideline_section.section(store)
    gold_section.section(store)
    ladder_section.section(store, actions)
    timer = gr.Timer(ASK_EVERY_S, active=False)
    on_load(this.load, [summary, people, *disputed])
    on_load(this.ready, [ready, measure, timer])
    measure.click(this.measure, None, [ready, measure, timer], **PRIVATE)
    timer.tick(this.follow, None, [ready, measure, timer], **PRIVATE)
