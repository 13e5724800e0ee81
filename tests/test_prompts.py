"""Which prompts a home asks: the demo's make room for its own."""

from __future__ import annotations

from storage.database import Store
from storage.prompts import CHAT_SOURCE, DEMO_SOURCE, MIN_HELDOUT, NewPrompt, add_prompts, prompts_of
from storage.records import Split


def add(store: Store, source: str, split: Split, count: int) -> None:
    texts = [f"{source} {split} number {number}" for number in range(count)]
    add_prompts(store, [NewPrompt(({"role": "user", "content": text},), source, split) for text in texts])


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
