"""A snapshot's votes as pairs to learn from. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset

from storage.records import Message


@dataclass(frozen=True)
class Preference:
    """One vote for one side. `strength` is 1 (barely better) to 4 (far better)."""

    prompt_id: int
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    strength: int


def read_preferences(path: Path, fold: str) -> list[Preference]:
    """The votes for one side on a fold's prompts, in the order of the snapshot; ties and both-bad are no such votes."""
    return [_preference(row) for row in rows_of(path) if row["fold"] == fold and row["verdict"] in ("a", "b")]


def rows_of(path: Path) -> Sequence[dict[str, Any]]:
    """All rows of a snapshot, as its schema in `storage.snapshots` has them."""
    rows: Sequence[dict[str, Any]] = Dataset.from_parquet(str(path), keep_in_memory=True).to_list()
    return rows


def other_fold(fold: str) -> str:
    """The fold that a model trained on `fold` has not seen."""
    return "judge" if fold == "train" else "train"


def _preference(row: dict[str, Any]) -> Preference:
    sides = (row["completion_a"], row["completion_b"])
    chosen, rejected = sides if row["verdict"] == "a" else sides[::-1]
    return Preference(row["prompt_id"], tuple(row["prompt"]), chosen, rejected, row["strength"])
