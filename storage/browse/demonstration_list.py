"""What labelers wrote themselves, newest first: the answers that stand."""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage.browse.paging import NEWEST, Edge, Page, page
from storage.browse.prompt_filters import PromptFilters, conditions_of, prompt_conditions
from storage.browse.text_search import condition
from storage.database import Store
from storage.records import Message

LISTED = """
SELECT d.demonstration_id, d.prompt_id, q.messages, q.split, d.text, d.labeler, d.created_at
FROM current_demonstrations d JOIN prompts q USING (prompt_id)
"""
PLACES = {"d.prompt_id": "prompts_text", "d.demonstration_id": "demonstrations_text"}
KNOWN = {"prompt_id": "d.prompt_id = :prompt_id", "labeler": "d.labeler = :labeler"}


@dataclass(frozen=True)
class DemonstrationListFilters(PromptFilters):
    """`labeler` wrote it."""

    labeler: str = ""


ALL = DemonstrationListFilters()


@dataclass(frozen=True)
class ListedDemonstration:
    """An answer that a labeler wrote."""

    demonstration_id: int
    prompt_id: int
    messages: tuple[Message, ...]
    split: str
    text: str
    labeler: str
    created_at: str


def demonstrations(
    store: Store, filters: DemonstrationListFilters = ALL, edge: Edge = NEWEST
) -> Page[ListedDemonstration]:
    """One page of the demonstrations that fit."""
    conditions = prompt_conditions(filters)
    if filters.match:
        conditions.append(condition("d.demonstration_id", None, PLACES))
    conditions += conditions_of(filters, KNOWN)
    found = page(store, LISTED, conditions, "d.demonstration_id", filters.parameters, edge)
    listed = [ListedDemonstration(**{**row, "messages": tuple(json.loads(row["messages"]))}) for row in found.rows]
    return Page(listed, found.newer, found.older)
