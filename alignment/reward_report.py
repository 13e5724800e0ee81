"""What a reward model's scores of unseen votes say about it: the report beside its weights. Imports no torch.

Every share comes with its 95 % interval, which counts prompts and not votes, since votes on one prompt are not
independent. A vote's margin is the score of the chosen answer less that of the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from alignment.agreement import (
    ALL_AGREE,
    DIVIDED,
    ONCE,
    Agreement,
    best_accuracy,
    between_labelers,
    comparison,
    levels,
    within_labelers,
)
from alignment.preference_figures import preference_figures, probability
from alignment.preferences import Votes
from alignment.statistics import calibration_bins, correlation
from storage.records import prompt_text

Report = dict[str, Any]
STRENGTHS = ["1, barely", "2", "3", "4, far better"]
MISTAKES = 10
POINTS = 300  # answers in the plot of score against length
ENOUGH_PROMPTS = 10  # of the newest policy, to say that a model has grown stale


@dataclass(frozen=True)
class ScoredVote:
    """A row of a snapshot with the scores of its two answers."""

    row: dict[str, Any]
    score_a: float
    score_b: float

    @property
    def margin(self) -> float:
        """Score of the chosen answer less the other's; of a vote for no side, a's less b's."""
        difference = self.score_a - self.score_b
        return -difference if self.row["verdict"] == "b" else difference

    @property
    def writer(self) -> str:
        """Who wrote the pair: a policy, two of them, or nobody known."""
        names = list(dict.fromkeys([self.row["model_a"] or "imported", self.row["model_b"] or "imported"]))
        return " and ".join(names)


def reward_report(votes: Votes, scored: Sequence[ScoredVote]) -> Report:
    """The report on a model that has scored `scored`, its unseen votes of all verdicts, out of the snapshot `votes`."""
    decided = [vote for vote in scored if vote.row["verdict"] in ("a", "b")]
    ties = [abs(vote.margin) for vote in scored if vote.row["verdict"] == "tie"]
    return {
        "votes": len(votes),
        "newest_vote": max((row["preference_id"] for row in votes), default=None),
        "accuracy": _accuracy(decided),
        "ties": len(ties),
        "both_bad": sum(vote.row["verdict"] == "both_bad" for vote in scored),
        "mean_margin": {"ties": _mean(ties), "votes": _mean([abs(vote.margin) for vote in decided])},
        "ceiling": _ceiling(votes),
        "slices": _slices(votes, decided),
        "calibration": _calibration(decided),
        "length": _length(scored),
        "mistakes": _mistakes(decided),
        "newest": newest_policy(decided),
    }


def headline(report: Report) -> dict[str, float | int]:
    """The report's main figures as a job's result has them; only the number of votes, 0, where there is none."""
    accuracy = report["accuracy"]
    if not accuracy["votes"]:
        return {"heldout_pairs": 0}
    return {
        "heldout_pairs": accuracy["votes"],
        "heldout_prompts": accuracy["prompts"],
        "accuracy": accuracy["accuracy"],
        "accuracy_low": accuracy["low"],
        "accuracy_high": accuracy["high"],
        "ece": report["calibration"]["ece"],
        "length_correlation": report["length"]["correlation"],
    }


def newest_policy(decided: Sequence[ScoredVote]) -> Report | None:
    """Accuracy on the newest policy's pairs beside that on all older ones; None where one policy wrote them all.

    `stale` says that the first is below the interval of the second, on enough prompts to say so.
    """
    writers = _by(decided, lambda vote: vote.writer)
    if len(writers) < 2:
        return None
    name = max(writers, key=lambda writer: min(vote.row["pair_id"] for vote in writers[writer]))
    newest = _accuracy(writers[name])
    older = _accuracy([vote for vote in decided if vote.writer != name])
    below = newest["accuracy"] < older["low"]
    return {
        "policy": name,
        **newest,
        "older": older,
        "enough": newest["prompts"] >= ENOUGH_PROMPTS,
        "stale": below and newest["prompts"] >= ENOUGH_PROMPTS,
    }


def _accuracy(decided: Sequence[ScoredVote]) -> Report:
    """How many votes on how many prompts, and if there are any the accuracy with its interval."""
    figures = preference_figures([vote.margin for vote in decided], [vote.row["prompt_id"] for vote in decided])
    counted = {"votes": len(decided), "prompts": len({vote.row["prompt_id"] for vote in decided})}
    if not decided:
        return counted
    return {
        **counted,
        "accuracy": figures["accuracy"],
        "low": figures["accuracy_low"],
        "high": figures["accuracy_high"],
    }


