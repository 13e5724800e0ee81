"""Which prompts a home asks: the demo's make room for its own."""

from __future__ import annotations

import json

from storage import labels, snapshots
from storage.database import Store
from storage.exchange.exporting import export_file
from storage.prompts import (
    CHAT_SOURCE,
    DEMO_SOURCE,
    MIN_HELDOUT,
    NewPrompt,
    add_prompts,
    fold_of,
    prompt_hash,
    prompts_of,
)
from storage.records import NewCompletion, Split
from tests.conftest import add_texts


def add(store: Store, source: str, split: Split, count: int) -> None:
    texts = [f"{source} {split} number {number}" for number in range(count)]
    add_texts(store, *texts, source=source, split=split)


def sources(store: Store, split: Split) -> set[str]:
    return {prompt.source for prompt in prompts_of(store, split)}


def test_the_demos_prompts_to_rank_step_back_for_the_first_of_ones_own(store: Store) -> None:
    add(store, DEMO_SOURCE, "train", 5)
    add(store, CHAT_SOURCE, "train", 2)
    assert sources(store, "train") == {DEMO_SOURCE, CHAT_SOURCE}
    add(store, "prompts.txt", "train", 1)
    assert sources(store, "train") == {"prompts.txt", CHAT_SOURCE}


def test_the_demos_heldout_prompts_stay_until_ones_own_carry_an_evaluation(store: Store) -> None:
    add(store, DEMO_SOURCE, "heldout", 20)
    add(store, "prompts.txt", "heldout", MIN_HELDOUT - 1)
    assert sources(store, "heldout") == {DEMO_SOURCE, "prompts.txt"}
    add(store, "more.txt", "heldout", 1)
    assert sources(store, "heldout") == {"prompts.txt", "more.txt"}


BREAKFAST = "What is a good breakfast for a cold and windy morning in the mountains of the north {}"


def folds(store: Store) -> dict[str, str]:
    """The fold of every prompt by its text."""
    return {
        prompt.messages[0]["content"]: fold
        for fold in ("train", "judge")
        for prompt in prompts_of(store, "train", fold=fold)  # type: ignore[arg-type]
    }


def test_near_duplicates_share_a_fold_in_one_batch_and_in_a_later_one(store: Store) -> None:
    near = [BREAKFAST.format(word) for word in ("now", "please", "today", "again", "then", "soon")]
    own = {fold_of(prompt_hash([{"role": "user", "content": text}])) for text in near}
    assert own == {"train", "judge"}  # by their own hashes they would straddle
    add_texts(store, *near[:4])
    add_texts(store, *near[4:])
    assert len({folds(store)[text] for text in near}) == 1


def test_a_template_with_its_blanks_filled_in_is_in_both_folds(store: Store) -> None:
    add_texts(store, *(BREAKFAST.format(number) for number in range(30)))
    assert set(folds(store).values()) == {"train", "judge"}


def test_a_votes_fold_is_its_prompts_everywhere(store: Store) -> None:
    near = [BREAKFAST.format(number) for number in range(20)]
    of = {fold_of(prompt_hash([{"role": "user", "content": text}])): text for text in near}
    add_texts(store, of["train"])
    add_texts(store, text := of["judge"])  # by its own hash
    (prompt_id,) = add_prompts(store, [NewPrompt(({"role": "user", "content": text},), "test")])
    with store.write() as db:
        ids = labels.insert_completions(db, [NewCompletion(prompt_id, answer) for answer in ("Tea.", "Bread.")])
        pair_id = labels.insert_pair(db, prompt_id, *ids, "chat")
        showing_id = labels.insert_showing(db, pair_id, "local", flipped=False)
        labels.insert_preference(db, showing_id, "key", "a", 2, None, None)
    assert [row["fold"] for row in snapshots.current_rows(store)] == ["train"]
    assert snapshots.tally(store) == {("left", "train"): 1}
    export_file(store, store.home / "votes.jsonl", "votes")
    assert json.loads((store.home / "votes.jsonl").read_text())["fold"] == "train"
