"""Batches by prompt: nothing is parted, nothing is lost, and every epoch has as many."""

from __future__ import annotations

import random
from collections import Counter

from alignment.prompt_batches import PromptBatches, pack

# Prompts with 1, 2, 3 and 6 pairs, four of each, and one whose 15 pairs are more than a batch; shuffled as votes come.
SIZES = [1, 2, 3, 6] * 4 + [15]
ROWS = random.Random(1).sample([prompt for prompt, size in enumerate(SIZES) for _ in range(size)], sum(SIZES))


def test_all_pairs_of_a_prompt_are_in_one_batch() -> None:
    for batch in PromptBatches(ROWS, 8, seed=0):
        inside = {ROWS[row] for row in batch}
        assert Counter(ROWS[row] for row in batch) == {prompt: SIZES[prompt] for prompt in inside}


def test_every_row_comes_once_and_only_a_larger_prompt_makes_a_larger_batch() -> None:
    batches = list(PromptBatches(ROWS, 8, seed=0))
    assert sorted(row for batch in batches for row in batch) == list(range(len(ROWS)))
    assert sorted(len(batch) for batch in batches if len(batch) > 8) == [15]


def test_the_epochs_differ_but_have_as_many_batches() -> None:
    batches = PromptBatches(ROWS, 8, seed=0)
    epochs = []
    for epoch in range(20):
        batches.set_epoch(epoch)
        epochs.append(list(batches))
        assert len(epochs[-1]) == len(batches)
    assert epochs[0] != epochs[1]


def test_the_same_seed_and_epoch_are_the_same_batches() -> None:
    def of(seed: int, epoch: int) -> list[list[int]]:
        batches = PromptBatches(ROWS, 8, seed)
        batches.set_epoch(epoch)
        return list(batches)

    assert of(3, 2) == of(3, 2)
    assert of(3, 2) != of(4, 2)


def test_pairs_of_a_prompt_each_fill_batches_as_usual() -> None:
    assert sorted(map(len, PromptBatches(range(18), 16, seed=0))) == [2, 16]


def test_the_fullest_batch_with_room_is_taken() -> None:
    # 5 and 4 open a batch each; 3 fits behind 5 exactly, 2 and 2 fill up the other
    batches = pack([[0] * 5, [1] * 4, [2] * 3, [3] * 2, [4] * 2], 8, random.Random(0))
    assert sorted(sorted(Counter(batch).items()) for batch in batches) == [
        [(0, 5), (2, 3)],
        [(1, 4), (3, 2), (4, 2)],
    ]
