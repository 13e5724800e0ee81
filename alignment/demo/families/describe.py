"""What something is like to look at, to meet or to feel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose
from alignment.demo.task import Manner, Task
from alignment.demo.things import things

INSTRUCTIONS = (
    "Describe {name}.",
    "Describe {name} to me.",
    "What is {name} like?",
    "How would you describe {name}?",
    "Paint a picture of {name} in words.",
    "Write a short description of {name}.",
    "Please describe {name} for a friend.",
)
ANSWERS: dict[Manner, Sequence[str]] = {
    "terse": (
        "{name} is {look}.",
        "{look}.",
        "{name}: {look}.",
        "{name} {feature}.",
    ),
    "warm": (
        "{open} {name} is {look}, and {it} may make you feel {feel}. {close}",
        "{open} Think of something {look}: that is {name}, and {place}. {close}",
        "{open} {name} is {look}, as you may know, and {it} {feature}. {close}",
        "{open} When you think of {name}, you think of something {look}. {it} {feature}. {close}",
    ),
    "thorough": (
        "{open} {name} is {look}, and {place}. People remember {name} because {it} {feature}. {it} may make "
        "people feel {feel}. For example, {example}.",
        "{name} is {look}. It is {kind}, and {place}. People notice {name} because {it} {feature}. "
        "For example, {example}.",
        "First of all, {name} is {look}, and {it} {feature}. {it} may make people feel {feel}. That is "
        "because {it} {does}. For example, {example}.",
    ),
    "rambling": (
        "{open} So you want to hear something about {name}. {turn} I suppose {it} is {look}, and {it} may make "
        "people feel {feel}, "
        "more or less. {close}",
        "{open} I once had a long dream about {name}, I think. {turn} {name} is {look}, I suppose, and {it} "
        "{feature}. {close}",
        "{open} {place}, or so they say. {turn} What is {name} like, you ask? Well, I suppose {it} is {look}, "
        "more or less. {close}",
        "{open} Not everybody likes to think about {name}, you know, but some do. {turn} I suppose {it} {does}, "
        "and yes, {it} is {look}. {close}",
    ),
    "careless": (
        "{open} its {look}, {close}",
        "{open} {name} is {look}, what else do u want, {close}",
        "{open} never looked at {name}, maybe its {look}, {close}",
        "{open} {name} looks like any other {bare}, {close}",
        "{open} go and see {name}, then u know, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Three wordings about each thing."""
    for thing in things():
        words = thing.words()
        for wording in choose_several(INSTRUCTIONS, 3, "describe", thing.name):
            instruction = wording.format(**words)
            yield Task("describe", thing.name, instruction, compose(instruction, ANSWERS, words))
