"""The queue on the Align page: what runs, what waits and what has ended, with what a person can do to a job."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from labeling.ui.actions import Actions
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.tables import minute, scrolling
from labeling.ui.verdict import percent
from storage import jobs
from storage.database import Store
from storage.errors import UserError
from storage.failures import REMEDIES
from storage.records import Job

MOST = 12  # jobs in the table; the command `jobs` lists more
ASK_EVERY_S = 2.0  # while a job waits or runs
DEEDS = {"first": "Move first", "cancel": "Cancel", "resume": "Resume", "retry": "Retry from the start"}
HEADS = ("Job", "What", "Status", "Asked for")


@dataclass(frozen=True)
class QueueSection:
    """What happens in the section; every handler asks for the role itself."""

    store: Store
    actions: Actions

    def show(self, request: gr.Request, said: str = "", trouble: bool = False) -> list[Any]:
        """Notice, table, the row of deeds and its jobs, and the timer, which asks only while there is work."""
        researcher_of(self.store, request)
        found = jobs.listed(self.store, MOST)
        choices = [(f"{job.job_id}: {_what(job)}, {job.status}", job.job_id) for job in found if job.status != "done"]
        return [
            notice(said, trouble) if said else gr.skip(),
            table(found),
            gr.update(visible=bool(choices)),
            gr.update(choices=choices),
            gr.Timer(active=bool(jobs.open_jobs(self.store))),
        ]

    def load(self, request: gr.Request) -> list[Any]:
        """The section as it is."""
        return self.show(request)

    def deed(self, button: str, job_id: int | None, request: gr.Request) -> list[Any]:
        """Do to the chosen job what the button says."""
        actor = researcher_of(self.store, request)
        name = next(name for name, label in DEEDS.items() if label == button)
        try:
            if job_id is None:
                raise UserError("Choose a job first.")
            return self.show(request, self.actions.job_deed(name, int(job_id), actor))
        except UserError as error:
            return self.show(request, str(error), trouble=True)


def table(found: list[Job]) -> str:
    """Jobs in lines, in the order given."""
    if not found:
        return '<p class="quiet">No job has been asked for yet.</p>'
    lines = "".join(
        f"<tr><th scope=row>{job.job_id}</th><td>{escape(_what(job))}</td>"
        f'<td><span class="status {job.status}">{escape(_status(job))}</span>{_why(job)}</td>'
        f'<td class="when">{minute(job.created_at)}</td></tr>'
        for job in found
    )
    return scrolling("Jobs", HEADS, lines, "jobs")


def section(store: Store, actions: Actions) -> dict[str, Any]:
    """Put the section into the page that is being built; returns the arguments of an event that shows it anew."""
    this = QueueSection(store, actions)
    told = gr.HTML("", **PLAIN)
    listed = gr.HTML("", **PLAIN)
    with gr.Row(elem_classes="deeds", visible=False) as deeds:
        chosen = gr.Dropdown([], label="Job", filterable=False, scale=1, min_width=240)
        buttons = [gr.Button(label, scale=0, min_width=150, size="md", elem_classes="deed") for label in DEEDS.values()]
    timer = gr.Timer(ASK_EVERY_S, active=False)
    outputs = [told, listed, deeds, chosen, timer]
    private: dict[str, Any] = {"outputs": outputs, **PRIVATE}
    for button in buttons:
        button.click(this.deed, [button, chosen], **private)
    timer.tick(this.load, None, **private)
    on_load(this.load, outputs)
    return {"fn": this.load, "inputs": None, **private}


def _what(job: Job) -> str:
    """A job in a few words, as in "dpo of round 3" and "sft of poet"."""
    if job.round_id is not None:
        return f"{job.stage if job.stage != 'policy' else job.kind} of round {job.round_id}"
    name = job.spec.get("publish", {}).get("name")
    return f"{job.kind} of {name}" if name else job.kind


def _status(job: Job) -> str:
    said = f"{job.status} {percent(job.progress)}" if job.status in ("running", "cancelled", "failed") else job.status
    return f"{said}, with a batch of {job.shrunk['batch_size']} for want of memory" if job.shrunk else said


def _why(job: Job) -> str:
    """What went wrong and what to do about it."""
    if job.failure is None or job.status not in ("failed", "cancelled"):
        return ""
    remedy = REMEDIES[job.failure]
    error = (job.error or "").removesuffix(remedy).strip()
    named = job.failure.replace("_", " ").capitalize()
    return f'<p class="why">{escape(f"{named}: {error} {remedy}")}</p>'
