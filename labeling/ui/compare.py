"""Any two policies against each other, on the Align page: ask for a comparison, and read those there are."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from labeling.ui.actions import Actions
from labeling.ui.curves import interval
from labeling.ui.errors import notice
from labeling.ui.events import PLAIN, PRIVATE, on_load
from labeling.ui.identity import researcher_of
from labeling.ui.round_view import examples_to_read, listed
from labeling.ui.verdict import figures, percent, spread
from storage import jobs, registry, rounds
from storage.database import Store
from storage.errors import UserError
from storage.records import Evaluation, Job, Model

ASK_EVERY_S = 1.0  # while a comparison is at work
SHOWN = 10  # comparisons, the newest
OWN_JUDGE = ("their round's judge, or the newest", "reward")
BEST_OF = [("as it is", 1), ("the best of 4", 4), ("the best of 8", 8), ("the best of 16", 16)]


@dataclass(frozen=True)
class Compare:
    """What happens in this part of the page. Every handler asks for the role itself."""

    store: Store
    actions: Actions

    def load(self, request: gr.Request) -> list[Any]:
        """The choices there are, and the comparisons."""
        researcher_of(self.store, request)
        policies = [model.name for model in registry.models(self.store, "policy")][::-1]
        promoted = registry.promoted(self.store)
        other = promoted.name if promoted else None
        newest = next((name for name in policies if name != other), other)
        judges = [OWN_JUDGE, *((model.name, model.name) for model in judges_of(self.store))]
        return [
            gr.update(choices=policies, value=newest),
            gr.update(choices=policies, value=other),
            gr.update(choices=judges),
            *self.follow(request),
        ]

    def follow(self, request: gr.Request) -> list[Any]:
        """The comparisons, and whether one is at work."""
        researcher_of(self.store, request)
        return [comparisons(self.store), gr.Timer(active=bool(_at_work(self.store)))]

    def start(self, name: str, best_of: int, against: str, judge: str, request: gr.Request) -> list[Any]:
        """Queue a comparison; what is wrong is said in place of it."""
        actor = researcher_of(self.store, request)
        try:
            if judge != OWN_JUDGE[1]:
                registry.by_name(self.store, judge)  # a utility is code, which comes from the command line alone
            self.actions.compare(name or "", against or "", judge, int(best_of), actor)
        except UserError as error:
            return [notice(str(error), trouble=True) + comparisons(self.store), gr.skip()]
        return self.follow(request)


def section(store: Store, actions: Actions) -> None:
    """Put the part's components into the page that is being built."""
    compare = Compare(store, actions)
    gr.HTML("<h2>Compare two models</h2>", **PLAIN)
    with gr.Row(elem_classes="comparing"):
        name = gr.Dropdown([], label="Policy", filterable=False)
        best_of = gr.Dropdown(BEST_OF, value=1, label="Answers", filterable=False)
        against = gr.Dropdown([], label="Against", filterable=False)
        judge = gr.Dropdown([OWN_JUDGE], value=OWN_JUDGE[1], label="Judge", filterable=False)
    with gr.Row(elem_classes="deeds"):
        start = gr.Button("Compare", scale=0, min_width=200, size="md")
    shown = gr.HTML("", **PLAIN)
    timer = gr.Timer(ASK_EVERY_S, active=False)
    on_load(compare.load, [name, against, judge, shown, timer])
    timer.tick(compare.follow, None, [shown, timer], **PRIVATE)
    start.click(compare.start, [name, best_of, against, judge], [shown, timer], **PRIVATE)


def judges_of(store: Store) -> list[Model]:
    """The reward models that may judge, newest first: those of the judge's fold."""
    found = registry.models(store, "reward")
    return [model for model in reversed(found) if model.card.get("recipe", {}).get("fold") == "judge"]


def comparisons(store: Store) -> str:
    """Those at work, then the newest that are done, each as a line that opens."""
    names = {model.model_id: model.name for model in registry.models(store)}
    waiting = "".join(_waiting(job, names) for job in _at_work(store))
    newest = jobs.newest(store, "evaluate")
    failed = newest is not None and newest.round_id is None and newest.status == "failed"
    trouble = f'<p class="trouble" role="alert">{escape(newest.error or "")}</p>' if newest and failed else ""
    done = "".join(_done(one, names) for one in rounds.all_evaluations(store, SHOWN))
    if not waiting and not done:
        return f'{trouble}<p class="quiet">No two models have been compared yet.</p>'
    return f'{trouble}<div class="models comparisons">{waiting}{done}</div>'


def _at_work(store: Store) -> list[Job]:
    return [job for job in jobs.open_jobs(store, "evaluate") if job.round_id is None]


def _waiting(job: Job, names: dict[int, str]) -> str:
    where = job.spec["publish"]
    best_of = job.spec["recipe"].get("best_of", 1)
    said = _pair(names[where["model_id"]], best_of, names[where["against_id"]])
    return f'<p class="model">{said} <span class="status running">{job.status} {percent(job.progress)}</span></p>'


def _done(one: Evaluation, names: dict[int, str]) -> str:
    won = spread({"win": one.win_rate, "win_low": one.low, "win_high": one.high}, "win")
    mine, theirs = names[one.model_id], names[one.against_id]
    return (
        f'<details class="model"><summary>{_pair(mine, one.result.get("best_of", 1), theirs)}<span>{won}</span>'
        f'<span class="when">{one.created_at[:10]}</span></summary><div class="verdict">'
        f"{interval(one.win_rate, one.low, one.high)}<p>{one.prompts} held-out prompts.</p>"
        f"{listed(figures(one, {}, {}))}"
        f"{examples_to_read(one.result.get('examples', []), mine, theirs)}</div></details>"
    )


def _pair(name: str, best_of: int, against: str) -> str:
    best = f"best of {best_of} of " if best_of > 1 else ""
    return f"<span>{best}<b>{escape(name)}</b> against <b>{escape(against)}</b></span>"
