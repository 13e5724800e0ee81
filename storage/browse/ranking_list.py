"""Sets of answers that were put in order at once, newest first: the rankings that stand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from storage.browse.paging import NEWEST, Edge, Page, page
from storage.browse.prompt_filters import PromptFilters, conditions_of, prompt_conditions
from storage.database import Store
from storage.records import Message

LISTED = """
SELECT k.ranking_id, e.prompt_id, q.messages, q.split, k.verdict, k.ranks, k.flagged, k.reasons, k.comment, s.labeler,
       k.created_at, (SELECT json_group_array(json_object('text', c.text, 'model', m.name, 'place', a.place))
           FROM set_answers a JOIN completions c USING (completion_id) LEFT JOIN models m USING (model_id)
           WHERE a.set_id = e.set_id) AS answers
FROM current_rankings k JOIN set_showings s USING (showing_id) JOIN answer_sets e USING (set_id)
JOIN prompts q USING (prompt_id)
"""
FOUND = (
    "(e.prompt_id IN (SELECT rowid FROM prompts_text WHERE prompts_text MATCH :match) OR EXISTS"
    " (SELECT 1 FROM set_answers a WHERE a.set_id = e.set_id AND a.completion_id IN"
    " (SELECT rowid FROM completions_text WHERE completions_text MATCH :match)))"
)
OF_PROMPT = (
    "k.ranking_id IN (SELECT ranking_id FROM answer_sets JOIN set_showings USING (set_id)"
    " JOIN rankings USING (showing_id) WHERE prompt_id = :prompt_id)"
)
KNOWN = {"prompt_id": OF_PROMPT, "labeler": "s.labeler = :labeler", "flagged": "k.flagged"}


@dataclass(frozen=True)
class RankingListFilters(PromptFilters):
    """`labeler` made it; `flagged`: any text for those with a flag."""

    labeler: str = ""
    flagged: str = ""


ALL = RankingListFilters()


@dataclass(frozen=True)
class RankedAnswer:
    """An answer and its rank, 1 for the best; 0 where the set was not put in order. Answers that tie share a rank."""

    rank: int
    text: str
    model: str | None


@dataclass(frozen=True)
class ListedRanking:
    """A ranking with its answers, the best first; `verdict` is ranked, all_bad or skip."""

    ranking_id: int
    prompt_id: int
    messages: tuple[Message, ...]
    split: str
    verdict: str
    answers: tuple[RankedAnswer, ...]
    flagged: bool
    reasons: tuple[str, ...]
    comment: str
    labeler: str
    created_at: str


def rankings(store: Store, filters: RankingListFilters = ALL, edge: Edge = NEWEST) -> Page[ListedRanking]:
    """One page of the rankings that fit."""
    conditions = ["k.verdict <> 'withdrawn'", *prompt_conditions(filters)]
    if filters.match:
        conditions.append(FOUND)
    conditions += conditions_of(filters, KNOWN)
    found = page(store, LISTED, conditions, "k.ranking_id", filters.parameters, edge)
    return Page([_listed(row) for row in found.rows], found.newer, found.older)


def _listed(row: dict[str, Any]) -> ListedRanking:
    answers = _in_order(json.loads(row["answers"]), json.loads(row.pop("ranks")))
    parts = {"messages": tuple(json.loads(row["messages"])), "reasons": tuple(json.loads(row["reasons"]))}
    return ListedRanking(**{**row, **parts, "answers": answers, "flagged": bool(row["flagged"])})


def _in_order(answers: list[dict[str, Any]], ranks: list[int]) -> tuple[RankedAnswer, ...]:
    """The answers with their ranks, which are in the set's own order."""
    placed = sorted(answers, key=lambda answer: answer["place"])
    pairs = zip(placed, ranks or [0] * len(placed), strict=True)
    ranked = [RankedAnswer(rank, answer["text"], answer["model"]) for answer, rank in pairs]
    return tuple(sorted(ranked, key=lambda answer: answer.rank))
