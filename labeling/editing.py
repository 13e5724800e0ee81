"""A labeler's better answer: written in view of a pair, better than both of its answers, and a demonstration besides.

    edited > chosen > rejected

comes of it in one transaction: the vote on the pair, if the labeler says which of its answers is better; two pairs with
the edited answer, preferred by its author; and the demonstration. One code path for people and programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlite_utils import Database

from labeling import rating, session, shuffle
from storage import demonstrations, edits, labels, ratings
from storage.database import Store
from storage.details import NOTHING
from storage.errors import UserError
from storage.records import Details, Message, Vote
from storage.text import is_text

SIDES = ("left", "right")


@dataclass(frozen=True)
class Edit:
    """An acknowledged edit: the vote it came with, as shown, and its demonstration, None where another vote stands.

    `kept` is whether it is this text that stands.
    """

    vote: Vote
    demonstration_id: int | None
    kept: bool


def edit(
    store: Store,
    labeler: str,
    showing_id: int,
    text: str,
    start: str = "",
    verdict: str = "skip",
    strength: int = 0,
    client_key: str = "",
    seconds: float | None = None,
    amend: bool = False,
    details: Details = NOTHING,
) -> Edit:
    """Keep a better answer to the prompt of a showing; it is on disk when this returns.

    `start` is the side that it was made from, left or right, or "" for neither. `verdict` and `strength` say which of
    the two shown answers is better, as in `session.vote`; skip says nothing of them. The same `client_key` again, or an
    edit of a showing that was answered, is what stands, unless `amend` says that it is a change of mind. What takes the
    vote back takes all of it back.
    Raises UserError for an answer that is empty, or that is one of the two.
    """
    session.check_vote(verdict, strength, client_key, seconds)
    session.check_showing_id(showing_id)
    if start not in ("", *SIDES):
        raise UserError(f"{start!r} is no side to start from: take left, right, or nothing.")
    if details.flagged:
        raise UserError("A flagged pair is skipped, and this betters its answers: flag it, or edit.")
    seed = shuffle.seed_of(store)
    with store.write() as db:
        shown = labels.showing_of(db, showing_id, labeler)
        pair = labels.pair_texts(db, shown["pair_id"])
        _check(pair, text, bool(shown["flipped"]))
        vote = session.cast(db, labeler, showing_id, verdict, strength, client_key, seconds, amend, details)
        if not vote.duplicate:
            origin = _origin(pair, start, bool(shown["flipped"]))
            _keep(db, labeler, pair, vote, text.strip(), origin, client_key, partial(shuffle.side, seed, labeler))
        found = edits.edit_of(db, vote.preference_id)
    stands = edits.texts_of(store, [vote.preference_id]).get(vote.preference_id)
    return Edit(vote, found["demonstration_id"] if found else None, stands == text.strip())


def edit_answer(
    store: Store,
    labeler: str,
    messages: Sequence[Message],
    model_id: int,
    answer: str,
    text: str,
    client_key: str,
    sampling: dict[str, Any] | None = None,
) -> int:
    """Keep a better answer than the one that a model gave in a chat, and return its preference_id.

    It is preferred to that answer, and a demonstration. The conversation is kept as a chat's is; the same `client_key`
    again is the same edit. Raises UserError for an answer that is empty, or the same.
    """
    session.check_client_key(client_key, "better answer")
    check_text(text)
    if text.strip() == answer.strip():
        raise UserError("The better answer is the answer unchanged: change it first.")
    demonstrations.check(messages, text)
    side = partial(shuffle.side, shuffle.seed_of(store), labeler)
    with store.write() as db:
        known = edits.by_client_key(db, labeler, client_key)
        if known is not None:
            return known
        origin = ratings.completion_of(db, messages, model_id, answer)
        origin = origin or rating.keep(db, messages, model_id, answer, sampling or {})
        prompt_id = next(db.query("SELECT prompt_id FROM completions WHERE completion_id = ?", [origin]))["prompt_id"]
        edited = edits.insert_edited(db, prompt_id, text.strip(), origin)
        vote = edits.insert_preferred(db, prompt_id, edited, origin, labeler, client_key, side)
        written = demonstrations.insert(db, prompt_id, labeler, text.strip(), None)
        edits.insert_edit(db, vote, edited, origin, written)
    return vote


def check_text(text: Any) -> None:
    """Raise UserError for what is no better answer, whatever it is to better."""
    if not is_text(text):
        raise UserError("A better answer is a text.")
    if not text.strip():
        raise UserError("The better answer is empty: write one, or vote without one.")


def _keep(
    db: Database,
    labeler: str,
    pair: dict[str, Any],
    vote: Vote,
    text: str,
    origin: int | None,
    client_key: str,
    side: Callable[[int], bool],
) -> None:
    edited = edits.insert_edited(db, pair["prompt_id"], text, origin)
    for other in (pair["completion_a"], pair["completion_b"]):
        edits.insert_preferred(db, pair["prompt_id"], edited, other, labeler, client_key, side)
    written = demonstrations.insert(db, pair["prompt_id"], labeler, text, vote.showing_id)
    edits.insert_edit(db, vote.preference_id, edited, origin, written)


def _origin(pair: dict[str, Any], start: str, flipped: bool) -> int | None:
    if not start:
        return None
    return pair["completion_a"] if (start == "left") != flipped else pair["completion_b"]


def _check(pair: dict[str, Any], text: str, flipped: bool) -> None:
    check_text(text)
    for side, name in (("a", "B" if flipped else "A"), ("b", "A" if flipped else "B")):
        if text.strip() == pair[side].strip():
            raise UserError(f"The better answer is answer {name} unchanged: change it, or vote for {name}.")
    demonstrations.check(pair["messages"], text)
