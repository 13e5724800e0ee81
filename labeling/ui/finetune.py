"""The Align page's form for supervised fine-tuning: which records, which model, what of it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from labeling.ui import finetune_view, round_view
from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.round_settings import round_settings
from storage import demonstrations, jobs, registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Job, Model

ASK_EVERY_S = 1.0  # while a fine-tuning is at work; otherwise nothing is asked
PROMOTE = "Promote "
KINDS = [".json", ".jsonl", ".csv", ".parquet", ".gz"]
TUNINGS = [
    ("all weights", "full"),
    ("the last blocks and the head", "freeze"),
    ("adapters (LoRA)", "lora"),
]
MORE = "A line each, key=value, such as\nbatch_size=8\nheldout=/data/heldout.jsonl"


@dataclass(frozen=True)
class FineTune:
    """What happens in the form. Every handler asks for the role itself, and answers with the whole section anew."""

    store: Store
    actions: Actions

    def show(self, request: gr.Request, said: str = "", trouble: bool = False) -> list[Any]:
        """Every component as the store now has it, in the order of `section`'s outputs; `said` is a sentence on top."""
        researcher_of(self.store, request)
        job = jobs.newest(self.store, "sft")
        working = job is not None and job.status in ("queued", "running")
        name = self._name(job) if job else ""
        made = registry.made_by(self.store, job.job_id) if job else None
        promote = made is not None and made.status != "promoted"
        return [
            notice(said, trouble) if said else gr.skip(),
            finetune_view.card(self.store, job, name) if job else "",
            gr.update(visible=working),
            gr.update(value=f"{PROMOTE}{made.name}", visible=True) if made and promote else gr.update(visible=False),
            round_view.models(self.store),
            gr.Timer(active=working),
            gr.skip() if working else gr.update(choices=[model.name for model in self._tunable()]),
        ]

    def load(self, request: gr.Request) -> list[Any]:
        """The section as it is, the models that can be tuned, and how much labelers have written."""
        *shown, _ = self.show(request)
        known = self._tunable()
        promoted = next((model.name for model in known if model.status == "promoted"), None)
        count = len(demonstrations.to_learn_from(self.store))
        bases = gr.update(choices=[model.name for model in known], value=promoted)
        return [*shown, bases, gr.update(label=f"Learn from what labelers wrote too ({count} so far)")]

    def start(
        self,
        upload: str | None,
        path: str | None,
        base: str | None,
        tuning: str,
        name: str | None,
        blocks: str | None,
        rank: str | None,
        targets: str | None,
        four_bit: bool,
        rate: str | None,
        epochs: str | None,
        written: bool,
        more: str | None,
        request: gr.Request,
    ) -> list[Any]:
        """Start a fine-tuning with what the fields say."""
        chosen = {"freeze": {"unfrozen_blocks": blocks}, "lora": {"lora_rank": rank, "lora_targets": targets}}
        fields = {"tuning": tuning, "learning_rate": rate, "epochs": epochs, **chosen.get(tuning, {})}

        def begin(actor: str) -> str:
            file = _file(upload, path)
            if not name or not name.strip():
                raise UserError("The new model has no name yet: give it one.")
            settings = round_settings(fields, more)
            if four_bit and tuning == "lora":
                settings.setdefault("four_bit", True)
            base_name = base or registry.require_promoted(self.store).name
            kept = bool(upload)
            self.actions.start_sft(file, base_name, name.strip(), settings, actor, bool(written), kept)
            return f"The fine-tuning of {name.strip()} has been asked for; it goes on without this page."

        return self._do(request, begin, upload)

    def settings_of(self, tuning: str, request: gr.Request) -> list[Any]:
        """The settings that a way of tuning has."""
        researcher_of(self.store, request)
        return [gr.update(visible=tuning == "freeze"), gr.update(visible=tuning == "lora")]

    def cancel(self, request: gr.Request) -> list[Any]:
        """Stop the fine-tuning at work."""

        def stop(actor: str) -> str:
            job = jobs.newest(self.store, "sft")
            if job is None:
                raise UserError("No fine-tuning is at work, so there is nothing to cancel.")
            jobs.cancel(self.store, job.job_id, actor)
            return f"The fine-tuning of {self._name(job)} is told to stop."

        return self._do(request, stop)

    def promote(self, label: str, request: gr.Request) -> list[Any]:
        """Promote the model that the button names."""

        def deed(actor: str) -> str:
            model = registry.promote(self.store, label.removeprefix(PROMOTE), actor)
            return f"{model.name} is promoted: it answers in chat and writes the next pairs."

        return self._do(request, deed)

    def _do(self, request: gr.Request, deed: Callable[[str], str], upload: str | None = None) -> list[Any]:
        """Do it as this user, and show what was said or what was wrong; an upload is named as its owner knows it."""
        actor = researcher_of(self.store, request)
        try:
            return self.show(request, deed(actor))
        except UserError as error:
            said = str(error).replace(upload, Path(upload).name) if upload else str(error)
            return self.show(request, said, trouble=True)

    def _tunable(self) -> list[Model]:
        return [model for model in registry.models(self.store) if model.kind in ("policy", "base")]

    def _name(self, job: Job) -> str:
        made = registry.made_by(self.store, job.job_id)
        return made.name if made else str(job.spec["publish"]["name"])


