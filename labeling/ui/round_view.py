"""How rounds and models look on the Align page: stages with their curves, the history, and the cards of the models."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

import yaml

from labeling.ui.course_chart import course_chart
from labeling.ui.curves import curve, interval, number
from labeling.ui.tables import minute, scrolling
from labeling.ui.verdict import (
    against_best_of,
    baseline_wins,
    caution,
    figures,
    meanings,
    percent,
    spread,
    verdict,
    with_people,
)
from storage import jobs, registry, rounds
from storage.battles import evidence
from storage.database import Store
from storage.lineage_words import left_out
from storage.records import Job, Model, Round
from storage.reports import find_report, newest_reward_model, newest_sentence

STAGES = {"reward": "Reward model", "judge": "Judge", "policy": "Policy", "evaluation": "Evaluation"}
REPORT = "May it be trusted?"
CURVES = {
    "loss": "Loss",
    "accuracy": "Accuracy on the batch",
    "rewards/accuracies": "Accuracy on the batch",
    "margin": "Margin",
    "rewards/margins": "Margin",
    "reward": "Reward",
    "reward_with_kl": "Reward less KL",
    "kl": "KL, nats an answer",
    "entropy": "Entropy, nats a token",
    "clip_fraction": "Clipped share",
    "explained_variance": "Variance that the critic explains",
    "length": "Tokens an answer",
    "ended": "Answers that end",
}
STAGE_FIGURES = {
    "train_pairs": "pairs learned from",
    "desirable": "desirable answers learned from",
    "undesirable": "undesirable ones",
    "thumbs_up": "thumbs up among all",
    "thumbs_down": "thumbs down",
    "heldout_pairs": "unseen pairs",
    "train_prompts": "prompts asked in turn",
    "rollouts": "rollouts",
    "dropped": "left out",
}


def verdict_card(store: Store, this: Round | None) -> str:
    """The question, its answer and what it rests on, for the newest round that came to an end."""
    found = rounds.candidate_of(store, this) if this else None
    if this is None or found is None:
        return (
            '<section class="card verdict"><h1>May I promote a new model?</h1>'
            '<p class="answer">There is no candidate yet: rank pairs, then start a round.</p></section>'
        )
    candidate, evaluation = found
    results = {job.stage: job.result or {} for job in jobs.of_round(store, this.round_id)}
    policy, judge = results.get("policy", {}), results.get("judge", {})
    promoted = candidate.status == "promoted"
    question = f"{candidate.name} is promoted." if promoted else f"May I promote {candidate.name}?"
    names = (candidate.name, registry.get(store, evaluation.against_id).name)
    people = evidence(store, evaluation.model_id, evaluation.against_id)
    answer = with_people(verdict(evaluation, *names), evaluation, people, candidate.name)
    beaten = against_best_of(evaluation, *names)
    rival = f'<p class="rival">{escape(beaten)}</p>' if beaten else ""
    warning = f'<p class="caution">{escape(caution(judge))}</p>' if caution(judge) else ""
    return (
        f'<section class="card verdict"><h1>{escape(question)}</h1><p class="answer">{escape(answer)}</p>'
        f"{interval(evaluation.win_rate, evaluation.low, evaluation.high)}{rival}{warning}"
        f"{listed(figures(evaluation, policy, judge))}"
        f"{course_chart(evaluation.result.get('course', []), evaluation.result.get('over_optimised'))}"
        f"{examples_to_read(evaluation.result.get('examples', []))}</section>"
    )


def listed(known: list[tuple[str, str]]) -> str:
    """Figures by their names, and behind a click what they mean."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in known)
    explained = meanings([name for name, _ in known])
    meant = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in explained)
    summary = "<summary>What these figures mean</summary>"
    more = f'<details class="meanings">{summary}<dl>{meant}</dl></details>' if meant else ""
    return f'<dl class="figures">{rows}</dl>{more}'


def round_card(store: Store, this: Round) -> str:
    """A round stage by stage: how far each is, what it measured, and its curves."""
    by_stage = {job.stage: job for job in jobs.of_round(store, this.round_id)}
    stages = "".join(_stage(store, title, by_stage.get(name)) for name, title in STAGES.items())
    error = f'<p class="trouble" role="alert">{escape(this.error)}</p>' if this.error else ""
    said = rounds.estimated(store, this) if this.replay_of is None else rounds.replayed(store, this)
    said = f"{left_out(store, this)} {said}".strip()
    estimate = f'<p class="estimate">{escape(said)}</p>' if said else ""
    title = f"Round {this.round_id}{f', a replay of round {this.replay_of}' if this.replay_of else ''}"
    return (
        f'<section class="card round"><h2>{title} <span class="status {this.status}">'
        f"{this.status}</span></h2>{error}{estimate}<ol>{stages}</ol></section>"
    )


def history(store: Store, all_rounds: list[Round]) -> str:
    """Every round in a line, newest first."""
    lines = "".join(
        f"<tr><th scope=row>{this.round_id}</th><td>{escape(_method(this))}</td>"
        f'<td><span class="status {this.status}">{this.status}</span></td>'
        f'<td class="outcome">{escape(_came_of(store, this))}</td>'
        f'<td>{escape(this.requested_by)}</td><td class="when">{minute(this.created_at)}</td></tr>'
        for this in all_rounds
    )
    if not lines:
        return '<p class="quiet">No round has been started yet.</p>'
    return scrolling("Rounds", ("Round", "Method", "Status", "Outcome", "By", "Started"), lines)


