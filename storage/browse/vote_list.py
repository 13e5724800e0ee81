"""What was voted, newest first, as the labelers saw it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from storage.browse.paging import NEWEST, Edge, Page, page
from storage.browse.prompt_filters import PromptFilters, conditions_of, prompt_conditions
from storage.browse.text_search import FEW, condition, few_pairs, few_rows
from storage.database import Store
from storage.details import NOTHING, details_of, turned
from storage.labels import STANDING_VOTES
from storage.records import Details, Message

SHOWN = f"""
SELECT p.preference_id, s.showing_id, r.pair_id, r.prompt_id, p.verdict, p.strength, p.created_at, s.labeler,
       s.flipped, q.messages, x.text AS a, y.text AS b
{STANDING_VOTES}"""
LEFT = "((p.verdict = 'a' AND NOT s.flipped) OR (p.verdict = 'b' AND s.flipped))"
RIGHT = "((p.verdict = 'b' AND NOT s.flipped) OR (p.verdict = 'a' AND s.flipped))"
FLAGGED = "p.preference_id IN (SELECT preference_id FROM preference_details WHERE flagged)"
VERDICTS = {
    "left": LEFT,
    "right": RIGHT,
    **{verdict: f"p.verdict = '{verdict}'" for verdict in ("tie", "both_bad")},
    "skip": f"p.verdict = 'skip' AND NOT {FLAGGED}",
    "flagged": FLAGGED,
}
MODEL = ":model IN (SELECT name FROM models m WHERE m.model_id IN (x.model_id, y.model_id))"
OF_PROMPT = (
    "p.preference_id IN (SELECT preference_id FROM pairs JOIN showings USING (pair_id)"
    " JOIN preferences USING (showing_id) WHERE prompt_id = :prompt_id)"
)
PLACES = {
    "r.prompt_id": "prompts_text",
    "r.completion_a": "completions_text",
    "r.completion_b": "completions_text",
    "p.preference_id": "comments_text",
}


@dataclass(frozen=True)
class VoteListFilters(PromptFilters):
    """`verdict` as shown: left, right, tie, both_bad, skip, or flagged; `labeler` cast it, on an answer of `model`.
    `source` is the pair's.
    """

    verdict: str = ""
    labeler: str = ""
    model: str = ""


ALL = VoteListFilters()


@dataclass(frozen=True)
class ShownVote:
    """A standing vote: sides, verdict (left, right, tie, both_bad, skip) and ratings in the order shown."""

    preference_id: int
    showing_id: int
    pair_id: int
    prompt_id: int
    labeler: str
    prompt: tuple[Message, ...]
    left: str
    right: str
    verdict: str
    strength: int
    created_at: str
    details: Details


def votes(store: Store, filters: VoteListFilters = ALL, edge: Edge = NEWEST) -> Page[ShownVote]:
    """One page of the standing votes that fit."""
    conditions = ["p.verdict <> 'withdrawn'", *prompt_conditions(filters, source="r.source")]
    if filters.match:
        conditions.append(condition("p.preference_id", _few_votes(store, filters.match), PLACES))
    known = {
        "prompt_id": OF_PROMPT,
        "verdict": VERDICTS.get(filters.verdict, "false"),
        "labeler": _by_labeler(store, filters.labeler) if filters.labeler else "",
        "model": MODEL,
    }
    conditions += conditions_of(filters, known)
    found = page(store, SHOWN, conditions, "p.preference_id", filters.parameters, edge)
    said = details_of(store, [row["preference_id"] for row in found.rows])
    return Page(
        [_shown_vote(row, said.get(row["preference_id"], NOTHING)) for row in found.rows], found.newer, found.older
    )


def _few_votes(store: Store, match: str) -> list[int] | None:
    """The ids of the votes with a match in their prompt, an answer or their comment; None where they may be many."""
    pairs, commented = few_pairs(store, match), few_rows(store, "comments_text", match)
    if pairs is None or commented is None:
        return None
    rows = store.rows(
        "SELECT p.preference_id FROM json_each(?) CROSS JOIN showings s ON s.pair_id = value"
        " CROSS JOIN preferences p USING (showing_id)",
        [json.dumps(pairs)],
    )
    return [*commented, *(row["preference_id"] for row in rows)]


def _by_labeler(store: Store, labeler: str) -> str:
    """The condition on whose a vote is: somebody's few are looked up and sorted, many are met soon on the way from the
    newest vote on, for which the plus keeps SQLite from its index (https://www.sqlite.org/optoverview.html, 1).
    """
    shown = store.rows(f"SELECT 1 FROM showings WHERE labeler = ? LIMIT {FEW + 1}", [labeler])
    return "s.labeler = :labeler" if len(shown) <= FEW else "+s.labeler = :labeler"


def _shown_vote(row: dict[str, Any], details: Details) -> ShownVote:
    flipped = bool(row["flipped"])
    left, right = (row["b"], row["a"]) if flipped else (row["a"], row["b"])
    sides = {"a": "right" if flipped else "left", "b": "left" if flipped else "right"}
    return ShownVote(
        row["preference_id"],
        row["showing_id"],
        row["pair_id"],
        row["prompt_id"],
        row["labeler"],
        tuple(json.loads(row["messages"])),
        left,
        right,
        sides.get(row["verdict"], row["verdict"]),
        row["strength"],
        row["created_at"],
        turned(details, flipped),
    )
