"""Thumbs on single answers, newest first: those that stand."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from storage.browse.paging import NEWEST, Edge, Page, page
from storage.browse.prompt_filters import PromptFilters, prompt_conditions
from storage.browse.text_search import condition, match_of
from storage.database import Store
from storage.records import Message

LISTED = """
SELECT t.rating_id, c.prompt_id, q.messages, q.split, c.text, m.name AS model, t.thumb, t.labeler, t.created_at
FROM current_ratings t JOIN completions c USING (completion_id) JOIN prompts q USING (prompt_id)
LEFT JOIN models m USING (model_id)
"""
PLACES = {"c.prompt_id": "prompts_text", "c.completion_id": "completions_text"}


@dataclass(frozen=True)
class ThumbListFilters(PromptFilters):
    """`thumb` is up or down; `labeler` gave it, on an answer of `model`."""

    thumb: str = ""
    labeler: str = ""
    model: str = ""


ALL = ThumbListFilters()


@dataclass(frozen=True)
class ListedThumb:
    """A thumb, and the answer that it is on."""

    rating_id: int
    prompt_id: int
    messages: tuple[Message, ...]
    split: str
    text: str
    model: str | None
    thumb: str
    labeler: str
    created_at: str


def thumbs(store: Store, filters: ThumbListFilters = ALL, edge: Edge = NEWEST) -> Page[ListedThumb]:
    """One page of the thumbs that fit."""
    match = match_of(filters.search)
    conditions = prompt_conditions(filters)
    if match:
        conditions.append(condition("t.rating_id", None, PLACES))
    if filters.prompt_id:
        conditions.append("c.prompt_id = :prompt_id")
    for name, column in (("thumb", "t.thumb"), ("labeler", "t.labeler"), ("model", "m.name")):
        if getattr(filters, name):
            conditions.append(f"{column} = :{name}")
    found = page(store, LISTED, conditions, "t.rating_id", {**asdict(filters), "match": match}, edge)
    listed = [ListedThumb(**{**row, "messages": tuple(json.loads(row["messages"]))}) for row in found.rows]
    return Page(listed, found.newer, found.older)
