"""A lineage as people and programs read it: phrases about each model, and one JSON object of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from storage import registry
from storage.database import Store
from storage.learned import Source
from storage.lineage import KINDS, Ancestor, Influence, Lineage, Won, labelers_behind, who
from storage.records import Model, Round

# Of a recipe and of what was measured, as much as goes into a line; a record has all.
SETTINGS = (
    *("seed", "fold", "tuning", "epochs", "max_steps", "learning_rate"),
    *("loss_type", "beta", "kl_coef", "rollouts"),
)
FIGURES = ("loss", "loss_before", "loss_after", "accuracy", "kl", "reward")


def as_record(found: Lineage) -> dict[str, Any]:
    """A lineage as one JSON object: the models from the asked one back, each naming those that it came from."""
    names = {one.model.model_id: one.model.name for one in found.ancestors}
    return {
        "name": found.ancestors[0].model.name,
        "labelers": who(found.behind),
        "models": [_record(one, names) for one in found.ancestors],
    }


def influence_record(labeler: str, found: Influence) -> dict[str, Any]:
    """What a labeler has shaped as one JSON object."""
    models = [
        {
            "name": one.model.name,
            "kind": one.model.kind,
            "status": one.model.status,
            "itself": one.itself,
            "votes": one.votes,
            "thumbs": one.thumbs,
            "demonstrations": one.demonstrations,
        }
        for one in found.shaped
    ]
    return {"labeler": labeler, "models": models, "untold": list(found.untold)}


def headline(found: Lineage) -> str:
    """In a sentence, how much of whose judgement is behind a model."""
    rows = who(found.behind)
    if not rows:
        return "No vote, thumb or demonstration of a labeler is behind it."
    counts = {kind: sum(row[kind] for row in rows) for kind in KINDS}
    given = [_counted(count, kind) for kind, count in counts.items() if count]
    verb = "is" if sum(counts.values()) == 1 else "are"
    return f"{_listed(given)} of {_counted(len(rows), 'labelers')} {verb} behind it."


def caveat(names: Sequence[str]) -> str:
    """What nobody can say any more, in a sentence; empty where all can be told."""
    if not names:
        return ""
    return f"What {_listed(list(names))} learned from is gone or damaged, so of that nothing can be said."


def untold(found: Lineage) -> list[str]:
    """The models of a lineage that learned from a file which is gone or damaged."""
    return [one.model.name for one in found.ancestors if any(source.ids is None for source in one.sources)]


def left_out(store: Store, this: Round) -> str:
    """Whom a round leaves out, and of whom its start had learned before; empty where nobody is left out."""
    names = this.recipe.get("exclude_labelers") or []
    if not names:
        return ""
    parent = registry.get(store, this.parent_id)
    behind = labelers_behind(store, parent)
    still = [name for name in names if name in behind]
    caution = f" {parent.name}, which it starts from, had learned from {_listed(still)} before." if still else ""
    return f"It learns as if {_listed(names)} had not voted.{caution}"


def made_how(model: Model) -> str:
    """How a model came to be, in a few words."""
    kind, round_id = model.card.get("kind"), model.card.get("round_id")
    if model.card.get("source"):
        return f"brought from {model.card['source']}"
    if round_id is not None:
        return f"made by {kind} as the {model.card['stage']} of round {round_id}"
    return f"made by {kind}" if kind else "registered without a card"


def learned(source: Source) -> str:
    """What a model learned from, and from whom, in a few words."""
    if source.ids is None:
        return f"{source.kind} in a file that is gone or damaged ({source.sha256[:12]})"
    by = _shares(list(source.labelers.items()))
    on = _shares([(name or "imported", count) for name, count in source.writers])
    return (
        f"{_counted(source.rows, source.kind)}"
        f"{f' by {by}' if by else ''}{f', on answers of {on}' if on else ''} (file {source.sha256[:12]})"
    )


def _shares(counts: list[tuple[str, int]]) -> str:
    """Names, each with its count where there are several."""
    return ", ".join(f"{name} ({count})" if len(counts) > 1 else name for name, count in counts)


def in_words(one: Ancestor) -> list[str]:
    """What a model learned from, how, and what was measured of it, a phrase each."""
    card = one.model.card
    said = [f"learned from {learned(source)}" for source in one.sources]
    if one.excluded:
        said.append(f"without what {', '.join(one.excluded)} said")
    settings = {**card.get("recipe", {}), "learning_rate": card.get("figures", {}).get("learning_rate")}
    if settings.get("max_steps"):
        settings.pop("epochs", None)  # of which it was not so many
    for title, values, names in (("recipe", settings, SETTINGS), ("figures", card.get("figures", {}), FIGURES)):
        shown = [f"{name} {_short(values[name])}" for name in names if values.get(name) is not None]
        said += [f"{title}: {', '.join(shown)}"] if shown else []
    return [*said, *(told(won) for won in one.won)]


def told(won: Won) -> str:
    """A comparison in a few words."""
    best = f", with the best of {won.best_of} answers" if won.best_of > 1 else ""
    interval = f"{won.low:.0%} to {won.high:.0%}"
    return f"wins {won.win_rate:.0%} against {won.against} ({interval}){best}, on {won.prompts} prompts, by {won.judge}"


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


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _counted(count: int, things: str) -> str:
    return f"{count} {things if count != 1 else things[:-1]}"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
