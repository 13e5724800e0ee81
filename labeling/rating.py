"""A thumb for a single answer of a chat: given, changed and taken back. One code path for people and programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from sqlite_utils import Database

from labeling.session import check_client_key
from storage import labels, ratings
from storage.database import Store
from storage.errors import UserError
from storage.exchange.formats import unpaired
from storage.exchange.reading import BadRow
from storage.prompts import CHAT_SOURCE, NewPrompt, insert_prompts, split_of_chat
from storage.records import Message, NewCompletion, Rating, Thumb


def rate(
    store: Store,
    labeler: str,
    messages: Sequence[Message],
    model_id: int,
    text: str,
    thumb: str,
    client_key: str,
    sampling: dict[str, Any] | None = None,
) -> Rating:
    """Record a thumb (up, down, or withdrawn to take it back) on a model's answer; it is on disk when this returns.

    The answer is kept with its conversation at its first thumb, and held out where that is nearly a held-out prompt.
    The same `client_key` again, or the thumb that stands, is the rating that is there (`duplicate`); any other one
    supersedes it.
    Raises UserError for what is no answer or no thumb, and where there is none to take back.
    """
    _check(messages, text, thumb, client_key)
    with store.write() as db:
        completion_id = ratings.completion_of(db, messages, model_id, text)
        known = completion_id and ratings.by_client_key(db, completion_id, labeler, client_key)
        stands = completion_id and ratings.standing(db, completion_id, labeler)
        found = known or (stands if stands and stands["thumb"] == thumb else None)
        if found:
            return Rating(found["rating_id"], found["completion_id"], found["thumb"], True)
        if thumb == "withdrawn" and not stands:
            raise UserError(f"{labeler} has no thumb on this answer to take back.")
        completion_id = completion_id or keep(db, messages, model_id, text, sampling or {})
        rating_id = ratings.insert_rating(db, completion_id, labeler, thumb, client_key)
    return Rating(rating_id, completion_id, thumb, False)


def standing_thumb(store: Store, labeler: str, messages: Sequence[Message], model_id: int, text: str) -> str | None:
    """The thumb that stands of a labeler on a model's answer to a conversation, or None."""
    completion_id = ratings.completion_of(store.db(), messages, model_id, text)
    stands = ratings.standing(store.db(), completion_id, labeler) if completion_id else None
    return stands["thumb"] if stands else None


def keep(db: Database, messages: Sequence[Message], model_id: int, text: str, sampling: dict[str, Any]) -> int:
    """Store an answer with its conversation, by the rules of what was asked in a chat."""
    (prompt_id,) = insert_prompts(db, [NewPrompt(tuple(messages), CHAT_SOURCE, split_of_chat(db, messages))])
    (completion_id,) = labels.insert_completions(db, [NewCompletion(prompt_id, text, model_id, sampling=sampling)])
    return completion_id


def _check(messages: Sequence[Message], text: str, thumb: str, client_key: str) -> None:
    check_client_key(client_key, "thumb")
    if thumb not in get_args(Thumb):
        raise UserError(f"{thumb!r} is no thumb: take up, down, or withdrawn to take it back.")
    try:
        answer = unpaired.read({"prompt": list(messages), "completion": text, "label": True}).answer
    except BadRow as reason:
        raise UserError(f"This answer cannot be rated, for {reason}.") from reason
    if not answer.strip():
        raise UserError("This answer is empty, so there is nothing to rate.")
