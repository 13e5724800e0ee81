"""Thumbs on single answers, newest first: those that stand."""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage.browse.paging import NEWEST, Edge, Page, page
from storage.browse.prompt_filters import PromptFilters, conditions_of, prompt_conditions
from storage.browse.text_search import condition
from storage.database import Store
from storage.records import Message

LISTED = """
SELECT t.rating_id, c.prompt_id, q.messages, q.split, c.text, m.name AS model, t.thumb, t.labeler, t.created_at
FROM current_ratings t JOIN completions c USING (completion_id) JOIN prompts q USING (prompt_id)
LEFT JOIN models m USING (model_id)
"""
PLACES = {"c.prompt_id": "prompts_text", "c.completion_id": "completions_text"}
KNOWN = {
    "prompt_id": "c.prompt_id = :prompt_id",
    "thumb": "t.thumb = :thumb",
    "labeler": "t.labeler = :labeler",
    "model": "m.name = :model",
}


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
    conditions = prompt_conditions(filters)
    if filters.match:
        conditions.append(condition("t.rating_id", None, PLACES))
    conditions += conditions_of(filters, KNOWN)
    found = page(store, LISTED, conditions, "t.rating_id", filters.parameters, edge)
    listed = [ListedThumb(**{**row, "messages": tuple(json.loads(row["messages"]))}) for row in found.rows]
    return Page(listed, found.newer, found.older)
