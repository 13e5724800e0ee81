"""How lineage looks: what a model was made from as a tree, whose judgement is behind it, and whom a labeler shaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any
from urllib.parse import quote

import yaml

from labeling.ui.tables import scrolling_rows
from storage.lineage import KINDS, Ancestor, Influence, Lineage, who
from storage.lineage_words import caveat, headline, in_words, made_how, untold
from storage.records import Model


def behind(found: Lineage) -> str:
    """The whole of what is behind a model."""
    name = found.ancestors[0].model.name
    people = who(found.behind)
    given = _given(people)
    rows = [[_person(row["labeler"]), *(str(row[kind]) for kind in given)] for row in people]
    gone = caveat(untold(found))
    return (
        f'<section class="card verdict"><h1>What is behind {escape(name)}?</h1>'
        f'<p class="answer">{escape(headline(found))}</p>'
        f"{f'<p class=caution>{escape(gone)}</p>' if gone else ''}</section>"
        f"{_counted(['Labeler', *given], rows)}<h2>Where it comes from</h2>{_tree(found)}"
    )


def shaped(labeler: str, found: Influence) -> str:
    """Every model that a labeler has shaped, oldest first."""
    given = _given([asdict(one) for one in found.shaped])
    rows = [
        [
            f"{_link(one.model)} {_status(one.model)}",
            "itself" if one.itself else "through a model it came from",
            *(str(getattr(one, kind)) for kind in given),
        ]
        for one in found.shaped
    ]
    said = "" if rows else f'<p class="quiet">No model has learned from {escape(labeler)}.</p>'
    gone = caveat(found.untold)
    return (
        f"{said}{_counted(['Model', 'Learned from them', *given], rows)}"
        f"{f'<p class=labels>{escape(gone)}</p>' if gone else ''}"
    )


def _tree(found: Lineage) -> str:
    """The models as a list in lists, each told once; where it is met again a link leads to it."""
    by_id = {one.model.model_id: one for one in found.ancestors}
    told: set[int] = set()

    def item(one: Ancestor, roles: Sequence[str]) -> str:
        role = f'<span class="role">{escape(" and ".join(roles))}</span> ' if roles else ""
        if one.model.model_id in told:
            return f"<li>{role}<b>{escape(one.model.name)}</b>, as above</li>"
        told.add(one.model.model_id)
        below = "".join(item(by_id[origin], names) for origin, names in one.origins)
        return f"<li>{role}{_node(one, linked=bool(roles))}{f'<ul>{below}</ul>' if below else ''}</li>"

    return f'<ul class="tree card">{item(found.ancestors[0], ())}</ul>'


def _node(one: Ancestor, linked: bool) -> str:
    """A model: its name, how it was made, what it learned from and what was measured, and its card to open."""
    model = one.model
    name = _link(model) if linked else f"<b>{escape(model.name)}</b>"
    phrases = "".join(f"<p>{escape(phrase)}</p>" for phrase in in_words(one))
    card = _card(model)
    opened = (
        f"<details><summary>Recipe and figures in full</summary><pre>{escape(card)}</pre></details>" if card else ""
    )
    return f'{name} {_status(model)} <span class="how">· {escape(made_how(model))}</span>{phrases}{opened}'


def _card(model: Model) -> str:
    figures = {name: value for name, value in model.card.get("figures", {}).items() if name != "examples"}
    shown = {"recipe": model.card.get("recipe"), "figures": figures, "weights_sha256": model.card.get("weights_sha256")}
    kept = {name: value for name, value in shown.items() if value}
    return str(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)) if kept else ""


def _link(model: Model) -> str:
    return f'<a href="./lineage?model={quote(model.name)}">{escape(model.name)}</a>'


def _status(model: Model) -> str:
    return f'<span class="status {model.status}">{model.kind}, {model.status}</span>'


def _person(labeler: str) -> str:
    return f'<a href="./lineage?labeler={quote(labeler, safe="")}#labeler">{escape(labeler)}</a>'


def _given(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The kinds of judgement of which there are any in these rows."""
    return [kind for kind in KINDS if any(row[kind] for row in rows)]


def _counted(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of how many judgements of each kind there are; cells are HTML."""
    return scrolling_rows(" and ".join(heads), [head.capitalize() for head in heads], rows, "people")
