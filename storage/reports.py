"""Reports on reward models: written by jobs, read by the pages and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.labels import LEARNED_FROM
from storage.records import Model

REPORT = "report.json"  # in a reward model's directory, and in that of a job that scored later votes

Report = dict[str, Any]

SCORED = """
SELECT job_id FROM jobs WHERE kind = 'score' AND status = 'done' AND json_extract(spec, '$.publish.model_id') = ?
ORDER BY job_id DESC LIMIT 1
"""


def newest_report(store: Store, model: Model) -> Report:
    """The report of the last time that a reward model scored the votes, else of when it was trained.

    Raises UserError for a model that is no reward model, or one that was made before there were reports.
    """
    if model.kind != "reward":
        raise UserError(f"{model.name} is a {model.kind} model, and only reward models have a report.")
    report = find_report(store, model)
    if report is None:
        raise UserError(f"{model.name} has no report yet: make one with `model report {model.name} --refresh`.")
    return report


def find_report(store: Store, model: Model) -> Report | None:
    """As `newest_report`, but None where there is none."""
    scored = store.row(SCORED, [model.model_id])
    places = [store.jobs / str(scored["job_id"]) / REPORT] if scored else []
    for path in [*places, Path(model.path) / REPORT]:
        if path.is_file():
            report: Report = json.loads(path.read_text(encoding="utf-8"))
            return report
    return None


def newest_reward_model(store: Store) -> Model | None:
    """The reward model that was trained last, judges left out, or None."""
    trained = [one for one in registry.models(store, "reward") if one.card.get("recipe", {}).get("fold") == "train"]
    return trained[-1] if trained else None


def votes_since(store: Store, report: Report) -> int:
    """How many votes to learn from have come, or were changed, since the report was made."""
    row = store.row(
        "SELECT count(*) AS n FROM current_preferences p JOIN showings s USING (showing_id)"
        " JOIN pairs r USING (pair_id) JOIN prompts q USING (prompt_id)"
        " WHERE p.preference_id > ? AND p.verdict IN ('a', 'b', 'tie', 'both_bad') AND q.split = 'train'"
        f" AND {LEARNED_FROM}",
        [report["newest_vote"] or 0],
    )
    assert row is not None
    return int(row["n"])


def agreement_sentence(report: Report) -> str:
    """How often the model agrees with votes that it has not seen."""
    accuracy = report["accuracy"]
    if not accuracy["votes"]:
        return "There was no vote on the prompts that it had not seen, so nothing was measured."
    return (
        f"It agrees with {share(accuracy)} of {accuracy['votes']} unseen votes for one side, "
        f"on {accuracy['prompts']} prompts."
    )


def ceiling_sentence(report: Report) -> str:
    """What the labelers' own agreement leaves to hope for."""
    between, within = report["ceiling"]["between"], report["ceiling"]["within"]
    if between is None and within is None:
        return "No two votes are on the same pair, so the labelers' own agreement, which is its ceiling, is not known."
    said = []
    if between is not None:
        said.append(
            f"Two labelers agree on {share(between, 'agreement')} of {between['comparisons']} pairs that both judged; "
            f"a model that always knew the better answer would reach about {report['ceiling']['best']:.0%}."
        )
    if within is not None:
        said.append(
            f"Labelers agree with themselves on {share(within, 'agreement')} of {within['comparisons']} pairs "
            "that they judged twice."
        )
    return " ".join(said)


def newest_sentence(report: Report) -> str:
    """Whether the model has grown stale; empty where one policy wrote all unseen pairs."""
    newest = report["newest"]
    if newest is None:
        return ""
    on = (
        f"on the pairs of {newest['policy']}, the newest policy, it agrees with {share(newest)} of the votes, "
        f"and on older ones with {share(newest['older'])}"
    )
    if newest["stale"]:
        return f"It has grown stale: {on}. Train a new one on the votes as they stand."
    if not newest["enough"]:
        return f"O{on[1:]}; on {newest['prompts']} prompts that says little yet."
    return f"O{on[1:]}: it has not grown stale."


def share(figures: Report, name: str = "accuracy") -> str:
    """A share with its interval, as in "68% (61 to 74)"."""
    return f"{figures[name]:.0%} ({100 * figures['low']:.0f} to {100 * figures['high']:.0f})"
