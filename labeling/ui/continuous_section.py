"""Continuous mode on the Align page: switch it on or off, and why it waits or has stopped."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import yaml

from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.round_settings import settings_of
from storage import continuous, registry, rounds
from storage.database import Store
from storage.errors import UserError

ASK_EVERY_S = 2.0  # while it is on
LONGEST_NUMBER = 7  # digits of one that is not too large
WHAT = (
    "A round starts by itself whenever so many new votes are in, by the settings of the next round as they stand when "
    "this is switched on. A candidate that is shown to be better is promoted. It stops after two rounds in a row "
    "without a significant gain, and after one that fails."
)


@dataclass(frozen=True)
class ContinuousSection:
    """What happens in the section; every handler asks for the role itself."""

    store: Store
    actions: Actions

    def show(self, request: gr.Request, said: str = "") -> list[Any]:
        """Notice, how it stands, its settings, button, form and timer, and what the whole page should follow."""
        researcher_of(self.store, request)
        run = continuous.newest(self.store)
        on = run is not None and run.ended_at is None
        newest, promoted = next(iter(rounds.all_rounds(self.store)), None), registry.promoted(self.store)
        round_now = f"{newest.round_id} {newest.status}" if newest else ""
        return [
            notice(said, trouble=True) if said else "",
            f'<p class="labels continuous">{escape(self.actions.continuous_said())}</p>' if run else "",
            _recipe(run.recipe) if run and on else "",
            gr.update(visible=on),
            gr.update(visible=not on),
            gr.Timer(active=on),
            # Empty while it is off: otherwise every page that loads would load twice.
            f"{round_now} {promoted.name if promoted else ''}" if on else "",
        ]

    def load(self, request: gr.Request) -> list[Any]:
        """The section as it is."""
        return self.show(request)

    def follow(self, request: gr.Request) -> list[Any]:
        """The section as it is, but the notice stays, and the settings as the reader has them, open or not."""
        _, stands, recipe, *others = self.show(request)
        return [gr.skip(), stands, gr.skip() if recipe else "", *others]

    def switch_on(
        self,
        every: str | None,
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
        """Let rounds by these settings start by themselves."""
        actor = researcher_of(self.store, request)
        try:
            if not (text := (every or "").strip()).isdecimal() or len(text) > LONGEST_NUMBER:
                raise UserError("Say in a whole number after how many new votes a round starts.")
            settings = settings_of(method, reference, pull, rate, epochs, seed, without, more)
            self.actions.continuous_on(int(text), settings, actor)
        except UserError as error:
            return self.show(request, str(error))
        return self.show(request)

    def switch_off(self, request: gr.Request) -> list[Any]:
        """Start no further round."""
        actor = researcher_of(self.store, request)
        try:
            continuous.switch_off(self.store, actor)
        except UserError as error:
            return self.show(request, str(error))
        return self.show(request)


def section(store: Store, actions: Actions, fields: list[Any], whole_page: dict[str, Any]) -> None:
    """Put the section into the page that is being built.

    `fields` are those of the next round; `whole_page` are the arguments of the event that shows the page anew, which
    happens when a round began or ended, or another model was promoted, while the mode is on.
    """
    this = ContinuousSection(store, actions)
    size: dict[str, Any] = {"scale": 0, "min_width": 200, "size": "md"}
    told = gr.HTML("", **PLAIN)
    stands = gr.HTML("", **PLAIN)
    recipe = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds"):
        off = gr.Button("Switch it off", visible=False, **size)
    with gr.Accordion("Let rounds start by themselves", open=False, elem_classes="settings") as form:
        gr.HTML(f'<p class="quiet">{WHAT}</p>', **PLAIN)
        with gr.Row(elem_classes="deeds"):
            every = gr.Textbox(
                str(continuous.EVERY), label="New votes to a round", max_length=LONGEST_NUMBER, scale=0, min_width=200
            )
            on = gr.Button("Switch it on", variant="primary", **size)
    timer = gr.Timer(ASK_EVERY_S, active=False)
    followed = gr.State("")
    outputs = [told, stands, recipe, off, form, timer, followed]
    on.click(this.switch_on, [every, *fields], outputs, **PRIVATE)
    off.click(this.switch_off, None, outputs, **PRIVATE)
    timer.tick(this.follow, None, outputs, **PRIVATE)
    followed.change(**whole_page)
    on_load(this.load, outputs)


def _recipe(settings: dict[str, Any]) -> str:
    text = yaml.safe_dump({"method": "dpo", **settings}, sort_keys=False, allow_unicode=True)
    return f'<details class="asked"><summary>The settings of its rounds</summary><pre>{escape(text)}</pre></details>'