def _ceiling(votes: Votes) -> Report:
    """How far labelers agree with each other and with themselves, over the whole snapshot; None where nobody knows."""
    between, within = between_labelers(votes), within_labelers(votes)
    return {
        "between": _share(between),
        "within": _share(within),
        "best": best_accuracy(between.share.value) if between else None,
    }


def _share(agreement: Agreement | None) -> Report | None:
    if agreement is None:
        return None
    share = agreement.share
    return {
        "agreement": share.value,
        "low": share.low,
        "high": share.high,
        "comparisons": agreement.comparisons,
    }


def _slices(votes: Votes, decided: Sequence[ScoredVote]) -> Report:
    """Accuracy by round (the policy that wrote the pair, oldest first), labeler, agreement and strength."""
    level = levels(votes)
    by_pair = sorted(decided, key=lambda vote: vote.row["pair_id"])
    sides: dict[str, dict[str, list[ScoredVote]]] = {
        "round": _by(by_pair, lambda vote: vote.writer),
        "labeler": _by(sorted(decided, key=lambda vote: vote.row["labeler"]), lambda vote: vote.row["labeler"]),
        "agreement": _by(decided, lambda vote: level[comparison(vote.row)], [ALL_AGREE, DIVIDED, ONCE]),
        "strength": _by(decided, lambda vote: STRENGTHS[vote.row["strength"] - 1], STRENGTHS),
    }
    return {
        side: [{"name": name, **_accuracy(group)} for name, group in groups.items()] for side, groups in sides.items()
    }


def _by(
    votes: Sequence[ScoredVote], key: Callable[[ScoredVote], str], order: Sequence[str] = ()
) -> dict[str, list[ScoredVote]]:
    """Votes in groups, named in the given order and else as they come; none is empty."""
    groups: dict[str, list[ScoredVote]] = {name: [] for name in order}
    for vote in votes:
        groups.setdefault(key(vote), []).append(vote)
    return {name: group for name, group in groups.items() if group}


def _calibration(decided: Sequence[ScoredVote]) -> Report:
    """How often the answer that the model prefers won, beside the probability that it gave to that."""
    sure = [probability(abs(vote.margin)) for vote in decided]
    won = [1.0 if vote.margin > 0 else 0.5 if vote.margin == 0 else 0.0 for vote in decided]
    bins = calibration_bins(sure, won)
    figures = preference_figures([vote.margin for vote in decided], [vote.row["prompt_id"] for vote in decided])
    return {
        "ece": figures.get("ece"),
        "bins": [{"probability": one.probability, "won": one.outcome, "votes": one.count} for one in bins],
    }


def _length(scored: Sequence[ScoredVote]) -> Report:
    """Score against words of each unseen answer, and some of them as points, evenly picked."""
    answers: dict[tuple[int, str], float] = {}
    for vote in scored:
        for side, score in (("a", vote.score_a), ("b", vote.score_b)):
            answers[vote.row["prompt_id"], vote.row[f"completion_{side}"]] = score
    points = [(len(text.split()), round(score, 4)) for (_, text), score in answers.items()]
    every = math.ceil(len(points) / POINTS) or 1
    return {
        "answers": len(points),
        "correlation": correlation([score for _, score in points], [words for words, _ in points]),
        "points": [list(point) for point in points[::every]],
    }


def _mistakes(decided: Sequence[ScoredVote]) -> list[Report]:
    """The votes that the model contradicts most confidently."""
    wrong = sorted((vote for vote in decided if vote.margin < 0), key=lambda vote: vote.margin)
    return [_mistake(vote) for vote in wrong[:MISTAKES]]


def _mistake(vote: ScoredVote) -> Report:
    chosen, rejected = ("b", "a") if vote.row["verdict"] == "b" else ("a", "b")
    return {
        "preference_id": vote.row["preference_id"],
        "labeler": vote.row["labeler"],
        "strength": vote.row["strength"],
        "probability": probability(-vote.margin),  # that the model gives to the answer that was not chosen
        "prompt": prompt_text(vote.row["prompt"]),
        "chosen": vote.row[f"completion_{chosen}"],
        "rejected": vote.row[f"completion_{rejected}"],
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
