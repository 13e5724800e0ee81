"""Whether the labels are enough to train on, what more of them would add, and what could be detected. No torch."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from alignment import readiness
from alignment.agreement import best_accuracy
from alignment.power import COIN, as_voters, detectable
from storage import jobs, prompts, rounds, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.judgements import judgements
from storage.statistics import Z95, Interval, wilson

FEW = 20  # pairs that several people judged, below which nothing is said of the ceiling


def ready(store: Store) -> dict[str, Any]:
    """All figures, and `said`, a list of sentences; what nobody knows is None.

    Keys: votes, decided, missing (a sentence, or empty), curve (the result of the newest learning-curve job, with its
    labels), agreement, ceiling, heldout_prompts, detectable, detectable_to_voters (win rates above one half).
    """
    tally = snapshots.tally(store)
    decided = sum(count for (shown, _), count in tally.items() if shown in ("left", "right"))
    curve = newest_curve(store)
    agreement = agreement_on_sides(store)
    heldout = len(prompts.prompts_of(store, "heldout"))
    difference = detectable(heldout, _spread(store))
    accuracy = curve["points"][-1]["accuracy"]["value"] if curve else None
    to_voters = as_voters(difference, accuracy) if accuracy is not None else None
    found = {
        "votes": tally.total(),
        "decided": decided,
        "missing": _missing(store),
        "curve": curve,
        "agreement": asdict(agreement) if agreement else None,
        "ceiling": best_accuracy(agreement.value) if agreement else None,
        "heldout_prompts": heldout,
        "detectable": _win_rate(difference),
        "detectable_to_voters": None if to_voters is None else _win_rate(to_voters),
    }
    return {**found, "said": sentences(found)}


def newest_curve(store: Store) -> dict[str, Any] | None:
    """The result of the newest learning-curve job that is done, or None."""
    row = store.row(
        "SELECT job_id FROM jobs WHERE kind = 'learning_curve' AND status = 'done' ORDER BY finished_at DESC LIMIT 1"
    )
    return jobs.get(store, row["job_id"]).result if row else None


def agreement_on_sides(store: Store) -> Interval | None:
    """How often two people's votes for a side are for the same, over the pairs that several judged; None for few."""
    votes = judgements(store).first_looks()
    votes = votes.where(votes.decided)
    total = np.bincount(votes.comparison)
    first = np.bincount(votes.comparison, votes.choice == 0, minlength=len(total))
    several = total > 1
    n, k = total[several].astype(np.float64), first[several]
    shares = (k * (k - 1) + (n - k) * (n - k - 1)) / (n * (n - 1))
    return wilson(float(shares.sum()), len(shares)) if len(shares) >= FEW else None


def sentences(found: dict[str, Any]) -> list[str]:
    """What the figures say."""
    said = [f"{found['votes']} votes stand to learn from, {found['decided']} of them for one side. {_enough(found)}"]
    curve = found["curve"]
    if curve is None:
        said.append("What they teach is unknown: the learning curve has not been measured.")
    else:
        last = curve["points"][-1]
        said.append(
            f"A small head on the policy's frozen features, taught with {last['votes']} votes, picks the chosen "
            f"answer in {_percent(last['accuracy'])} of {curve['unseen']} unseen ones."
        )
        said.append(_more(curve))
    said.append(_ceiling(found))
    said.append(_detectable(found))
    return said


def _enough(found: dict[str, Any]) -> str:
    return str(found["missing"] or "A round can start.")


def _more(curve: dict[str, Any]) -> str:
    gain = Interval(**curve["gain"])
    points = f"{100 * gain.value:.1f} points ({100 * gain.low:.1f} to {100 * gain.high:.1f})"
    said = f"Another {curve['more_labels']} labels are expected to add {points}, if accuracy goes on to rise as it did"
    return f"{said}; that may be nothing." if gain.low <= 0 else f"{said}."


def _ceiling(found: dict[str, Any]) -> str:
    if found["agreement"] is None:
        return (
            f"How far that is from the best possible is unknown: fewer than {FEW} pairs were judged by several people, "
            "so nobody knows how far they agree."
        )
    return (
        f"Two labelers agree in {_percent(found['agreement'])} of pairs, so that a model that always knew the better "
        f"answer would reach {found['ceiling']:.0%}."
    )


def _detectable(found: dict[str, Any]) -> str:
    heldout, rate, voters = found["heldout_prompts"], found["detectable"], found["detectable_to_voters"]
    if rate is None:
        return f"On {heldout} held-out prompts no difference between two models could be detected: import more prompts."
    said = f"On {heldout} held-out prompts a win rate of {rate:.0%} would be detected in four of five evaluations"
    if found["curve"] is None:
        return f"{said}, by a judge that never errs."
    if voters is None:
        return f"{said} by the judge; but one that errs as often as the head does could detect no difference to voters."
    return f"{said} by the judge, which is {voters:.0%} as voters would find it, if it errs as often as the head does."


def _missing(store: Store) -> str:
    try:
        readiness.check_labels(store)
    except UserError as error:
        return str(error)
    return ""


def _spread(store: Store) -> float:
    """Standard deviation of a prompt's share of wins, as the newest evaluation's interval tells it, else a coin's."""
    newest = next(iter(rounds.all_evaluations(store, 1)), None)
    if newest is None or newest.high <= newest.low:
        return COIN
    return min(COIN, (newest.high - newest.low) / (2 * Z95) * math.sqrt(newest.prompts))


def _win_rate(difference: float) -> float | None:
    return 0.5 + difference if difference <= 0.5 else None


def _percent(share: dict[str, float]) -> str:
    return f"{share['value']:.0%} ({100 * share['low']:.0f} to {100 * share['high']:.0f})"
