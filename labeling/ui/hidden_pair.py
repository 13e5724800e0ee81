"""Two answers in a chat that wait for a vote, which is a preference like any other.

Their models stay unknown until the vote, or they are of one model: the answer that somebody disputes, and another one.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labeling import session
from labeling.ui.best_of import origin
from labeling.ui.conversation import SIDES
from labeling.ui.thumbs import SAVED_HELD_OUT
from storage import labels
from storage.database import Store
from storage.errors import UserError
from storage.records import Message, Model

STRENGTH = 3  # of 4, for one answer over the other: "better"
VERDICTS = {"A better": "left", "Tie": "tie", "B better": "right", "Both bad": "both_bad"}
SAVED = "Saved as a preference."


@dataclass(frozen=True)
class Pair:
    """Two answers that wait for a vote; only the server knows whose they are. `drawn` is how each was sampled.

    Where the first of them is disputed, `disputed` is the whole conversation that it stands in.
    """

    messages: tuple[Message, ...]
    models: tuple[Model, Model]
    texts: tuple[str, str]
    drawn: tuple[dict[str, Any], dict[str, Any]]
    disputed: tuple[Message, ...] = ()


def so_far(
    before: list[Message],
    asked: list[Message],
    models: Sequence[Model],
    texts: Sequence[str],
    drawn: Sequence[dict[str, Any]],
) -> tuple[list[Message], Pair | None]:
    """What to remember while answers are written: the conversation with the answer in it, or a pair to vote on.

    A question without an answer is not remembered, for the next one could not follow it.
    """
    if not all(texts):
        return before, None
    if len(models) == 2:
        return before, Pair(tuple(asked), (models[0], models[1]), (texts[0], texts[1]), (drawn[0], drawn[1]))
    return [*asked, {"role": "assistant", "content": texts[0]}], None


def judge(store: Store, labeler: str, pair: Pair, verdict: str) -> str:
    """Record a verdict as a preference; says what became of it, and whose the answers were if that was hidden."""
    sides = tuple((model.model_id, text) for model, text in zip(pair.models, pair.texts, strict=True))
    try:
        showing = session.record_chat_pair(store, labeler, pair.messages, (sides[0], sides[1]), pair.drawn)
        strength = STRENGTH if verdict in ("left", "right") else 0
        session.vote(store, labeler, showing.showing_id, verdict, strength, client_key=uuid.uuid4().hex)
        said = SAVED_HELD_OUT if labels.is_held_out(store, showing.pair_id) else SAVED
    except UserError as error:
        said = str(error)
    return said if pair.disputed else f"{said} {_whose(pair)}"


def goes_on(pair: Pair, verdict: str) -> tuple[list[Message], int | None]:
    """The conversation after the vote, and which of the two answers, 0 or 1, it goes on with.

    That is the better one. What followed a disputed answer was said in view of it: then all stays as it was, and None.
    """
    better = 1 if verdict == "right" else 0
    if len(pair.disputed) > len(pair.messages) + 1:
        return list(pair.disputed), None
    return [*pair.messages, {"role": "assistant", "content": pair.texts[better]}], better


def _whose(pair: Pair) -> str:
    whose = [
        f"{side} was {origin(drawn, model.name) or model.name}"
        for side, model, drawn in zip(SIDES, pair.models, pair.drawn, strict=True)
    ]
    return f"{', '.join(whose)}."
