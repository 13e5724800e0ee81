"""How two things of one group differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose
from alignment.demo.task import Manner, Task
from alignment.demo.things import Thing, things

INSTRUCTIONS = (
    "Compare {name1} with {name2}.",
    "Compare {name1} and {name2}.",
    "How do {name1} and {name2} differ?",
    "{name1} or {name2}: what is different?",
    "Tell {name1} and {name2} apart.",
    "Is {name1} like {name2}?",
    "Set {name1} against {name2}.",
)
ANSWERS: dict[Manner, Sequence[str]] = {
    "terse": (
        "{bare1}: {look1}. {bare2}: {look2}.",
        "The first is {look1}, the second {look2}.",
        "One is {look1}, the other is {look2}.",
    ),
    "warm": (
        "{open} {name1} is {look1}, while {name2} is {look2}. You can like both. {close}",
        "{open} You will see that {name1} is {look1} and {name2} is {look2}. {close}",
        "{open} {name1} {does1}, but {name2} {does2}. {close}",
        "{open} With {name1} you get something {look1}, and with {name2} something {look2}. {close}",
    ),
    "thorough": (
        "{name1} {does1}, while {name2} {does2}. They are different because {name1} is {look1} and {name2} is "
        "{look2}. "
        "For example, take {name1}: {example1}.",
        "{name1} is {look1}, and {name2} is {look2}. You can tell them apart because {name1} {does1}, while "
        "{name2} {does2}. For example, take {name2}: {example2}.",
        "Both of them have their place in life. {name1} {does1}, but {name2} {does2}. The first matters because "
        "{why1}. "
        "For example, take {name1}: {example1}.",
    ),
    "rambling": (
        "{open} {name1} and {name2}, you say, and that is a good question. {turn} I suppose {name1} is {look1}, "
        "and {name2}, well, "
        "{it2} is {look2}. {close}",
        "{open} I always mix up {name1} and {name2}, you know. {turn} The first is {look1}, I suppose, and the "
        "second is {look2}, more or less. {close}",
        "{open} Some people like {name1}, some like {name2}, and some like both. {turn} I suppose {name1} is "
        "{look1}, "
        "and the other is {look2}. {close}",
    ),
    "careless": (
        "{open} {name1} and {name2} are the same, {close}",
        "{open} {name1} is {look1}, the other one dunno, {close}",
        "{open} just take {name2}, its {look2}, {close}",
        "{open} u cant compare {name1} and {name2}, {close}",
        "{open} one is {name1} and one is {name2}, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Two wordings about each pair."""
    for first, second in _pairs():
        topic = f"{first.name} and {second.name}"
        words = first.words("1") | second.words("2")
        for wording in choose_several(INSTRUCTIONS, 2, "compare", topic):
            instruction = wording.format(**words)
            instruction = instruction[0].upper() + instruction[1:]
            yield Task("compare", topic, instruction, compose(instruction, ANSWERS, words))


def _pairs() -> Iterator[tuple[Thing, Thing]]:
    """Each thing with the one after it and the one four places on, around the end of its group."""
    for _, members in groupby(things(), key=lambda thing: thing.group):
        group = list(members)
        for index, thing in enumerate(group):
            for step in (1, 4):
                yield thing, group[(index + step) % len(group)]
