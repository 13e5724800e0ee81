"""Gold pairs on the page of quality: those in use, and those that people of one mind propose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from labeling.ui import quality_view
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from storage.database import Store
from storage.errors import UserError
from storage.gold import LONGEST_WHY, gold, proposals, set_gold

SHOWN = 10  # proposals
OF_ONE_MIND = "Three people or more chose it, and nobody else did."


@dataclass(frozen=True)
class GoldSection:
    """What happens in this part of the page. Every handler asks for the role itself."""

    store: Store

    def load(self, request: gr.Request) -> list[Any]:
        """The gold pairs, the proposals, and the choice among them."""
        researcher_of(self.store, request)
        proposed = proposals(self.store, SHOWN)
        ids = [one.pair_id for one in proposed]
        return [
            "",
            quality_view.gold(gold(self.store), proposed),
            gr.update(visible=bool(ids)),
            gr.update(choices=ids, value=ids[0] if ids else None),
            gr.update(value=OF_ONE_MIND),
        ]

    def accept(self, pair_id: int | None, why: str | None, calibration: bool, request: gr.Request) -> list[Any]:
        """Let the proposed verdict of the chosen pair be known from now on."""
        actor = researcher_of(self.store, request)
        try:
            proposed = next((one for one in proposals(self.store) if one.pair_id == pair_id), None)
            if proposed is None:
                raise UserError("Choose a pair that is proposed: somebody may have decided on this one meanwhile.")
            set_gold(self.store, proposed.pair_id, proposed.verdict, why or "", actor, bool(calibration))
        except UserError as error:
            return [notice(str(error), trouble=True), *[gr.skip()] * 4]
        return [notice(f"Pair {pair_id} is a gold pair from now on."), *self.load(request)[1:]]


def section(store: Store) -> None:
    """Put the part's components into the page that is being built."""
    this = GoldSection(store)
    gr.HTML('<h2 id="gold">Gold pairs</h2>', **PLAIN)
    shown = gr.HTML("", **PLAIN)
    told = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds", visible=False) as form:
        pair = gr.Dropdown([], label="Proposed pair", filterable=False, scale=0, min_width=150)
        why = gr.Textbox(label="Why it is so", max_lines=3, max_length=LONGEST_WHY, elem_classes="reason", scale=1)
        calibration = gr.Checkbox(label="For new labelers", scale=0, min_width=180)
        accept = gr.Button("Accept", scale=0, min_width=120, size="md")
    outputs = [told, shown, form, pair, why]
    on_load(this.load, outputs)
    accept.click(this.accept, [pair, why, calibration], outputs, **PRIVATE)
