"""The demo's instructions: many, short, in five manners, and split so that nothing held out was learnt by heart."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter

import pytest

from alignment.demo import build_data
from alignment.demo.build_data import near_by_shingles, near_by_words, on_one_paragraph, prompt_of
from alignment.demo.task import MANNERS, Manner, Task
from alignment.demo.things import things

LENGTHS: dict[Manner, tuple[int, int]] = {
    "terse": (1, 15),
    "warm": (15, 45),
    "thorough": (25, 60),
    "rambling": (30, 60),
    "careless": (3, 30),
}


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    return build_data.all_tasks()


@pytest.fixture(scope="module")
def sides(tasks: list[Task]) -> tuple[list[Task], list[Task]]:
    return build_data.split_tasks(tasks)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in build_data.PROMPTS.read_text().splitlines()]


def test_a_dozen_families_and_thousands_of_instructions(tasks: list[Task]) -> None:
    counts = Counter(task.family for task in tasks)
    assert len(counts) >= 12
    assert min(counts.values()) >= 400
    assert len({prompt_of(task) for task in tasks}) == len(tasks) >= 6000


def test_every_thing_is_fully_described() -> None:
    assert len({thing.name for thing in things()}) == len(things()) >= 150
    assert all(all(phrase.strip() for phrase in thing.words().values()) for thing in things())


def test_every_task_has_five_different_answers_of_fitting_length(tasks: list[Task]) -> None:
    for task in tasks:
        assert set(task.answers) == set(MANNERS), task
        assert len(set(task.answers.values())) == len(MANNERS), task
        for manner, (least, most) in LENGTHS.items():
            assert least <= len(task.answers[manner].split()) <= most, task.answers[manner]


def test_answers_in_one_manner_differ_from_topic_to_topic(tasks: list[Task]) -> None:
    for family in {task.family for task in tasks}:
        mine = [task for task in tasks if task.family == family]
        topics = len({task.topic for task in mine})
        for manner in ("warm", "thorough", "rambling"):
            assert len({task.answers[manner] for task in mine}) >= topics, (family, manner)


def test_texts_are_plain_and_finished(tasks: list[Task]) -> None:
    for task in tasks:
        texts = [task.instruction, task.input, *task.answers.values()]
        assert all(text.isascii() and "{" not in text and "  " not in text for text in texts), task
        assert all(
            re.search(r"[.!?][\"')]*$", answer) for manner, answer in task.answers.items() if manner != "careless"
        )
        assert task.answers["careless"].islower() or not re.search("[a-z]", task.answers["careless"].lower())


def test_topics_and_near_prompts_never_straddle_the_split(sides: tuple[list[Task], list[Task]]) -> None:
    train, heldout = sides
    assert not {(task.family, task.topic) for task in train} & {(task.family, task.topic) for task in heldout}
    known, new = ([prompt_of(task) for task in side] for side in sides)
    assert near_by_shingles(known, new) == near_by_words(known, new) == set()
    assert 0.05 < len(heldout) / len(train) < 0.15


def test_near_duplicates_by_words_ignore_order_and_case() -> None:
    known = ["Tell me about the red cat, please."]
    assert near_by_words(known, ["please tell me about the cat red", "Tell me about the red dog, please."]) == {0}
    assert near_by_words(["a b c d"], ["a b c d e"]) == {0}  # four of five words: exactly 0.8
    assert near_by_words(["a b c d"], ["a b c e"]) == set()


def test_the_committed_files_are_what_the_material_makes(sides: tuple[list[Task], list[Task]]) -> None:
    train, heldout = sides
    assert gzip.decompress(build_data.INSTRUCTIONS.read_bytes()) == gzip.decompress(build_data.instructions_file(train))
    assert build_data.PROMPTS.read_text(encoding="ascii") == build_data.prompts_file(train, heldout)


def test_instructions_are_train_only_and_balanced_in_manner(sides: tuple[list[Task], list[Task]]) -> None:
    train = {(task.instruction, task.input): task for task in sides[0]}
    records = json.loads(gzip.decompress(build_data.INSTRUCTIONS.read_bytes()))
    assert 20_000 <= len(records) <= 25_000
    manners: Counter[str] = Counter()
    for record in records:
        answers = train[record["instruction"], record["input"]].answers
        manners[next(manner for manner, answer in answers.items() if answer == record["output"])] += 1
    assert min(manners.values()) > 0.9 * max(manners.values())


def test_prompts_cover_every_family_on_both_sides(rows: list[dict[str, str]], tasks: list[Task]) -> None:
    families = {task.family for task in tasks}
    for split, least in (("train", 2000), ("heldout", 300)):
        mine = [row for row in rows if row["split"] == split]
        assert len(mine) >= least
        assert {row["family"] for row in mine} == families


def test_committed_prompts_never_straddle_the_split(rows: list[dict[str, str]]) -> None:
    known, new = ([row["prompt"] for row in rows if row["split"] == split] for split in ("train", "heldout"))
    assert near_by_shingles(known, new) == near_by_words(known, new) == set()


def test_the_training_text_holds_no_heldout_prompt(sides: tuple[list[Task], list[Task]]) -> None:
    train, heldout = sides
    text = build_data.pretrain_text(train)
    assert text.isascii()
    assert all(f"{thing.bare} " in text for thing in things())
    openings = {line for paragraph in text.lower().split("\n\n") for line in (paragraph, *_openings(paragraph))}
    assert {on_one_paragraph(task).lower() for task in train} <= openings
    assert not openings & {on_one_paragraph(task).lower() for task in heldout}


def _openings(paragraph: str) -> list[str]:
    """A paragraph's first line, its first two lines, and so on."""
    lines = paragraph.split("\n")
    return ["\n".join(lines[:count]) for count in range(1, len(lines))]
