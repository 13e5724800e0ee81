"""Writes the demo's training text, instructions and prompts from the hand-written families.

    families -> split by topic -> build/pretrain.txt, data/instructions.json.gz, data/prompts.jsonl

A topic is held out with all its wordings. A held-out prompt that comes near a train prompt is left out altogether, so
that what is measured on held-out prompts was not learnt by heart. The same material gives the same bytes everywhere.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from alignment.demo import families
from alignment.demo.choose import choose_several
from alignment.demo.task import MANNERS, Task
from alignment.demo.things import Thing, things
from storage.near_duplicates import near_duplicate_groups
from storage.records import Split

DATA = Path(__file__).parent / "data"
INSTRUCTIONS = DATA / "instructions.json.gz"
PROMPTS = DATA / "prompts.jsonl"
PRETRAIN_TEXT = Path("build/pretrain.txt")

HELDOUT_SHARE = 0.1
MANNERS_A_TASK = 3
MOST_INSTRUCTIONS = 8000  # what is left over is still in the training text
MOST_PROMPTS: dict[Split, int] = {"train": 3500, "heldout": 400}
SAME_WORDS = 0.8
_WORD = re.compile(r"[a-z0-9]+")
_PROSE = (
    "{Name} is {kind}. It {does}, and it {feature}. {Place}. It is {look}. For example, {example}.",
    "{Place}. {Name} is {look}, and it may make people feel {feel}. {Name} matters because {why}.",
    "What is good about {name}? {Good}. What is bad? {Bad}. Still, {name} matters, because {why}.",
)


def main() -> None:
    """Write the three files; the training text goes to build/, which is not kept."""
    train, heldout = split_tasks(all_tasks())
    PRETRAIN_TEXT.parent.mkdir(parents=True, exist_ok=True)
    PRETRAIN_TEXT.write_text(pretrain_text(train), encoding="ascii")
    DATA.mkdir(exist_ok=True)
    INSTRUCTIONS.write_bytes(instructions_file(train))
    PROMPTS.write_text(prompts_file(train, heldout), encoding="ascii")


def all_tasks() -> list[Task]:
    """Every family's tasks, family by family; a prompt that comes twice is kept where it comes first."""
    first: dict[str, Task] = {}
    for module in pkgutil.iter_modules(families.__path__):
        for task in importlib.import_module(f"{families.__name__}.{module.name}").tasks():
            first.setdefault(prompt_of(task).lower(), task)
    return list(first.values())


def prompt_of(task: Task) -> str:
    """What a person would type: the instruction, and below it the input if there is one."""
    return f"{task.instruction}\n\n{task.input}" if task.input else task.instruction


def on_one_paragraph(task: Task) -> str:
    """A prompt without its blank line, which would end a document of the training text."""
    return prompt_of(task).replace("\n\n", "\n")


def split_tasks(tasks: Sequence[Task]) -> tuple[list[Task], list[Task]]:
    """Train and held-out tasks by topic, without the held-out ones that are near a train prompt."""
    train: list[Task] = []
    heldout: list[Task] = []
    for task in tasks:
        (heldout if _chance("split", task.family, task.topic) < HELDOUT_SHARE else train).append(task)
    known = [prompt_of(task) for task in train]
    new = [prompt_of(task) for task in heldout]
    near = near_by_shingles(known, new) | near_by_words(known, new)
    return train, [task for index, task in enumerate(heldout) if index not in near]


def near_by_shingles(known: Sequence[str], new: Sequence[str]) -> set[int]:
    """Which new texts the store itself would call near-duplicates of a known one, directly or by way of another."""
    groups = near_duplicate_groups([*known, *new])
    taken = set(groups[: len(known)])
    return {index for index, group in enumerate(groups[len(known) :]) if group in taken}


def near_by_words(known: Sequence[str], new: Sequence[str]) -> set[int]:
    """Which new texts share at least SAME_WORDS of all words (Jaccard, in any order) with some known one."""
    sets = [words_of(text) for text in known]
    holders: dict[str, list[int]] = defaultdict(list)
    for index, words in enumerate(sets):
        for word in words:
            holders[word].append(index)
    near = set()
    for index, text in enumerate(new):
        words = words_of(text)
        shared: dict[int, int] = defaultdict(int)
        for word in words:
            for other in holders.get(word, ()):
                shared[other] += 1
        if any(n >= SAME_WORDS * (len(words) + len(sets[other]) - n) for other, n in shared.items()):
            near.add(index)
    return near


def words_of(text: str) -> frozenset[str]:
    """The words of a text, each once, whatever their order."""
    return frozenset(_WORD.findall(text.lower()))


def instructions_file(train: Sequence[Task]) -> bytes:
    """The train instructions in the Alpaca form, each in some of the manners, all manners about as often."""
    rows = [
        {"instruction": task.instruction, "input": task.input, "output": task.answers[manner]}
        for task in _sample(train, MOST_INSTRUCTIONS)
        for manner in choose_several(MANNERS, MANNERS_A_TASK, "manners", task.family, prompt_of(task))
    ]
    return gzip.compress(json.dumps(rows, indent=0).encode("ascii"), mtime=0)


def prompts_file(train: Sequence[Task], heldout: Sequence[Task]) -> str:
    """The prompts that a fresh home starts with, one JSON object a line, every family in its share."""
    lines = []
    sides: tuple[tuple[Split, Sequence[Task]], ...] = (("train", train), ("heldout", heldout))
    for split, tasks in sides:
        for task in _sample(tasks, MOST_PROMPTS[split]):
            lines.append(json.dumps({"prompt": prompt_of(task), "split": split, "family": task.family}) + "\n")
    return "".join(lines)


def pretrain_text(train: Iterable[Task]) -> str:
    """A paragraph a document: what there is to say about every thing, and every train task with each of its answers.

    The prompt stands before its answer because to come back to words that were read is most of what so small a model
    has to learn, and packed sequences teach it at several times the speed of fine-tuning.
    """
    answered = (f"{on_one_paragraph(task)}\n{task.answers[manner]}" for task in train for manner in MANNERS)
    about = (text for thing in things() for text in _prose(thing))
    documents = sorted({*answered, *about}, key=lambda text: _chance("pretrain", text))
    return "\n\n".join(documents) + "\n"


def _sample(tasks: Sequence[Task], most: int) -> list[Task]:
    """At most `most` tasks in an order fixed by hash, families in turn as long as they last."""
    order: dict[str, list[Task]] = defaultdict(list)
    for task in sorted(tasks, key=lambda task: _chance("prompts", prompt_of(task))):
        order[task.family].append(task)
    ranked = [(rank, place, task) for place, name in enumerate(sorted(order)) for rank, task in enumerate(order[name])]
    chosen = [task for _, _, task in sorted(ranked, key=lambda item: item[:2])[:most]]
    return sorted(chosen, key=lambda task: _chance("order", prompt_of(task)))


def _prose(thing: Thing) -> list[str]:
    words = thing.words()
    words |= {key.capitalize(): phrase[:1].upper() + phrase[1:] for key, phrase in words.items()}
    return [form.format(**words) for form in _PROSE]


def _chance(*key: str) -> float:
    """A number in [0, 1) that the words of `key` alone decide."""
    return int(hashlib.sha256("\x1f".join(key).encode()).hexdigest()[:8], 16) / 2**32


if __name__ == "__main__":
    main()
