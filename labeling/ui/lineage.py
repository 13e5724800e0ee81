"""The page of what is behind a model (/lineage?model=NAME) and of what a labeler has shaped (/lineage?labeler=NAME)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.lineage_view import behind, shaped
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.lineage import influence, lineage, on_record

NO_MODEL = (
    '<section class="card verdict"><h1>What is behind a model?</h1><p class="answer">There is none yet.</p></section>'
)
NOBODY = '<p class="quiet">Nobody has voted, given a thumb or written a demonstration yet.</p>'
CHOOSE = '<p class="quiet">Choose a labeler to see every model that learned from them.</p>'


@dataclass(frozen=True)
class LineagePage:
    """What happens on the page. Every handler asks for the role itself."""

    store: Store

    def load(self, request: gr.Request) -> list[Any]:
        """The model and the labeler that the address names, else the newest policy and nobody."""
        asked = dict(request.query_params)
        found = registry.models(self.store)
        newest = next((one.name for one in reversed(found) if one.kind == "policy"), None)
        people = on_record(self.store)
        name, labeler = asked.get("model") or newest, asked.get("labeler")
        names = [one.name for one in reversed(found)]
        return [
            gr.update(choices=names, value=name if name in names else None, visible=bool(names)),
            self.model(name, request),
            gr.update(choices=people, value=labeler if labeler in people else None, visible=bool(people)),
            self.labeler(labeler, request),
        ]

    def model(self, name: str | None, request: gr.Request) -> str:
        """All that is behind a model."""
        researcher_of(self.store, request)
        try:
            return behind(lineage(self.store, name)) if name else NO_MODEL
        except UserError as error:
            return notice(str(error), trouble=True)

    def labeler(self, name: str | None, request: gr.Request) -> str:
        """Every model that somebody has shaped."""
        researcher_of(self.store, request)
        try:
            if name:
                return shaped(name, influence(self.store, name))
        except UserError as error:
            return notice(str(error), trouble=True)
        return CHOOSE if on_record(self.store) else NOBODY


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built."""
    this = LineagePage(store)
    choice: dict[str, Any] = {"show_label": False, "filterable": False, "scale": 0, "min_width": 300}
    with gr.Row(elem_classes="choice"):
        name = gr.Dropdown([], label="Model", **choice)
    tree = gr.HTML("", **PLAIN)
    gr.HTML('<h2 id="labeler">What a labeler has shaped</h2>', **PLAIN)
    with gr.Row(elem_classes="choice"):
        labeler = gr.Dropdown([], label="Labeler", **choice)
    models = gr.HTML("", **PLAIN)
    on_load(this.load, [name, tree, labeler, models])
    name.input(this.model, name, tree, **PRIVATE)
    labeler.input(this.labeler, labeler, models, **PRIVATE)
