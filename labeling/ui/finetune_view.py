"""How a fine-tuning looks on the Align page: how far it is, and what it did to the loss on records it did not see."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from labeling.ui.curves import curve
from labeling.ui.verdict import percent
from storage import jobs
from storage.database import Store
from storage.records import Job

Figures = dict[str, Any]


def card(store: Store, job: Job, name: str) -> str:
    """A fine-tuning job, its progress, and its figures when it is done; `name` is its model's."""
    error = f'<p class="trouble" role="alert">{escape(job.error)}</p>' if job.error and job.status == "failed" else ""
    said = f'<p class="answer">{escape(outcome(job.result, name))}</p>' if job.result else ""
    rows = "".join(
        f"<div><dt>{escape(title)}</dt><dd>{escape(value)}</dd></div>" for title, value in figures(job.result or {})
    )
    loss = jobs.metrics(store, job.job_id).get("loss", [])
    drawn = curve("Loss", loss) if len(loss) > 1 else ""
    return (
        f'<section class="card round finetuning"><h2>Fine-tuning of {escape(name)} '
        f'<span class="status {job.status}">{job.status}</span></h2>{error}{said}'
        f"{_progress(job)}"
        f'<dl class="figures">{rows}</dl><div class="curves">{drawn}</div></section>'
    )


def outcome(result: Figures, name: str) -> str:
    """What came of it, in a sentence that has the held-out loss before and after."""
    before, after = result["loss_before"], result["loss_after"]
    went = "fell" if after < before else "rose"
    records = result["heldout_records"]
    seen = f"{records} records" if records != 1 else "one record"
    advice = "" if after < before else " It has learned nothing that holds for them: try fewer epochs, or a lower rate."
    return (
        f"On {seen} that {name} did not see, its loss {went} from {before:.3f} to {after:.3f} nats an answer "
        f"token.{advice}"
    )


def figures(result: Figures) -> list[tuple[str, str]]:
    """Name and value of what else is known; what was not measured, or is none, is left out."""
    rows: list[tuple[str, Any, Callable[[Any], str]]] = [
        ("Parameters trained", result.get("trainable_share"), lambda share: f"{share:.2%}"),
        ("Records learned from", result.get("records"), lambda count: f"{count:,}"),
        ("Written by labelers", result.get("demonstrations_share"), percent),
        ("Too long, left out", result.get("dropped"), str),
        ("Too long, cut behind an answer", result.get("cut"), str),
        ("Learning rate", result.get("learning_rate"), lambda rate: f"{rate:.2g}"),
    ]
    return [(title, form(value)) for title, value, form in rows if value]


def _progress(job: Job) -> str:
    if job.status == "done":
        return ""
    return (
        f'<div class="line"><progress max="1" value="{job.progress:.3f}" aria-label="Fine-tuning">'
        f'{percent(job.progress)}</progress><span class="share">{percent(job.progress)}</span></div>'
    )
