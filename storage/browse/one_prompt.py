"""All there is about one prompt: its answers and who wrote them, its pairs and votes, and what became of it in time."""

from __future__ import annotations

from dataclasses import dataclass

from storage.browse.demonstration_list import DemonstrationListFilters, ListedDemonstration, demonstrations
from storage.browse.history import Event, history
from storage.browse.pair_list import ListedPair, PairListFilters, pairs
from storage.browse.prompt_list import ListedPrompt, PromptListFilters, prompts
from storage.browse.ranking_list import ListedRanking, RankingListFilters, rankings
from storage.browse.thumb_list import ListedThumb, ThumbListFilters, thumbs
from storage.browse.vote_list import ShownVote, VoteListFilters, votes
from storage.database import MOST_ID, Store
from storage.errors import UserError, shown

MOST_ANSWERS = 200
ANSWERS = f"""
SELECT c.completion_id, m.name AS model, c.text, c.created_at
FROM completions c LEFT JOIN models m USING (model_id)
WHERE c.prompt_id = ? ORDER BY c.completion_id DESC LIMIT {MOST_ANSWERS}
"""


@dataclass(frozen=True)
class Answer:
    """A completion; `model` is None for imported text and for what a person wrote."""

    completion_id: int
    model: str | None
    text: str
    created_at: str


@dataclass(frozen=True)
class Place:
    """Where personal data was found: `length` characters of a turn from `start` on."""

    kind: str
    turn: int
    start: int
    length: int


@dataclass(frozen=True)
class OnePrompt:
    """A prompt with the newest rows of each kind about it, up to a page; `history` begins with its coming."""

    prompt: ListedPrompt
    found: list[Place]
    answers: list[Answer]
    pairs: list[ListedPair]
    votes: list[ShownVote]
    rankings: list[ListedRanking]
    demonstrations: list[ListedDemonstration]
    thumbs: list[ListedThumb]
    history: list[Event]


def one_prompt(store: Store, prompt_id: int) -> OnePrompt:
    """All about the prompt of this number. Raises UserError when there is none."""
    exists = type(prompt_id) is int and 0 < prompt_id <= MOST_ID
    listed = prompts(store, PromptListFilters(prompt_id=prompt_id)).rows if exists else []
    if not listed:
        raise UserError(f"There is no prompt {shown(prompt_id)}: choose one from the list.")
    found = store.rows(
        "SELECT kind, turn, start, length FROM personal_data WHERE prompt_id = ? ORDER BY turn, start", [prompt_id]
    )
    return OnePrompt(
        listed[0],
        [Place(**row) for row in found],
        [Answer(**row) for row in store.rows(ANSWERS, [prompt_id])],
        pairs(store, PairListFilters(prompt_id=prompt_id)).rows,
        votes(store, VoteListFilters(prompt_id=prompt_id)).rows,
        rankings(store, RankingListFilters(prompt_id=prompt_id)).rows,
        demonstrations(store, DemonstrationListFilters(prompt_id=prompt_id)).rows,
        thumbs(store, ThumbListFilters(prompt_id=prompt_id)).rows,
        history(store, prompt_id),
    )
