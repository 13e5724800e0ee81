"""Lineage: from a model back to all that it was made from, down to whose votes, thumbs and demonstrations those were.

A model's card names what its job read: files by their hash, and other models by their id or by the job that made them.
Following these leads from any model to everything behind it, and from a labeler to every model that they have shaped.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.learned import Ids, Kind, Source, counted, sources_of
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
# Of a recipe and of what was measured, as much as goes into a line; a record has all.
SETTINGS = ("seed", "fold", "tuning", "epochs", "learning_rate", "loss_type", "beta", "kl_coef", "rollouts")
FIGURES = ("loss", "loss_before", "loss_after", "accuracy", "kl", "reward")
WON = """
SELECT m.name AS against, e.judge, e.win_rate, e.low, e.high, e.prompts
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


def shaped_by(store: Store, labeler: str) -> list[Shaped]:
    """The models that a labeler's votes, thumbs or demonstrations have shaped, by themselves or through a model that
    they came from; oldest first. Raises UserError for a name of nobody, naming who may be meant.
    """
    known = on_record(store)
    if labeler not in known:
        close = difflib.get_close_matches(labeler, known, 1)
        raise UserError(
            f"There is no vote, no thumb and no demonstration of {labeler!r}."
            + (f" Did you mean {close[0]!r}?" if close else "")
        )
    made = _made_by(store)
    everyone = [_ancestor(store, model, made) for model in registry.models(store)]
    behind = _behind(everyone)
    found = []
    for one in everyone:
        counts = {kind: len(behind[one.model.model_id][kind].get(labeler, ())) for kind in KINDS}
        if any(counts.values()):
            itself = any(labeler in (source.ids or {}) for source in one.sources)
            found.append(Shaped(one.model, itself, **counts))
    return found


def who(behind: Behind) -> list[dict[str, Any]]:
    """How many rows of each labeler are behind a model, who has most first: labeler, votes, thumbs, demonstrations."""
    names = counted({name: rows for kind in KINDS for name, rows in behind[kind].items()})
    rows = [{"labeler": name, **{kind: len(behind[kind].get(name, ())) for kind in KINDS}} for name in names]
    return sorted(rows, key=lambda row: (*(-int(row[kind]) for kind in KINDS), row["labeler"]))


def as_record(found: Lineage) -> dict[str, Any]:
    """A lineage as one JSON object: the models from the asked one back, each naming those that it came from."""
    names = {one.model.model_id: one.model.name for one in found.ancestors}
    return {
        "name": found.ancestors[0].model.name,
        "labelers": who(found.behind),
        "models": [_record(one, names) for one in found.ancestors],
    }


def made_how(model: Model) -> str:
    """How a model came to be, in a few words."""
    kind, round_id = model.card.get("kind"), model.card.get("round_id")
    if model.card.get("source"):
        return f"brought from {model.card['source']}"
    if round_id is not None:
        return f"{kind}, the {model.card['stage']} of round {round_id}"
    return str(kind) if kind else "registered without a card"


def learned(source: Source) -> str:
    """What a model learned from, and from whom, in a few words."""
    if source.ids is None:
        return f"{source.kind} in a file that is gone or damaged ({source.sha256[:12]})"
    by = ", ".join(f"{name} {count}" for name, count in source.labelers.items())
    on = ", ".join(f"{name or 'imported'} {count}" for name, count in source.writers)
    return (
        f"{source.rows} {source.kind if source.rows != 1 else source.kind[:-1]}"
        f"{f' by {by}' if by else ''}{f', on answers of {on}' if on else ''} ({source.sha256[:12]})"
    )


def in_words(one: Ancestor) -> list[str]:
    """What a model learned from, how, and what was measured of it, a phrase each."""
    card = one.model.card
    said = [f"learned from {learned(source)}" for source in one.sources]
    if one.excluded:
        said.append(f"without what {', '.join(one.excluded)} said")
    settings = {**card.get("recipe", {}), "learning_rate": card.get("figures", {}).get("learning_rate")}
    for title, values, names in (("recipe", settings, SETTINGS), ("figures", card.get("figures", {}), FIGURES)):
        shown = [f"{name} {_short(values[name])}" for name in names if values.get(name) is not None]
        said += [f"{title}: {', '.join(shown)}"] if shown else []
    return [*said, *(told(won) for won in one.won)]


def told(won: Won) -> str:
    """A comparison in a few words."""
    return f"wins {won.win_rate:.0%} against {won.against} ({won.low:.0%} to {won.high:.0%}), by {won.judge}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


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


def _record(one: Ancestor, names: dict[int, str]) -> dict[str, Any]:
    card = one.model.card
    figures = {name: value for name, value in card.get("figures", {}).items() if name != "examples"}
    return {
        "name": one.model.name,
        "kind": one.model.kind,
        "status": one.model.status,
        "created_at": one.model.created_at,
        "made_by": card.get("kind"),
        "stage": card.get("stage"),
        "round_id": card.get("round_id"),
        "source": card.get("source"),
        "weights_sha256": card.get("weights_sha256"),
        "from": [{"model": names[model_id], "as": list(roles)} for model_id, roles in one.origins],
        "learned_from": [
            {
                "kind": source.kind,
                "sha256": source.sha256,
                "rows": source.rows if source.ids is not None else None,
                "labelers": source.labelers if source.ids is not None else None,
                "writers": [{"model": name or None, "answers": count} for name, count in source.writers],
            }
            for source in one.sources
        ],
        "excluded": list(one.excluded),
        "recipe": card.get("recipe", {}),
        "figures": figures,
        "evaluations": [asdict(won) for won in one.won],
    }
