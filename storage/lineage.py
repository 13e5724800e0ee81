"""Lineage: from a model back to all that it was made from, down to whose votes, thumbs and demonstrations those were.

A model's card names what its job read: files by their hash, and other models by their id or by the job that made them.
Following these leads from any model to everything behind it, and from a labeler to every model that they have shaped.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.learned import Ids, Kind, Source, sources_of
from storage.records import Model

KINDS: tuple[Kind, ...] = ("votes", "thumbs", "demonstrations")
# What a recipe calls a model that its job read, and what it is to the model that came of it.
ROLES = {
    "policy": "parent",
    "model": "parent",
    "reference": "reference",
    "reward_model": "reward model",
}
LABELERS = """
SELECT s.labeler FROM current_preferences p JOIN showings s USING (showing_id)
UNION SELECT labeler FROM current_ratings ORDER BY 1
"""
ON_RECORD = """
SELECT s.labeler FROM preferences p JOIN showings s USING (showing_id)
UNION SELECT labeler FROM ratings UNION SELECT labeler FROM demonstrations ORDER BY 1
"""
WON = """
SELECT m.name AS against, e.judge, e.win_rate, e.low, e.high, e.prompts,
       coalesce(json_extract(e.result, '$.best_of'), 1) AS best_of
FROM evaluations e JOIN models m ON m.model_id = e.against_id WHERE e.model_id = ? ORDER BY e.evaluation_id
"""
Behind = dict[Kind, Ids]  # all rows behind a model, each once however often it was learned from


@dataclass(frozen=True)
class Won:
    """How a model compared with another: win rate with its 95 % interval over so many prompts, by this judge."""

    against: str
    judge: str
    win_rate: float
    low: float
    high: float
    prompts: int
    best_of: int


@dataclass(frozen=True)
class Ancestor:
    """A model with what it was made from: files of labelers' rows, and other models by what they were to it.

    `excluded` are the labelers without whose rows its round was to learn.
    """

    model: Model
    sources: tuple[Source, ...]
    origins: tuple[tuple[int, tuple[str, ...]], ...]  # model_id, roles
    excluded: tuple[str, ...]
    won: tuple[Won, ...]


@dataclass(frozen=True)
class Lineage:
    """A model's ancestors with itself first, those it came from before those they came from; each once.

    `behind` has the rows that shaped it, its ancestors' included.
    """

    ancestors: tuple[Ancestor, ...]
    behind: Behind


@dataclass(frozen=True)
class Shaped:
    """A model that a labeler has shaped, with how many rows of theirs are behind it.

    `itself` says whether it learned from any of them itself, and not only a model that it came from.
    """

    model: Model
    itself: bool
    votes: int
    thumbs: int
    demonstrations: int


@dataclass(frozen=True)
class Influence:
    """The models that a labeler has shaped, oldest first.

    `untold` are the names of models of which nobody can say, for a file that they learned from is gone or damaged.
    """

    shaped: tuple[Shaped, ...]
    untold: tuple[str, ...]


def labelers(store: Store) -> list[str]:
    """Everybody of whom a vote or a thumb stands, by name."""
    return [row["labeler"] for row in store.rows(LABELERS)]


def on_record(store: Store) -> list[str]:
    """Everybody who ever voted, gave a thumb or wrote a demonstration, by name; a model may have learned from them."""
    return [row["labeler"] for row in store.rows(ON_RECORD)]


def labelers_behind(store: Store, model: Model) -> list[str]:
    """Whose votes, thumbs or demonstrations have shaped a model, its ancestors' included, who has most first."""
    return [row["labeler"] for row in who(lineage(store, model.name).behind)]


def lineage(store: Store, name: str) -> Lineage:
    """All that is behind a model. Raises UserError when there is none of that name."""
    known = {model.model_id: model for model in registry.models(store)}
    made = _made_by(store)
    waiting, found = [registry.by_name(store, name).model_id], dict[int, Ancestor]()
    while waiting:
        model_id = waiting.pop(0)
        if model_id not in found:
            found[model_id] = _ancestor(store, known[model_id], made)
            waiting += [origin for origin, _ in found[model_id].origins]
    behind = _behind(found.values())
    return Lineage(tuple(found.values()), next(behind[model_id] for model_id in found))