def models(store: Store) -> str:
    """Every model as a line that opens into its card, newest first."""
    found = registry.models(store)
    names = {model.model_id: model for model in found}
    cards = "".join(
        f'<details class="model"><summary><b>{escape(model.name)}</b><span>{model.kind}</span>'
        f'<span class="status {model.status}">{model.status}</span><span class="when">{model.created_at[:10]}</span>'
        f"</summary><p>Lineage: {escape(' ← '.join(_line(model, names)))}. {_lineage_link(model)}</p>{_why(model)}"
        f"{f'<p>{_report_link(model, REPORT)}</p>' if model.kind == 'reward' else ''}"
        f"<pre>{escape(_card(model))}</pre></details>"
        for model in reversed(found)
    )
    return f'<div class="models">{cards}</div>'


def _why(model: Model) -> str:
    return f"<p>Promoted against its verdict, because: {escape(model.reason)}</p>" if model.reason else ""


def _stage(store: Store, title: str, job: Job | None) -> str:
    status = job.status if job else "waiting"
    share = job.progress if job else 0.0
    lines = _measured(job.result or {}, registry.made_by(store, job.job_id)) if job else ""
    drawn = ""
    if job is not None:
        found = jobs.metrics(store, job.job_id)
        drawn = "".join(curve(label, found[key]) for key, label in CURVES.items() if len(found.get(key, [])) > 1)
    return (
        f'<li class="stage {status}"><div class="line"><b>{title}</b><span class="status {status}">{status}</span>'
        f'<progress max="1" value="{share:.3f}" aria-label="{title}">{percent(share)}</progress>'
        f'<span class="share">{percent(share)}</span></div>{lines}<div class="curves">{drawn}</div></li>'
    )


def _measured(result: dict[str, Any], made: Model | None) -> str:
    said = [f"{number(result[key])} {name}" for key, name in STAGE_FIGURES.items() if result.get(key)]
    if result.get("stopped_by_kl_budget"):
        said.append("ended by the KL budget")
    if agreement := spread(result, "accuracy"):
        said.append(f"agrees with {agreement} of the unseen")
    link = f" {_report_link(made, REPORT)}" if made is not None and made.kind == "reward" else ""
    return f'<p class="measured">{escape(", ".join(said))}.{link}</p>' if said else ""


def _method(this: Round) -> str:
    """How a round's policy learns, and what is particular about the round."""
    if this.replay_of is not None:
        return f"{this.method}, a replay of round {this.replay_of}"
    without = this.recipe.get("exclude_labelers") or []
    return f"{this.method}, without {', '.join(without)}" if without else this.method


def _came_of(store: Store, this: Round) -> str:
    found = rounds.candidate_of(store, this)
    if compared := rounds.replayed(store, this):
        return compared
    if found is None:
        return this.error or ("at work" if this.status == "running" else "")
    model, evaluation = found
    low, high = 100 * evaluation.low, 100 * evaluation.high
    said = [f"{model.name} wins {percent(evaluation.win_rate)} ({low:.0f} to {high:.0f})", baseline_wins(evaluation)]
    return ", ".join(filter(None, said))


def stale_notice(store: Store) -> str:
    """A caution where the reward model that rounds use has grown stale; else nothing."""
    model = newest_reward_model(store)
    report = find_report(store, model) if model else None
    if model is None or report is None or not (report["newest"] or {}).get("stale"):
        return ""
    said = f"{model.name}: {newest_sentence(report)}"
    return f'<p class="labels trouble">{escape(said)} {_report_link(model, "Its report")}</p>'


def _report_link(model: Model, text: str) -> str:
    """The way to a reward model's report."""
    return f'<a href="./reward?model={quote(model.name)}">{text}</a>'


def _lineage_link(model: Model) -> str:
    """The way to all that is behind a model."""
    return f'<a href="./lineage?model={quote(model.name)}">All that is behind it</a>'


def _line(model: Model, names: dict[int, Model]) -> list[str]:
    line = [model.name]
    while model.parent_id is not None and len(line) < 100:
        model = names[model.parent_id]
        line.append(model.name)
    return line


def _card(model: Model) -> str:
    card = {**model.card, "figures": {**model.card.get("figures", {})}}
    card["figures"].pop("examples", None)
    shown = {name: value for name, value in card.items() if value not in (None, {}, "")}
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True) if shown else "This model has no card."


def examples_to_read(examples: list[dict[str, Any]], mine: str = "After", theirs: str = "Before") -> str:
    """Unselected answers side by side, each side under its name."""
    if not examples:
        return ""
    rows = "".join(
        f"<li><p class=prompt>{escape(one['prompt'])}</p><div class=pair>"
        f"<div><b>{escape(mine)}</b><p>{escape(one['answer'])}</p></div>"
        f"<div><b>{escape(theirs)}</b><p>{escape(one['against'])}</p></div></div></li>"
        for one in examples
    )
    return (
        f"<details><summary>Read {len(examples)} answers side by side, to prompts picked at random</summary>"
        f"<ul>{rows}</ul></details>"
    )
