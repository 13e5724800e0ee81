"""An answer of a chat that somebody disputes: another one by the same model beside it, for a vote, or a better one.

Any answer can be disputed whose model the server knows (`labeling.ui.thumbs`), and not the last one alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labeling import editing
from labeling.ui.actions import Actions
from labeling.ui.answering import answers
from labeling.ui.best_of import pickings
from labeling.ui.hidden_pair import Pair
from labeling.ui.thumbs import SAVED_HELD_OUT, Answers, Given
from storage import edits, registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Message
from storage.text import is_text

SAVED = "Saved: your answer is preferred to the model's, and fine-tuning can learn from it."
SAME = "The model wrote the same answer again: ask once more, or edit it."
GONE = "The server no longer knows who gave this answer: ask the question again."
TRIES = 3  # to get another text out of the model


@dataclass(frozen=True)
class Disputing:
    """How far the other answer is. `pair` is there once it is whole."""

    texts: tuple[str, str]
    note: str = ""
    pair: Pair | None = None


def disputed(known: Answers, labeler: str, sha256: object) -> Given:
    """The answer that a page names by its hash. Raises UserError where the server does not know it."""
    given = known.find(labeler, sha256) if isinstance(sha256, str) else None
    if given is None:
        raise UserError(GONE)
    return given


def another_answer(store: Store, actions: Actions, given: Given, turns: Sequence[Message]) -> Iterator[Disputing]:
    """Pictures of another answer of the same model beside a given one, drawn in the same way.

    Raises UserError where there is none to be had, or none that differs.
    """
    model = registry.get(store, given.model_id)
    picked = pickings(actions, [model], given.sampling.get("best_of", 1))
    drawn = actions.inference.sampling(model.path, picked[0])
    other = ""
    for _ in range(TRIES):
        for now in answers(actions.inference, [model.path], given.messages, picked):
            other = now.texts[0]
            yield Disputing((given.text, other), now.note)
        if other.strip() and other.strip() != given.text.strip():
            both = (given.text, other)
            pair = Pair(given.messages, (model, model), both, (given.sampling, drawn), disputed=tuple(turns))
            yield Disputing(both, pair=pair)
            return
    raise UserError(SAME)


def save_edit(store: Store, labeler: str, given: Given, text: object, client_key: object) -> str:
    """Keep a better answer than a given one; returns what became of it, in a sentence."""
    if not is_text(text) or not is_text(client_key):
        raise UserError("A better answer is a text.")
    vote = editing.edit_answer(
        store, labeler, given.messages, given.model_id, given.text, str(text), str(client_key), given.sampling
    )
    return SAVED_HELD_OUT if edits.is_held_out(store, vote) else SAVED


def after_edit(given: Given, text: str, turns: Sequence[Message]) -> list[Message]:
    """The conversation goes on with a better last answer; an earlier one stays, for what followed was said to it."""
    if len(turns) != len(given.messages) + 1:
        return list(turns)
    return [*given.messages, {"role": "assistant", "content": text.strip()}]
