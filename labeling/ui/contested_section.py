"""The contested pairs on the page of quality: read them, rule on one, or ask those who judged it once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from labeling.quality.contested import Contested
from labeling.quality.report import still_contested
from labeling.ui import quality_view
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE
from labeling.ui.identity import researcher_of
from storage.adjudications import LONGEST_REASON, adjudicate, cases, rulings
from storage.database import Store
from storage.errors import UserError
from storage.relabels import ask_again

VERDICTS = {
    "A is far better": ("a", 4),
    "A is better": ("a", 2),
    "They are as good": ("tie", 0),
    "B is better": ("b", 2),
    "B is far better": ("b", 4),
    "Both are bad": ("both_bad", 0),
}
SHOWN_RULINGS = 10


@dataclass(frozen=True)
class ContestedSection:
    """What happens in this part of the page. Every handler asks for the role itself."""

    store: Store

    def rule(self, pair_id: int | None, verdict: str | None, reason: str | None, request: gr.Request) -> list[Any]:
        """Rule on the chosen pair, and show those that are left; what is wrong is said, and the fields stay."""
        actor = researcher_of(self.store, request)
        try:
            if pair_id is None or verdict not in VERDICTS:
                raise UserError("Choose the pair and the verdict.")
            ruling = adjudicate(self.store, int(pair_id), *VERDICTS[verdict], reason or "", actor)
        except UserError as error:
            return [notice(str(error), trouble=True), *[gr.skip()] * 6]
        said = notice(f"Pair {ruling.pair_id} is ruled on. Votes that say otherwise are not learned from.")
        return [said, *shown(self.store, still_contested(self.store))[1:]]

    def ask(self, pair_id: int | None, reason: str | None, request: gr.Request) -> list[Any]:
        """Let everybody who judged the chosen pair see it once more, with the reason."""
        actor = researcher_of(self.store, request)
        try:
            if pair_id is None:
                raise UserError("Choose the pair.")
            asked = ask_again(self.store, [int(pair_id)], reason or "", actor)
        except UserError as error:
            return [notice(str(error), trouble=True), *[gr.skip()] * 6]
        said = notice(f"{asked} people are asked about pair {pair_id} again. Their votes stand until they vote anew.")
        return [said, *[gr.skip()] * 6]


def section(store: Store) -> list[Any]:
    """Put the part's components into the page that is being built; returns them in the order of `shown`."""
    this = ContestedSection(store)
    gr.HTML('<h2 id="contested">Contested pairs</h2>', **PLAIN)
    pairs = gr.HTML("", **PLAIN)
    told = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds", visible=False) as form:
        pair = gr.Dropdown([], label="Pair", filterable=False, scale=0, min_width=140)
        verdict = gr.Dropdown(list(VERDICTS), value=None, label="Verdict", filterable=False, scale=0, min_width=210)
        reason = gr.Textbox(label="Why", max_lines=3, max_length=LONGEST_REASON, elem_classes="reason", scale=1)
        rule = gr.Button("Rule", variant="primary", scale=0, min_width=100, size="md")
        again = gr.Button("Ask them again", scale=0, min_width=160, size="md")
    past = gr.HTML("", **PLAIN)
    outputs = [told, pairs, form, pair, verdict, reason, past]
    rule.click(this.rule, [pair, verdict, reason], outputs, **PRIVATE)
    again.click(this.ask, [pair, reason], outputs, **PRIVATE)
    return outputs


def shown(store: Store, contested: Sequence[Contested]) -> list[Any]:
    """Every component of the part: the pairs, the emptied fields, and the rulings that stand."""
    ids = [one.pair_id for one in contested]
    return [
        "",
        quality_view.contested(cases(store, ids)),
        gr.update(visible=bool(ids)),
        gr.update(choices=ids, value=ids[0] if ids else None),
        gr.update(value=None),
        gr.update(value=""),
        quality_view.rulings(rulings(store, SHOWN_RULINGS)),
    ]
