"""The thumbs under the answers of a chat: one up, one down, pressed again taken back.

The browser keeps the conversation, the server which model gave the answer: for a while, as of a pair in a chat. What it
has forgotten, as after a restart, has no thumbs any more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from labeling.rating import rate, standing_thumb
from labeling.ui.best_of import origin
from storage import ratings
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompt_hash
from storage.records import Message
from storage.text import is_text

MOST = 2000  # answers whose model the server knows, the newest ones
SAVED = "Saved."
TAKEN_BACK = "Taken back."
SAVED_HELD_OUT = "Saved, but no model will learn from it: the question is nearly one that is held out for evaluation."
GONE = "This thumb could not be saved, as the server no longer knows who gave the answer: ask the question again."
BUTTONS = {"up": "Good answer", "down": "Bad answer"}
DISPUTE = (  # `labeling.ui.disputing` does what they ask for
    '<button type="button" name="dispute" class="worded">Another answer</button>'
    '<button type="button" name="edit" class="worded">Edit</button>'
)
HAND = (  # pointing up; the other one is turned over by the page's CSS
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3.5 10.5h3.5v9.5H3.5z"/><path d="M7 11.5 11 3.5c1.6 0 2.6'
    ' 1.2 2.4 2.8L12.9 9.5h5.6c1.4 0 2.4 1.2 2.1 2.6l-1.4 6.1c-.2 1.1-1.1 1.8-2.2 1.8H7"/></svg>'
)


@dataclass(frozen=True)
class Given:
    """An answer that a model gave to a conversation; `sampling` is how it was drawn."""

    messages: tuple[Message, ...]
    text: str
    model_id: int
    sampling: dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """What the server knows of the answers on the pages that are open: each by the hash of its conversation."""

    given: OrderedDict[tuple[str, str], Given] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, labeler: str, turns: Sequence[Message], model_id: int, sampling: dict[str, Any]) -> None:
        """Know from now on who gave the last of these turns."""
        *messages, answer = turns
        with self.lock:
            key = (labeler, prompt_hash(turns))
            self.given[key] = Given(tuple(messages), answer["content"], model_id, sampling)
            self.given.move_to_end(key)
            while len(self.given) > MOST:
                self.given.popitem(last=False)

    def origins(self, labeler: str, turns: Sequence[Message]) -> list[str]:
        """Of each turn, how it was picked among several answers; nothing where it was not, or is not known."""
        given = [
            self.find(labeler, prompt_hash(turns[: place + 1])) if turn["role"] == "assistant" else None
            for place, turn in enumerate(turns)
        ]
        return [origin(one.sampling) if one is not None else "" for one in given]

    def find(self, labeler: str, sha256: str) -> Given | None:
        """The answer that this labeler got at the end of the turns of this hash, or None: it is not known any more."""
        with self.lock:
            return self.given.get((labeler, sha256))


def thumbs_under(store: Store, answers: Answers, labeler: str, turns: Sequence[Message]) -> str:
    """HTML of what can be done about the last of these turns: thumbs, another answer, an edit; none where nobody knows
    who gave it."""
    sha256 = prompt_hash(turns)
    given = answers.find(labeler, sha256)
    if given is None:
        return ""
    stands = standing_thumb(store, labeler, given.messages, given.model_id, given.text)
    buttons = "".join(
        f'<button type="button" name="{thumb}" aria-pressed="{str(thumb == stands).lower()}"'
        f' aria-label="{escape(name)}" title="{escape(name)}">{HAND}</button>'
        for thumb, name in BUTTONS.items()
    )
    return (
        f'<div class="thumbs" role="group" aria-label="Rate this answer" data-answer="{sha256}">{buttons}{DISPUTE}'
        '<span class="stored" role="status"></span></div>'
    )


def thumbs_by_turn(store: Store, answers: Answers, labeler: str, turns: Sequence[Message]) -> dict[int, str]:
    """The same for each of the turns that is an answer, by its place."""
    found = {
        place: thumbs_under(store, answers, labeler, turns[: place + 1])
        for place, turn in enumerate(turns)
        if turn["role"] == "assistant"
    }
    return {place: under for place, under in found.items() if under}


def press(store: Store, answers: Answers, labeler: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What the page's script asks: store a `thumb` on an `answer` that is named by its hash, under a `client_key`.

    Answers the thumb that stands from now on, "" for none, and a note. Raises UserError as `labeling.rating.rate`.
    """
    sha256, thumb, client_key = (asked.get(name, "") for name in ("answer", "thumb", "client_key"))
    given = answers.find(labeler, sha256) if is_text(sha256) else None
    if given is None:
        raise UserError(GONE)
    done = rate(store, labeler, given.messages, given.model_id, given.text, thumb, client_key, given.sampling)
    if done.thumb == "withdrawn":
        return {"thumb": "", "note": TAKEN_BACK}
    return {"thumb": done.thumb, "note": SAVED_HELD_OUT if ratings.is_held_out(store, done.completion_id) else SAVED}