def section(store: Store, actions: Actions, models: gr.HTML, refresh: dict[str, Any]) -> None:
    """Put the section into the page that is being built. `models` is the page's list of models, and `refresh` the
    arguments of an event that shows the rest of the page anew, which a promotion changes."""
    tune = FineTune(store, actions)
    size: dict[str, Any] = {"scale": 0, "min_width": 200, "size": "md"}
    told = gr.HTML("", **PLAIN)
    work = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds"):
        promote = gr.Button("Promote", visible=False, **size)
        cancel = gr.Button("Cancel the fine-tuning", visible=False, variant="stop", **size)
    with gr.Accordion("Fine-tune a model on examples", open=False, elem_classes="settings"):
        fields = form(tune)
        start = gr.Button("Fine-tune", variant="primary", **size)
    timer = gr.Timer(ASK_EVERY_S, active=False)
    bases, written = fields[2], fields[11]
    outputs = [told, work, cancel, promote, models, timer, bases]
    private: dict[str, Any] = {"outputs": outputs, **PRIVATE}
    on_load(tune.load, [*outputs, written])
    timer.tick(tune.show, None, **private)
    start.click(tune.start, fields, **private)
    cancel.click(tune.cancel, None, **private)
    promote.click(tune.promote, [promote], **private).then(**refresh)


def form(tune: FineTune) -> list[Any]:
    """The fields in the order in which `FineTune.start` takes them; an empty one leaves the default."""
    with gr.Row():
        upload = gr.File(label="Records: Alpaca, self-instruct or chat", file_types=KINDS, type="filepath", height=160)
        with gr.Column():
            path = gr.Textbox(label="Or a file on the server", placeholder="/data/instructions.jsonl")
            written = gr.Checkbox(label="Learn from what labelers wrote too", value=False)
    with gr.Row():
        base = gr.Dropdown([], label="Model to tune", filterable=False)
        tuning = gr.Dropdown(TUNINGS, value="full", label="What is trained", filterable=False)
        name = gr.Textbox(label="Name of the new model", placeholder="my-model")
    with gr.Row(visible=False) as of_freeze:
        blocks = gr.Textbox(label="Last blocks that are trained", placeholder="2")
    with gr.Row(visible=False) as of_lora:
        rank = gr.Textbox(label="Rank", placeholder="16")
        targets = gr.Textbox(label="Modules", placeholder="every linear layer, or q_proj, v_proj")
        four_bit = gr.Checkbox(label="Hold the base in 4 bits (CUDA)", value=False)
    with gr.Row():
        rate = gr.Textbox(label="Learning rate", placeholder="by the model's size")
        epochs = gr.Textbox(label="Epochs", placeholder="3")
    more = gr.Textbox(label="More settings", placeholder=MORE, lines=3)
    tuning.change(
        tune.settings_of,
        tuning,
        [of_freeze, of_lora],
        api_visibility="private",
        show_progress="hidden",
    )
    return [upload, path, base, tuning, name, blocks, rank, targets, four_bit, rate, epochs, written, more]


def _file(upload: str | None, path: str | None) -> Path | None:
    """The one file that was named, if any."""
    typed = (path or "").strip()
    if upload and typed:
        raise UserError(
            "There are two files of records, the uploaded one and one on the server: take one of them away."
        )
    return Path(upload or typed) if upload or typed else None
