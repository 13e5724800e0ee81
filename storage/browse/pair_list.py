"""The pairs, newest first, with what was voted on them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage.browse.paging import NEWEST, Edge, Page, page
from storage.browse.prompt_filters import PromptFilters, conditions_of, prompt_conditions
from storage.browse.text_search import condition, few_pairs
from storage.database import Store
from storage.records import Message

ON_IT = "FROM showings s JOIN current_preferences p USING (showing_id) WHERE s.pair_id = r.pair_id"
CAST = "p.verdict NOT IN ('skip', 'withdrawn')"
LISTED = f"""
SELECT r.pair_id, r.prompt_id, r.source, r.created_at, q.messages, q.split, x.text AS a, y.text AS b,
       m.name AS model_a, n.name AS model_b, w.why AS withheld,
       (SELECT json_group_object(verdict, many) FROM (SELECT p.verdict, count(*) AS many {ON_IT}
           AND p.verdict <> 'withdrawn' GROUP BY p.verdict)) AS verdicts,
       (SELECT count(*) {ON_IT} AND EXISTS (SELECT 1 FROM preference_details d
           WHERE d.preference_id = p.preference_id AND d.flagged)) AS flags
FROM pairs r JOIN prompts q USING (prompt_id)
JOIN completions x ON x.completion_id = r.completion_a JOIN completions y ON y.completion_id = r.completion_b
LEFT JOIN models m ON m.model_id = x.model_id LEFT JOIN models n ON n.model_id = y.model_id
LEFT JOIN withheld_prompts w ON w.prompt_id = r.prompt_id
"""
PLACES = {"r.prompt_id": "prompts_text", "r.completion_a": "completions_text", "r.completion_b": "completions_text"}
FLAGGED = (
    "r.pair_id IN (SELECT s.pair_id FROM preference_details d CROSS JOIN current_preferences p USING (preference_id)"
    " CROSS JOIN showings s USING (showing_id) WHERE d.flagged)"
)
VOTED = {
    "none": f"NOT EXISTS (SELECT 1 {ON_IT} AND {CAST})",
    "some": f"EXISTS (SELECT 1 {ON_IT} AND {CAST})",
    "many": f"(SELECT count(*) {ON_IT} AND {CAST}) > 1",
    "contested": f"(SELECT count(DISTINCT p.verdict) {ON_IT} AND {CAST}) > 1",
}


@dataclass(frozen=True)
class PairListFilters(PromptFilters):
    """`source` is the pair's. `model` wrote one of the answers; `votes`: none, some, many, which is two and more, or
    contested, which is different verdicts; `labeler` has voted on it; `flagged`: any text for those with a flag.
    """

    model: str = ""
    votes: str = ""
    labeler: str = ""
    flagged: str = ""


ALL = PairListFilters()


@dataclass(frozen=True)
class ListedPair:
    """A pair in its own order; `verdicts` counts what stands by verdict (a, b, tie, both_bad, skip)."""

    pair_id: int
    prompt_id: int
    messages: tuple[Message, ...]
    a: str
    b: str
    model_a: str | None
    model_b: str | None
    verdicts: dict[str, int]
    flags: int
    source: str
    split: str
    withheld: str | None
    created_at: str


def pairs(store: Store, filters: PairListFilters = ALL, edge: Edge = NEWEST) -> Page[ListedPair]:
    """One page of the pairs that fit."""
    conditions = prompt_conditions(filters, source="r.source")
    if filters.match:
        conditions.append(condition("r.pair_id", few_pairs(store, filters.match), PLACES))
    known = {
        "prompt_id": "r.pair_id IN (SELECT pair_id FROM pairs WHERE prompt_id = :prompt_id)",
        "model": ":model IN (m.name, n.name)",
        "votes": VOTED.get(filters.votes, "false"),
        "labeler": f"EXISTS (SELECT 1 {ON_IT} AND {CAST} AND s.labeler = :labeler)",
        "flagged": FLAGGED,
    }
    conditions += conditions_of(filters, known)
    found = page(store, LISTED, conditions, "r.pair_id", filters.parameters, edge)
    listed = [
        ListedPair(**{**row, "messages": tuple(json.loads(row["messages"])), "verdicts": json.loads(row["verdicts"])})
        for row in found.rows
    ]
    return Page(listed, found.newer, found.older)
