"""The Data page: everything there is, a table to each kind. The page itself is in `static/data*`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr

from labeling.accounts import require
from labeling.ui import curating, import_section, theme
from labeling.ui.actions import Actions
from labeling.ui.errors import UNREADABLE, sentence
from labeling.ui.identity import user_of
from storage import browse, curation, labels
from storage.browse import figures
from storage.browse.prompt_filters import PromptFilters
from storage.database import MOST_ID, Store
from storage.errors import UserError

SCRIPTS = ("data.js", "data_rows.js", "data_prompt.js", "data_deeds.js", "data_start.js")
LISTS: dict[str, tuple[Callable[..., browse.Page[Any]], type[PromptFilters]]] = {
    "prompts": (browse.prompts, browse.PromptListFilters),
    "pairs": (browse.pairs, browse.PairListFilters),
    "votes": (browse.votes, browse.VoteListFilters),
    "rankings": (browse.rankings, browse.RankingListFilters),
    "demonstrations": (browse.demonstrations, browse.DemonstrationListFilters),
    "thumbs": (browse.thumbs, browse.ThumbListFilters),
}


def page(store: Store, actions: Actions) -> None:
    """Put the page into the route that is being built. All of it is for researchers; each function asks by itself."""

    def researchers(function: Callable[[Store, str, dict[str, Any]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def asked_by(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
            return function(store, require(store, user_of(request), "researcher"), asked)

        for part in ("__module__", "__name__", "__qualname__"):  # by which the page, and the table of roles, know it
            setattr(asked_by, part, getattr(function, part))
        return sentence(asked_by)

    gr.HTML(
        html_template=theme.text("data.html"),
        js_on_load="".join(map(theme.text, SCRIPTS)),
        server_functions=[researchers(function) for function in (look, count, look_at, *curating.DEEDS)],
        apply_default_css=False,
    )
    import_section.section(store)


def look(store: Store, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    """One page of one kind of rows."""
    kind, edges = asked.get("kind"), {name: asked.get(name) for name in ("before", "after")}
    if not isinstance(kind, str) or kind not in LISTS or not all(_is_edge(edge) for edge in edges.values()):
        raise UserError(UNREADABLE)
    listing, filters = LISTS[kind]
    return asdict(listing(store, curating.filters_of(filters, asked.get("filters")), browse.Edge(**edges)))


def look_at(store: Store, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    """All about one prompt."""
    return asdict(browse.one_prompt(store, asked.get("prompt_id")))  # type: ignore[arg-type]  # checked there


def count(store: Store, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What stands around the rows. Counting reads all of them, so the page asks for it apart."""
    return {
        "tally": asdict(figures.tally(store)),
        "choices": {
            "labeler": figures.labelers(store),
            "tag": list(curation.tags(store)),
            "source": figures.sources(store),
            "model": figures.writers(store),
        },
        "withheld": figures.withheld(store),
        "waiting": labels.waiting(store),
        "snapshots": [asdict(snapshot) for snapshot in figures.taken_snapshots(store)],
    }


def _is_edge(edge: Any) -> bool:
    return edge is None or (type(edge) is int and 0 <= edge <= MOST_ID)
