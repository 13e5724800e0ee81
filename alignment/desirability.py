"""A snapshot's votes as single answers that are desirable or not, as KTO learns from them. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from alignment.preferences import Votes, sides_of
from storage.records import Message

MOST_IMBALANCE = 4 / 3


@dataclass(frozen=True)
class JudgedAnswer:
    """An answer that somebody found desirable, or not; one that was cut off is a `CutOff`."""

    prompt_id: int
    prompt: tuple[Message, ...]
    answer: str
    desirable: bool


def judged_answers(votes: Votes, fold: str, pairs: bool) -> list[JudgedAnswer]:
    """What a fold's votes say of single answers, in the order of the snapshot.

    Of a both-bad vote both answers are undesirable. With `pairs`, of a vote for one side the chosen answer is desirable
    and the other one not. A tie says only that two answers are alike, so it is left out.
    """
    found = []
    for row in votes:
        if row["fold"] == fold:
            for answer, desirable in _verdicts(row, pairs):
                found.append(JudgedAnswer(row["prompt_id"], tuple(row["prompt"]), answer, desirable))
    return found


def balancing_weights(desirable: int, undesirable: int) -> tuple[float, float]:
    """Weights of desirable and undesirable answers' losses, by how many there are of each; both counts at least 1.

    Their ratio, weight times count on either side, is to lie between 1 and 4/3 (Ethayarajh et al. 2024, eq. 8). Where
    it does not, the fewer ones weigh more, no more than it takes to reach the nearer bound.
    """
    ratio = desirable / undesirable
    if ratio < 1:
        return 1 / ratio, 1.0
    return 1.0, max(1.0, ratio / MOST_IMBALANCE)


def _verdicts(row: dict[str, object], pairs: bool) -> list[tuple[str, bool]]:
    first, second = sides_of(row)
    verdict = row["verdict"]
    if verdict == "both_bad":
        return [(first, False), (second, False)]
    if verdict in ("a", "b") and pairs:
        return [(first, verdict == "a"), (second, verdict == "b")]
    return []
