"""Votes and thumbs as single answers that are desirable or not, as KTO learns from them. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment.chatformat import CutOff
from alignment.preferences import Votes, sides_of
from storage.records import Message

MOST_IMBALANCE = 4 / 3

Ratings = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class JudgedAnswer:
    """An answer that somebody found desirable, or not; one that was cut off is a `CutOff`."""

    prompt_id: int
    prompt: tuple[Message, ...]
    answer: str
    desirable: bool


def read_ratings(path: Path) -> Ratings:
    """All rows of a file of thumbs, as `storage.ratings` freezes them."""
    with path.open(encoding="utf-8", newline="\n") as lines:  # not at U+2028, where `splitlines` cuts too
        return [json.loads(line) for line in lines]


def judged_answers(votes: Votes, fold: str, pairs: bool, ratings: Ratings = ()) -> list[JudgedAnswer]:
    """What a fold's votes, and then its thumbs, say of single answers, each in the order that they were frozen in.

    Of a both-bad vote both answers are undesirable. With `pairs`, of a vote for one side the chosen answer is desirable
    and the other one not. A tie says only that two answers are alike, so it is left out. A ranking says of each of its
    answers one thing: one that beats more of the others than beat it is desirable, one that is beaten by more is not,
    and one in the middle is left out. An answer with a thumb up is desirable, and one with a thumb down is not.
    """
    found = []
    for rows in _by_ranking(row for row in votes if row["fold"] == fold):
        prompt_id, prompt = rows[0]["prompt_id"], tuple(rows[0]["prompt"])
        said = [verdict for row in rows for verdict in _verdicts(row, pairs)]
        for answer, desirable in said if len(rows) == 1 else _on_balance(said):
            found.append(JudgedAnswer(prompt_id, prompt, answer, desirable))
    for row in ratings:
        if row["fold"] == fold:
            answer = CutOff(row["completion"]) if row["ended"] is False else row["completion"]
            found.append(JudgedAnswer(row["prompt_id"], tuple(row["prompt"]), answer, row["thumb"] == "up"))
    return found


def thumbs_on(ratings: Ratings, fold: str) -> dict[str, int]:
    """How many thumbs on a fold's prompts are up, and how many down."""
    thumbs = [row["thumb"] for row in ratings if row["fold"] == fold]
    return {"thumbs_up": thumbs.count("up"), "thumbs_down": thumbs.count("down")}


def balancing_weights(desirable: int, undesirable: int) -> tuple[float, float]:
    """Weights of desirable and undesirable answers' losses, by how many there are of each; both counts at least 1.

    Their ratio, weight times count on either side, is to lie between 1 and 4/3 (Ethayarajh et al. 2024, eq. 8). Where
    it does not, the fewer ones weigh more, no more than it takes to reach the nearer bound.
    """
    ratio = desirable / undesirable
    if ratio < 1:
        return 1 / ratio, 1.0
    return 1.0, max(1.0, ratio / MOST_IMBALANCE)


def _by_ranking(votes: Iterable[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Votes one by one, and those that a ranking comes to together, where its first one is."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for place, row in enumerate(votes):
        ranking_id = row.get("ranking_id")
        groups.setdefault(("vote", place) if ranking_id is None else ("ranking", ranking_id), []).append(row)
    return groups.values()


def _on_balance(said: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """What verdicts on the answers of one ranking come to: each answer once, if it wins more than it loses, or less."""
    balance: dict[str, int] = {}
    for answer, desirable in said:
        balance[answer] = balance.get(answer, 0) + (1 if desirable else -1)
    return [(answer, won > 0) for answer, won in balance.items() if won]


def _verdicts(row: dict[str, object], pairs: bool) -> list[tuple[str, bool]]:
    first, second = sides_of(row)
    verdict = row["verdict"]
    if verdict == "both_bad":
        return [(first, False), (second, False)]
    if verdict in ("a", "b") and pairs:
        return [(first, verdict == "a"), (second, verdict == "b")]
    return []
