"""The prompts, newest first: what came of each, and what was decided about it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage.browse.paging import NEWEST, Edge, Page, page, patience
from storage.browse.pair_list import CAST
from storage.browse.prompt_filters import PromptFilters, conditions_of, prompt_conditions
from storage.browse.text_search import condition, few_rows
from storage.database import Store
from storage.records import Message

VOTES = (
    "(SELECT count(*) FROM pairs r JOIN showings s USING (pair_id) JOIN current_preferences p USING (showing_id)"
    f" WHERE r.prompt_id = q.prompt_id AND {CAST})"
)
LISTED = f"""
SELECT q.prompt_id, q.messages, q.split, q.source, q.created_at, w.why AS withheld,
       (SELECT count(*) FROM completions c WHERE c.prompt_id = q.prompt_id) AS answers,
       (SELECT count(*) FROM pairs r WHERE r.prompt_id = q.prompt_id) AS pairs, {VOTES} AS votes,
       (SELECT json_group_array(tag) FROM current_prompt_tags t WHERE t.prompt_id = q.prompt_id) AS tags,
       (SELECT json_group_array(DISTINCT kind) FROM personal_data d WHERE d.prompt_id = q.prompt_id) AS personal_data
FROM prompts q LEFT JOIN withheld_prompts w USING (prompt_id)
"""
MODEL = (
    "EXISTS (SELECT 1 FROM completions c JOIN models m USING (model_id)"
    " WHERE c.prompt_id = q.prompt_id AND m.name = :model)"
)
FLAGGED = (
    "q.prompt_id IN (SELECT r.prompt_id FROM preference_details d"
    " CROSS JOIN current_preferences p USING (preference_id) CROSS JOIN showings s USING (showing_id)"
    " CROSS JOIN pairs r USING (pair_id) WHERE d.flagged)"
)
VOTED = {"none": f"{VOTES} = 0", "some": f"{VOTES} > 0", "many": f"{VOTES} > 4"}


@dataclass(frozen=True)
class PromptListFilters(PromptFilters):
    """`model`: it has an answer by the model of that name. `votes`: none, some, or many, which is five and more.
    `flagged`: any text for those on which a labeler has flagged a pair.
    """

    model: str = ""
    votes: str = ""
    flagged: str = ""


ALL = PromptListFilters()


@dataclass(frozen=True)
class ListedPrompt:
    """A prompt in the list. `withheld` says why it is shown to nobody, and `personal_data` which kinds were found."""

    prompt_id: int
    messages: tuple[Message, ...]
    split: str
    source: str
    created_at: str
    answers: int
    pairs: int
    votes: int
    tags: tuple[str, ...]
    personal_data: tuple[str, ...]
    withheld: str | None


def prompts(store: Store, filters: PromptListFilters = ALL, edge: Edge = NEWEST) -> Page[ListedPrompt]:
    """One page of the prompts that fit."""
    found = page(store, LISTED, _conditions(store, filters), "q.prompt_id", filters.parameters, edge)
    listed = [
        ListedPrompt(
            **{
                **row,
                "messages": tuple(json.loads(row["messages"])),
                "tags": tuple(json.loads(row["tags"])),
                "personal_data": tuple(sorted(json.loads(row["personal_data"]))),
            }
        )
        for row in found.rows
    ]
    return Page(listed, found.newer, found.older)


def prompt_ids(store: Store, filters: PromptListFilters, most: int) -> list[int]:
    """The ids of the prompts that fit, newest first, up to `most` of them."""
    where = " AND ".join(_conditions(store, filters)) or "true"
    sql = f"SELECT q.prompt_id FROM prompts q WHERE {where} ORDER BY q.prompt_id DESC LIMIT {most}"
    with patience(store):
        return [row["prompt_id"] for row in store.rows(sql, filters.parameters)]


def _conditions(store: Store, filters: PromptListFilters) -> list[str]:
    conditions = prompt_conditions(filters)
    if filters.match:
        few = few_rows(store, "prompts_text", filters.match)
        conditions.append(condition("q.prompt_id", few, {"q.prompt_id": "prompts_text"}))
    known = {
        "prompt_id": "q.prompt_id = :prompt_id",
        "model": MODEL,
        "votes": VOTED.get(filters.votes, "false"),
        "flagged": FLAGGED,
    }
    return conditions + conditions_of(filters, known)
