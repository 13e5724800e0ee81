"""The recipe of the next round on the Align page: shown whole, saved under a name, loaded again."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.round_settings import WITHOUT, fields_of, settings_of
from storage import recipes
from storage.database import Store
from storage.errors import UserError
from storage.lineage import labelers


@dataclass(frozen=True)
class RecipeSection:
    """What happens in the section; every handler asks for the role itself. `fields` are those of `settings_of`."""

    store: Store
    actions: Actions

    def preview(
        self,
        method: str,
        reference: str,
        pull: str | None,
        rate: str | None,
        epochs: str | None,
        seed: str | None,
        without: list[str] | None,
        more: str | None,
        request: gr.Request,
    ) -> str:
        """The recipe that the fields make with every default written out, and what it is likely to take."""
        researcher_of(self.store, request)
        try:
            settings = settings_of(method, reference, pull, rate, epochs, seed, without, more)
            recipe, said = self.actions.plan_round(settings)
        except UserError as error:
            return f'<p class="trouble" role="alert">{escape(str(error))}</p>'
        return f'<p class="estimate">{escape(said)}</p><pre class="recipe">{escape(recipe)}</pre>'

    def save(
        self,
        name: str | None,
        method: str,
        reference: str,
        pull: str | None,
        rate: str | None,
        epochs: str | None,
        seed: str | None,
        without: list[str] | None,
        more: str | None,
        request: gr.Request,
    ) -> list[Any]:
        """Keep what the fields say under a name."""
        actor = researcher_of(self.store, request)
        name = (name or "").strip()
        try:
            settings = settings_of(method, reference, pull, rate, epochs, seed, without, more)
            self.actions.plan_round(settings)  # refuses what no round would take
            recipes.save(self.store, name, settings, actor)
        except UserError as error:
            return [notice(str(error), trouble=True), gr.skip()]
        return [notice(f"The recipe is saved as {name}."), self._names(name)]

    def load(self, name: str | None, request: gr.Request) -> list[Any]:
        """Put a saved recipe into the fields."""
        researcher_of(self.store, request)
        try:
            if not name:
                raise UserError("Choose a saved recipe to load.")
            settings = recipes.named(self.store, name).settings
        except UserError as error:
            return [notice(str(error), trouble=True), *[gr.skip()] * 8]
        return [notice(f"The fields are those of {name}."), *fields_of(settings)]

    def show(self, request: gr.Request) -> list[Any]:
        """The names there are to choose from: of recipes, and of labelers whose votes may be left out."""
        researcher_of(self.store, request)
        return [self._names(None), gr.update(choices=labelers(self.store))]

    def _names(self, chosen: str | None) -> Any:
        return gr.update(choices=[one.name for one in recipes.saved(self.store)], value=chosen)


def section(store: Store, actions: Actions, fields: list[Any], around: gr.Accordion) -> None:
    """Put the section under the fields of the next round, into the accordion that they are in."""
    this = RecipeSection(store, actions)
    with gr.Row(elem_classes="recipes"):
        name = gr.Textbox(label="Name of the recipe", placeholder="my-recipe", max_length=80)
        save = gr.Button("Save the recipe", scale=0, min_width=160, size="md")
        saved = gr.Dropdown([], label="Saved recipes", filterable=False)
        load = gr.Button("Load the recipe", scale=0, min_width=160, size="md")
    told = gr.HTML("", **PLAIN)
    shown = gr.HTML("", **PLAIN)
    refresh: dict[str, Any] = {"fn": this.preview, "inputs": fields, "outputs": shown}
    changes = [field.blur if isinstance(field, gr.Textbox) else field.change for field in fields]
    # A field that is left while an answer is awaited counts too: the recipe that is shown is the one that runs.
    gr.on([around.expand, *changes], **refresh, **PRIVATE, trigger_mode="always_last")
    save.click(this.save, [name, *fields], [told, saved], **PRIVATE)
    load.click(this.load, saved, [told, *fields], **PRIVATE).then(**refresh, **PRIVATE)
    on_load(this.show, [saved, fields[WITHOUT]])
