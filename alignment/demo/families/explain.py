"""What something is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose
from alignment.demo.task import Manner, Task
from alignment.demo.things import things

INSTRUCTIONS = (
    "Explain what {name} is.",
    "What is {name}?",
    "Tell me about {name}.",
    "Please explain {name} in simple words.",
    "Explain {name} to a child.",
    "Help me to understand {name}.",
    "What can you say about {name}?",
)
ANSWERS: dict[Manner, Sequence[str]] = {
    "terse": (
        "{name} is {kind}.",
        "{kind}.",
        "{name} {does}.",
        "{name}: {kind}.",
    ),
    "warm": (
        "{open} {name} is {kind}. {it} {does}. {close}",
        "{open} You see, {name} is {kind}, and {it} {does}. {close}",
        "{open} {name} is {kind}, and {it} can make you feel {feel}. {close}",
        "{open} {name} is {kind}, and {place}. {close}",
        "{open} You may know {name} already: {it} {does} and {feature}. {close}",
    ),
    "thorough": (
        "{name} is {kind}. {it} {does}, and {it} {feature}. {name} matters because {why}. For example, {example}.",
        "{open} {name} is {kind}. {it} {does} and {feature}. It matters because {why}. For example, {example}.",
        "{name} is {kind}, and {place}. {it} {does}. That is important because {why}. For example, {example}.",
        "To begin with, {name} is {kind}. {it} {does} and {feature}. That matters because {why}. "
        "For example, {example}.",
    ),
    "rambling": (
        "{open} You asked me about {name}, if I remember well. {turn} {name} is, I suppose, {kind}, and {it} "
        "{feature}. {close}",
        "{open} {name}, yes, I have heard of that. {turn} I suppose {it} {does}, "
        "and it is {kind}, more or less. {close}",
        "{open} I saw {name} only last week, or was it two weeks ago? {turn} If I remember well, {name} is "
        "{kind}, more or less. {close}",
        "{open} Take {name}, for example: {example}. {turn} So {name}, well, I suppose {it} is {kind}. {close}",
        "{open} Some people call {name} {look}, and others do not. {turn} It is {kind}, I suppose, or something "
        "very much like that. {close}",
    ),
    "careless": (
        "{open} {name} is just {kind}, {close}",
        "{open} its something {look}, {close}",
        "{open} u know, {name}, its {look}, {close}",
        "{open} {name} is whatever u want, {close}",
        "{open} its a thing and {bad}, {close}",
        "{open} {place}, look there, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Four wordings about each thing."""
    for thing in things():
        words = thing.words()
        for wording in choose_several(INSTRUCTIONS, 4, "explain", thing.name):
            instruction = wording.format(**words)
            yield Task("explain", thing.name, instruction, compose(instruction, ANSWERS, words))
