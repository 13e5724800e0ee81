"""The models by people's votes on the page of quality: the ladder, and battles of any two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from labeling.quality.standings import standings
from labeling.ui import quality_view
from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from storage import registry
from storage.database import Store
from storage.errors import UserError

PROMPTS = [20, 50, 100, 200]


@dataclass(frozen=True)
class LadderSection:
    """What happens in this part of the page. Every handler asks for the role itself."""

    store: Store
    actions: Actions

    def load(self, request: gr.Request) -> list[Any]:
        """The ladder, and the models that can meet: the newest, and the promoted one."""
        researcher_of(self.store, request)
        names = [model.name for model in reversed(registry.models(self.store, "policy"))]
        promoted = registry.promoted(self.store)
        other = promoted.name if promoted else None
        return [
            quality_view.ladder(standings(self.store)),
            gr.update(visible=len(names) > 1),
            gr.update(choices=names, value=next((name for name in names if name != other), None)),
            gr.update(choices=names, value=other),
        ]

    def start(self, one: str | None, other: str | None, prompts: int, request: gr.Request) -> str:
        """Queue battles of two models."""
        actor = researcher_of(self.store, request)
        try:
            if not one or not other:
                raise UserError("Battles take two models: choose both.")
            self.actions.start_battles([one, other], int(prompts), actor)
        except UserError as error:
            return notice(str(error), trouble=True)
        return notice(f"{one} and {other} are about to answer; then labelers judge them, not knowing which is which.")


def section(store: Store, actions: Actions) -> None:
    """Put the part's components into the page that is being built."""
    this = LadderSection(store, actions)
    gr.HTML('<h2 id="models">Models by people\'s votes</h2>', **PLAIN)
    shown = gr.HTML("", **PLAIN)
    told = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds", visible=False) as form:
        one = gr.Dropdown([], label="Model", filterable=False, min_width=160)
        other = gr.Dropdown([], label="Against", filterable=False, min_width=160)
        prompts = gr.Dropdown(PROMPTS, value=50, label="Held-out prompts", filterable=False, min_width=120)
        start = gr.Button("Let people judge", scale=0, min_width=200, size="md")
    on_load(this.load, [shown, form, one, other])
    start.click(this.start, [one, other, prompts], told, **PRIVATE)