def influence(store: Store, labeler: str) -> Influence:
    """The models that a labeler's votes, thumbs or demonstrations have shaped, themselves or through one before them.

    Raises UserError for somebody who never gave any, naming who may be meant.
    """
    known = on_record(store)
    if labeler not in known:
        close = difflib.get_close_matches(labeler, known, 1)
        meant = f" Did you mean {close[0]!r}?" if close else ""
        raise UserError(f"There is no vote, no thumb and no demonstration of {labeler!r}.{meant}")
    made = _made_by(store)
    everyone = [_ancestor(store, model, made) for model in registry.models(store)]
    behind = _behind(everyone)
    shaped = []
    for one in everyone:
        counts = {kind: len(behind[one.model.model_id][kind].get(labeler, ())) for kind in KINDS}
        if any(counts.values()):
            itself = any(labeler in (source.ids or {}) for source in one.sources)
            shaped.append(Shaped(one.model, itself, **counts))
    untold = tuple(one.model.name for one in everyone if any(source.ids is None for source in one.sources))
    return Influence(tuple(shaped), untold)


def who(behind: Behind) -> list[dict[str, Any]]:
    """How many rows of each labeler are behind a model, who has most first: labeler, votes, thumbs, demonstrations."""
    names = {name for kind in KINDS for name in behind[kind]}
    rows = [{"labeler": name, **{kind: len(behind[kind].get(name, ())) for kind in KINDS}} for name in names]
    return sorted(rows, key=lambda row: (*(-int(row[kind]) for kind in KINDS), row["labeler"]))


def _ancestor(store: Store, model: Model, made: dict[int, int]) -> Ancestor:
    round_id = model.card.get("round_id")
    this = store.row("SELECT recipe FROM rounds WHERE round_id = ?", [round_id])
    return Ancestor(
        model,
        tuple(sources_of(store, model)),
        _origins(model, made),
        tuple(json.loads(this["recipe"]).get("exclude_labelers", [])) if this else (),
        tuple(Won(**row) for row in store.rows(WON, [model.model_id])),
    )


def _made_by(store: Store) -> dict[int, int]:
    """Job to the model that it made."""
    rows = store.rows("SELECT job_id, model_id FROM models WHERE job_id IS NOT NULL")
    return {row["job_id"]: row["model_id"] for row in rows}


def _origins(model: Model, made: dict[int, int]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    roles: dict[int, list[str]] = {} if model.parent_id is None else {model.parent_id: ["parent"]}
    for key, role in ROLES.items():
        reference = model.card.get("recipe", {}).get(key)
        if isinstance(reference, dict):
            model_id = reference.get("model_id", made.get(reference.get("job_id", 0)))
            if model_id is not None and role not in roles.setdefault(model_id, []):
                roles[model_id].append(role)
    return tuple((model_id, tuple(names)) for model_id, names in roles.items())


def _behind(ancestors: Iterable[Ancestor]) -> dict[int, Behind]:
    """The rows behind each model; a model is registered after those that it came from, so in the order of their ids."""
    behind: dict[int, Behind] = {}
    for one in sorted(ancestors, key=lambda one: one.model.model_id):
        own: list[tuple[Kind, Ids]] = [(source.kind, source.ids or {}) for source in one.sources]
        before = [(kind, behind[origin][kind]) for origin, _ in one.origins for kind in KINDS]
        behind[one.model.model_id] = {
            kind: _union([ids for its, ids in [*own, *before] if its == kind]) for kind in KINDS
        }
    return behind


def _union(several: list[Ids]) -> Ids:
    names = {name for ids in several for name in ids}
    return {name: frozenset().union(*(ids.get(name, frozenset()) for ids in several)) for name in names}
