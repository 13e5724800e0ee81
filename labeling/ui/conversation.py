"""How a conversation looks. Every text in it is shown as text: what a model writes is never taken for HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

from storage.records import Message

SIDES = ("A", "B")
EMPTY = "Ask something. The conversation stays in this browser."


def conversation(
    turns: Sequence[Message],
    answers: Sequence[str] = (),
    note: str = "",
    writing: bool = False,
    below: Mapping[int, str] = MappingProxyType({}),
    origins: Sequence[str] = (),
    disputing: bool = False,
) -> str:
    """HTML of the turns, then of one answer that is being written, or of two side by side; `note` is a sentence.

    `below` is HTML for what belongs to a turn, by its place; `origins` says of the first turns where each came from.
    With `disputing` the question is an old one, and not one that somebody waits to send again.
    """
    known = dict(enumerate(origins))
    parts = [
        _turn(turn["role"], turn["content"], origin=known.get(place, "")) + below.get(place, "")
        for place, turn in enumerate(turns)
    ]
    if len(answers) == 1:
        parts.append(_turn("assistant", answers[0], writing))
    elif answers:
        cards = "".join(_card(side, text, writing) for side, text in zip(SIDES, answers, strict=True))
        parts.append(f'<div class="answers">{cards}</div>')
    if note:
        parts.append(f'<p class="note" role="status">{escape(note)}</p>')
    body = "".join(parts) or f'<p class="empty">{escape(EMPTY)}</p>'
    of = "turns disputing" if disputing else "turns"
    return f'<div class="{of}" role="log" aria-label="Conversation" aria-busy="{str(writing).lower()}">{body}</div>'


def _turn(role: str, text: str, writing: bool = False, origin: str = "") -> str:
    speaker = "You" if role == "user" else "Model"
    came_from = f'<span class="origin">{escape(origin[:1].upper() + origin[1:])}</span>' if origin else ""
    return (
        f'<div class="turn {"mine" if role == "user" else "theirs"}"><span class="speaker">{speaker}</span>'
        f'<div class="said{" writing" if writing else ""}">{escape(text)}</div>'
        f"{came_from}</div>"
    )


def _card(side: str, text: str, writing: bool) -> str:
    return (
        f'<section class="card answer" aria-label="Answer {side}"><span class="side">{side}</span>'
        f'<div class="said{" writing" if writing else ""}">{escape(text)}</div></section>'
    )
