"""Whose judgement a model learned from: the labelers behind the rows of the files that its job read.

The files are immutable and named by their hash, and the card of the model names them, so this is told of any model,
however much was voted since.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from storage.database import Store
from storage.former import known_as
from storage.frozen import path_of
from storage.records import Model

Kind = Literal["votes", "thumbs", "demonstrations"]
Ids = dict[str, frozenset[int]]  # of rows, by labeler
Counts = tuple[tuple[str, int], ...]
COLUMNS = ("labeler", "preference_id", "fold", "verdict", "model_a", "model_b")
# A reward model learns from both-bad votes where its zero is; DPO and KTO as `alignment` has it.
VERDICTS = {"reward": {"a", "b", "tie", "both_bad"}, "dpo": {"a", "b"}, "kto": {"a", "b", "both_bad"}}


@dataclass(frozen=True)
class Source:
    """A file of labelers' rows that a model learned from.

    `ids` are those of the rows that its training made use of, by labeler; None where the file is gone or unreadable.
    `writers` are the models that wrote the answers voted on, each with how many, None in the place of imported ones.
    """

    kind: Kind
    name: str
    sha256: str
    ids: Ids | None
    writers: Counts = ()

    @property
    def rows(self) -> int:
        """How many rows it learned from."""
        return sum(map(len, (self.ids or {}).values()))

    @property
    def labelers(self) -> dict[str, int]:
        """Rows by labeler, who has most first."""
        return counted(self.ids or {})


def sources_of(store: Store, model: Model) -> list[Source]:
    """The files of labelers' rows that a model itself learned from, without those behind the models it came from."""
    recipe = model.card.get("recipe", {})
    found = []
    for name, source in model.card.get("inputs", {}).items():
        if "snapshot" in source:
            found.append(_votes(store, str(model.card.get("kind")), recipe, name, source["snapshot"]))
        elif "ratings" in source:
            path = path_of(store, "ratings", source["ratings"])
            fold = str(recipe.get("fold", "train"))
            found.append(Source("thumbs", name, source["ratings"], _lines(store, path, "rating_id", fold)))
        elif name.startswith("demonstrations") and "copy" in source:
            path = path_of(store, "demonstrations", source["sha256"])
            ids = _lines(store, path, "demonstration_id", None)
            found.append(Source("demonstrations", name, source["sha256"], ids))
    return found


def counted(ids: Ids) -> dict[str, int]:
    """How many rows each labeler has, who has most first."""
    return dict(sorted(((name, len(rows)) for name, rows in ids.items()), key=lambda one: (-one[1], one[0])))


def _votes(store: Store, kind: str, recipe: dict[str, Any], name: str, sha256: str) -> Source:
    """The votes of the fold that it was trained on, of the verdicts that its method learns from."""
    learned = VERDICTS.get(kind, set()) - ({"a", "b"} if recipe.get("pairs") is False else set())
    try:
        rows = _table(store.snapshots / f"{sha256}.parquet")
    except (OSError, pa.ArrowException, KeyError):
        return Source("votes", name, sha256, None)
    used = [row for row in rows if row["fold"] == recipe.get("fold", "train") and row["verdict"] in learned]
    writers = Counter(row[side] or "" for row in used for side in ("model_a", "model_b"))
    ids = _grouped(store, used, "preference_id")
    return Source("votes", name, sha256, ids, tuple((writer, count) for writer, count in writers.most_common()))


@lru_cache(maxsize=64)
def _table(path: Path) -> list[dict[str, Any]]:
    """Rows of a snapshot, which never changes: an error is not kept, but what was read is."""
    rows: list[dict[str, Any]] = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    return rows


def _lines(store: Store, path: Path, key: str, fold: str | None) -> Ids | None:
    """Ids of a file of JSON lines by labeler, of one fold where one is named; None where it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            rows = [json.loads(line) for line in lines]
    except (OSError, ValueError):
        return None
    return _grouped(store, [row for row in rows if fold is None or row["fold"] == fold], key)


def _grouped(store: Store, rows: list[dict[str, Any]], key: str) -> Ids:
    by: dict[str, set[int]] = {}
    called = known_as(store.db())
    for row in rows:
        by.setdefault(called(row["labeler"]), set()).add(row[key])
    return {labeler: frozenset(ids) for labeler, ids in by.items()}
