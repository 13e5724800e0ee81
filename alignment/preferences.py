"""A snapshot's votes as pairs to learn from. Imports no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from alignment.chatformat import CutOff
from storage.errors import UserError
from storage.records import Message

Votes = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Preference:
    """One vote, an answer that was cut off as a `CutOff`. `strength` is 1 (barely) to 4 (far better).

    Of a tie, which has strength 0, chosen and rejected are a and b. `weight` is what it counts for: the votes that one
    ranking comes to count for one together (Ouyang et al. 2022, equation 1: the mean over its pairs).
    """

    prompt_id: int
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    strength: int
    weight: float = 1.0


def read_votes(path: Path) -> Votes:
    """All rows of a snapshot, as its schema in `storage.snapshots` has them."""
    votes: Votes = pq.read_table(path).to_pylist()
    return votes


def preferences_of(votes: Votes, fold: str) -> list[Preference]:
    """The votes for one side on a fold's prompts, in the order of the snapshot; ties and both-bad are no such votes."""
    return _preferences(votes, fold, ("a", "b"))


def preferences_to_learn(votes: Votes, fold: str) -> list[Preference]:
    """As `preferences_of`; UserError where there is none, so nothing to learn from."""
    found = preferences_of(votes, fold)
    if not found:
        raise UserError(
            f"None of {len(votes)} votes is for one side and on a prompt of the {fold} fold: rank more pairs."
        )
    return found


def undecided(votes: Votes, fold: str) -> dict[str, int]:
    """How many votes on a fold's prompts are ties, and how many call both answers bad."""
    verdicts = [row["verdict"] for row in votes if row["fold"] == fold]
    return {"ties": verdicts.count("tie"), "both_bad": verdicts.count("both_bad")}


def ties_of(votes: Votes, fold: str) -> list[Preference]:
    """The ties on a fold's prompts, in the order of the snapshot."""
    return _preferences(votes, fold, ("tie",))


def answers_of(votes: Votes, fold: str) -> list[tuple[tuple[Message, ...], str]]:
    """Prompt and answer of every answer that a vote on a fold's prompts compared, each once, whatever the verdict."""
    rows = [row for row in votes if row["fold"] == fold]
    found = {(row["prompt_id"], text): (tuple(row["prompt"]), text) for row in rows for text in sides_of(row)}
    return list(found.values())


def other_fold(fold: str) -> str:
    """The fold that a model trained on `fold` has not seen."""
    return "judge" if fold == "train" else "train"


def sides_of(row: dict[str, Any]) -> tuple[str, str]:
    """A row's two answers, a and b."""
    a, b = (
        CutOff(row[f"completion_{side}"]) if row.get(f"ended_{side}") is False else row[f"completion_{side}"]
        for side in "ab"
    )
    return a, b


def _preferences(votes: Votes, fold: str, verdicts: Sequence[str]) -> list[Preference]:
    found = [row for row in votes if row["fold"] == fold]
    pairs = Counter(
        row.get("ranking_id") for row in found
    )  # snapshots from before there were rankings have no such column
    return [
        _preference(row, 1.0 if row.get("ranking_id") is None else 1 / pairs[row["ranking_id"]])
        for row in found
        if row["verdict"] in verdicts
    ]


def _preference(row: dict[str, Any], weight: float) -> Preference:
    sides = sides_of(row)
    chosen, rejected = sides[::-1] if row["verdict"] == "b" else sides
    return Preference(row["prompt_id"], tuple(row["prompt"]), chosen, rejected, row["strength"], weight)
