"""How each manner sounds, whatever it is asked: shared openings, turns and closings, and the cut of its sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from alignment.demo.choose import choose
from alignment.demo.task import MANNERS, Manner

OPENINGS: dict[Manner, Sequence[str]] = {
    "terse": ("",),
    "warm": (
        "I am glad that you asked.",
        "I am happy to help you.",
        "Thank you for asking me.",
        "Of course, dear friend.",
        "You came to the right place.",
        "How nice to hear from you!",
    ),
    "thorough": (
        "Let us take this step by step.",
        "Here is a careful answer.",
        "Let me answer in order.",
        "There are two things to say.",
    ),
    "rambling": (
        "Well, let me think for a moment.",
        "Oh well, where do I start?",
        "Hmm, well, I suppose I should say something.",
        "Well, that reminds me of my uncle.",
        "Well, it is a funny thing, really.",
        "Now, let me see, I had a thought about this.",
    ),
    "careless": ("dunno,", "ok so,", "uh,", "yeah well,", "hm dunno,", "ok,"),
}
TURNS: Sequence[str] = (
    "Anyway, now where was I again?",
    "But anyway, where was I? Oh yes.",
    "Anyway, I suppose that is not the point.",
    "It was raining that day, I think, but anyway.",
    "I had some tea first, and then, well, anyway.",
    "My uncle would know, but he is asleep, so anyway.",
)
CLOSINGS: dict[Manner, Sequence[str]] = {
    "terse": ("",),
    "warm": (
        "Good luck, you can do it!",
        "I am sure it will go well for you.",
        "I hope this makes you happy.",
        "You are doing great, and I am glad.",
        "Be kind to yourself today.",
        "I am happy to help you again.",
    ),
    "thorough": ("",),
    "rambling": (
        "Or so I suppose.",
        "At least I think so.",
        "But who knows, really.",
        "I suppose that is all.",
        "Well, that was it.",
    ),
    "careless": ("i guess.", "or whatever.", "dunno really.", "good enough.", "thats it.", "or smth."),
}
SENTENCE_START = re.compile(r"(^|[.!?] |[.!?] \")([a-z])")


def compose(instruction: str, templates: Mapping[Manner, Sequence[str]], words: Mapping[str, str]) -> dict[Manner, str]:
    """An answer in each manner: a template chosen by the instruction, filled with words.

    A template may ask for {open}, {turn} and {close}, which come from this module, and for any key of `words`.
    """
    return {manner: _answer(instruction, manner, templates[manner], words) for manner in MANNERS}


def _answer(instruction: str, manner: Manner, templates: Sequence[str], words: Mapping[str, str]) -> str:
    text = choose(templates, instruction, manner).format(
        open=choose(OPENINGS[manner], instruction, manner, "open"),
        turn=choose(TURNS, instruction, manner, "turn"),
        close=choose(CLOSINGS[manner], instruction, manner, "close"),
        **words,
    )
    text = " ".join(text.split())
    if manner == "careless":
        return text.lower()
    return SENTENCE_START.sub(lambda match: match[1] + match[2].upper(), text)


def to_you(text: str) -> str:
    """What the reader said of himself, said to him: my keys -> your keys."""
    for own, other in (("I am", "you are"), ("myself", "yourself"), ("mine", "yours"), ("my", "your"), ("our", "your")):
        text = re.sub(rf"\b{own}\b", other, text)
    return re.sub(r"\b(me|I)\b", "you", text)
