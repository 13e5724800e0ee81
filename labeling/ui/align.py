"""The Align page: may I promote this model, are the labels enough, and how far is the round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from labeling.ui import compare, continuous_section, finetune, queue_section, recipe_section, round_view
from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.round_settings import settings_fields, settings_of
from storage import labels, registry, rounds, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.gate import LONGEST_REASON, objection
from storage.records import Round

ASK_EVERY_S = 1.0  # while a round is at work; otherwise nothing is asked
PROMOTE, ALL_THE_SAME, ROLL_BACK = "Promote ", " all the same", "Roll back to "
WHY = "Why it is promoted although it is not shown to be better"
HOW_GOOD = '<a href="./quality">How good they are</a>'
OUTPUTS, OF_THE_WORK = 15, 7  # how many components an answer shows anew, and which of them is the round at work


@dataclass(frozen=True)
class Align:
    """What happens on the page. Every handler asks for the role itself, and answers with the whole page anew."""

    store: Store
    actions: Actions

    def show(self, request: gr.Request, said: str = "", trouble: bool = False) -> list[Any]:
        """Every component as the store now has it, in the order of `page`'s outputs; `said` is a sentence on top."""
        researcher_of(self.store, request)
        every = rounds.all_rounds(self.store)
        newest = every[0] if every else None
        ended = next((this for this in every if this.status == "done" and this.candidate_id), None)
        working = newest is not None and newest.status == "running"
        finished = [this.round_id for this in every if this.status == "done" and this.replay_of is None]
        return [
            notice(said, trouble) if said else gr.skip(),
            round_view.verdict_card(self.store, ended),
            *self._verdict_buttons(ended),
            f'<p class="labels">{escape(self._labels(working))} {HOW_GOOD}</p>{round_view.stale_notice(self.store)}',
            gr.update(interactive=not working),
            round_view.round_card(self.store, newest) if newest else "",
            gr.update(visible=working),
            gr.update(visible=newest is not None and newest.status in ("failed", "cancelled")),
            round_view.history(self.store, every),
            gr.update(visible=bool(finished)),
            gr.update(choices=finished),
            round_view.models(self.store),
            gr.Timer(active=working),
        ]

    def load(self, request: gr.Request) -> list[Any]:
        """The page as it is."""
        return self.show(request)

    def follow(self, request: gr.Request) -> list[Any]:
        """The round at work and nothing else, so that what the reader has opened stays open; all when it is over."""
        researcher_of(self.store, request)
        working = rounds.running(self.store)
        if working is None:
            ended = rounds.all_rounds(self.store)[0]
            return self.show(request, f"Round {ended.round_id} is {ended.status}.")
        after = OUTPUTS - OF_THE_WORK - 1
        return [gr.skip()] * OF_THE_WORK + [round_view.round_card(self.store, working)] + [gr.skip()] * after

    def start(
        self,
        method: str,
        reference: str,
        beta: str | None,
        rate: str | None,
        epochs: str | None,
        seed: str | None,
        without: list[str] | None,
        recipe: str | None,
        request: gr.Request,
    ) -> list[Any]:
        """Start a round with the settings in the fields, of which some are the method's own."""

        def begin(actor: str) -> str:
            settings = settings_of(method, reference, beta, rate, epochs, seed, without, recipe)
            return (
                f"Round {self.actions.start_round(method, settings, actor)} has started; it goes on without this page."
            )

        return self._do(request, begin)

    def replay(self, round_id: int | None, request: gr.Request) -> list[Any]:
        """Run the chosen round again, to see whether the same comes of it."""

        def begin(actor: str) -> str:
            if round_id is None:
                raise UserError("Choose the round to replay.")
            again = self.actions.replay_round(int(round_id), actor)
            return (
                f"Round {again} replays round {round_id}: no model comes of it, only whether the weights are the same."
            )

        return self._do(request, begin)

    def cancel(self, request: gr.Request) -> list[Any]:
        """Stop the round at work."""

        def stop(actor: str) -> str:
            this = rounds.running(self.store)
            if this is None:
                raise UserError("No round is at work, so there is nothing to cancel.")
            self.actions.cancel_round(this.round_id, actor)
            return f"Round {this.round_id} is cancelled."

        return self._do(request, stop)

    def resume(self, request: gr.Request) -> list[Any]:
        """Take up the newest round where it was stopped."""

        def go_on(actor: str) -> str:
            round_id = rounds.all_rounds(self.store)[0].round_id
            self.actions.resume_round(round_id, actor)
            return f"Round {round_id} goes on where it stood."

        return self._do(request, go_on)

    def promote(self, label: str, reason: str, request: gr.Request) -> list[Any]:
        """Promote the model that the button names, which is the one whose verdict was on the page."""

        def deed(actor: str) -> str:
            name = label.removeprefix(PROMOTE).removesuffix(ALL_THE_SAME)
            model = registry.promote(self.store, name, actor, reason if label.endswith(ALL_THE_SAME) else None)
            return f"{model.name} is promoted: it answers in chat and writes the next pairs."

        return self._do(request, deed)

    def roll_back(self, label: str, request: gr.Request) -> list[Any]:
        """Promote again the model that the button names, which is the one promoted before as the page knows it."""

        def deed(actor: str) -> str:
            model = registry.rollback(self.store, actor, to=label.removeprefix(ROLL_BACK))
            return f"{model.name} is promoted again, as it was before."

        return self._do(request, deed)

    def _do(self, request: gr.Request, deed: Callable[[str], str]) -> list[Any]:
        """Do it as this user, and show what was said or what was wrong."""
        actor = researcher_of(self.store, request)
        try:
            return self.show(request, deed(actor))
        except UserError as error:
            return self.show(request, str(error), trouble=True)

    def _verdict_buttons(self, ended: Round | None) -> tuple[Any, Any, Any]:
        """The buttons under the verdict; against it, a promotion takes a reason."""
        found = rounds.candidate_of(self.store, ended) if ended else None
        reason = promote = gr.update(visible=False)
        if found is not None and found[0].status != "promoted":
            refused = objection(self.store, found[0]) is not None
            label = f"{PROMOTE}{found[0].name}{ALL_THE_SAME if refused else ''}"
            promote = gr.update(value=label, variant="secondary" if refused else "primary", visible=True)
            reason = gr.update(visible=refused)
        before = registry.before_promoted(self.store)
        back = gr.update(value=f"{ROLL_BACK}{before.name}", visible=True) if before else gr.update(visible=False)
        return reason, promote, back

    def _labels(self, working: bool) -> str:
        tally = snapshots.tally(self.store)
        decisive = sum(count for (shown, _), count in tally.items() if shown in ("left", "right"))
        said = f"{tally.total()} votes stand to learn from, {decisive} of them for one side."
        if held_out := labels.counts(self.store)["all"] - tally.total():
            said += f" {held_out} more are on held-out prompts, from which no model learns."
        if working:
            return f"{said} A round is at work on those that stood when it began."
        try:
            self.actions.check_labels()
        except UserError as error:
            return f"{said} {error}"
        return f"{said} That is enough for a round."


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built."""
    align = Align(store, actions)
    size: dict[str, Any] = {"scale": 0, "min_width": 200, "size": "md"}
    told = gr.HTML("", **PLAIN)
    verdict = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds"):
        reason = gr.Textbox(
            label=WHY, visible=False, max_lines=4, max_length=LONGEST_REASON, elem_classes="reason", scale=1
        )
        promote = gr.Button("Promote", visible=False, **size)
        back = gr.Button("Roll back", visible=False, **size)
    tally = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds"):
        start = gr.Button("Start a round", variant="primary", **size)
        cancel = gr.Button("Cancel the round", visible=False, variant="stop", **size)
        resume = gr.Button("Resume the round", visible=False, **size)
    work = gr.HTML("", **PLAIN)
    with gr.Accordion("Settings of the next round", open=False, elem_classes="settings") as around:
        fields = settings_fields()
        recipe_section.section(store, actions, fields, around)
    tuning = gr.Column()
    by_itself = gr.Column()
    gr.HTML("<h2>Jobs</h2>", **PLAIN)
    queue = queue_section.section(store, actions)
    gr.HTML("<h2>Rounds</h2>", **PLAIN)
    past = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds", visible=False) as again:
        which = gr.Dropdown([], label="Finished round", filterable=False, scale=1, min_width=240)
        replay = gr.Button("Replay the round", scale=0, min_width=200, size="md")
    gr.HTML("<h2>Models</h2>", **PLAIN)
    known = gr.HTML("", **PLAIN)
    compare.section(store, actions)
    timer = gr.Timer(ASK_EVERY_S, active=False)
    outputs = [told, verdict, reason, promote, back, tally, start, work, cancel, resume]
    outputs += [past, again, which, known, timer]
    assert (len(outputs), outputs[OF_THE_WORK]) == (OUTPUTS, work)
    private: dict[str, Any] = {"outputs": outputs, **PRIVATE}
    on_load(align.load, outputs)
    timer.tick(align.follow, None, **private)
    start.click(align.start, fields, **private).then(**queue)
    cancel.click(align.cancel, None, **private).then(**queue)
    resume.click(align.resume, None, **private).then(**queue)
    replay.click(align.replay, which, **private).then(**queue)
    promote.click(align.promote, [promote, reason], **private)
    back.click(align.roll_back, [back], **private)
    with by_itself:
        continuous_section.section(store, actions, fields, {"fn": align.load, "inputs": None, **private})
    with tuning:
        finetune.section(store, actions, known, {"fn": align.load, "inputs": None, **private})
