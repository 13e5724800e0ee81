"""The guideline on the page of quality, to be amended beside the pairs that show what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from labeling.ui.errors import notice
from labeling.ui.events import PRIVATE, on_load
from labeling.ui.identity import researcher_of
from storage.database import Store
from storage.errors import UserError
from storage.guidelines import LONGEST, guideline, set_guideline


@dataclass(frozen=True)
class GuidelineSection:
    """What happens in this part of the page. Every handler asks for the role itself."""

    store: Store

    def load(self, request: gr.Request) -> str:
        """The text that holds."""
        researcher_of(self.store, request)
        stands = guideline(self.store)
        return stands.text if stands else ""

    def amend(self, text: str | None, request: gr.Request) -> str:
        """Let the text hold from now on."""
        actor = researcher_of(self.store, request)
        try:
            stands = set_guideline(self.store, text or "", actor)
        except UserError as error:
            return notice(str(error), trouble=True)
        return notice(f"Version {stands.version} of the guideline holds. Labelers confirm it before they go on.")


def section(store: Store) -> None:
    """Put the part's components into the page that is being built."""
    this = GuidelineSection(store)
    with gr.Accordion("Amend the guideline", open=False, elem_classes="settings"):
        told = gr.HTML("", apply_default_css=False)
        text = gr.Textbox(label="How to judge, in Markdown", lines=10, max_lines=24, max_length=LONGEST)
        amend = gr.Button("Let this hold", scale=0, min_width=200, size="md")
    on_load(this.load, text)
    amend.click(this.amend, text, told, **PRIVATE)
