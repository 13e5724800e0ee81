"""Batches in which all pairs of one prompt are together. Imports no torch.

A prompt's pairs share completions: k of them that were ranked make k(k-1)/2 pairs. Shuffled apart, each completion is
learned from in many steps of one epoch, and the model overfits; together it is in one (Ouyang et al. 2022, 3.5).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence


class PromptBatches:
    """A batch sampler for torch's DataLoader: lists of row numbers, drawn anew each epoch from seed and epoch alone.

    The number of batches is the same in every epoch, as trainers count on, and a run that resumes in the middle finds
    the batches it had.
    """

    drop_last = False

    def __init__(self, prompt_ids: Sequence[int], batch_size: int, seed: int) -> None:
        """`prompt_ids` names the prompt of each row; a batch has at most `batch_size` rows, or one larger prompt."""
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0
        places: dict[int, list[int]] = defaultdict(list)
        for place, prompt_id in enumerate(prompt_ids):
            places[prompt_id].append(place)
        self._groups = list(places.values())
        self._length = len(pack(self._groups, batch_size, random.Random(0)))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[int]]:
        return iter(pack(self._groups, self.batch_size, random.Random(f"{self.seed}:{self.epoch}")))

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before every pass over the data."""
        self.epoch = epoch


def pack(groups: Sequence[Sequence[int]], size: int, chance: random.Random) -> list[list[int]]:
    """Whole groups in batches of at most `size`, a larger group in a batch of its own, in an order left to chance.

    Best fit, larger groups first (Johnson et al. 1974): how many batches there are depends on the groups' sizes and
    not on the order.
    """
    shuffled = chance.sample(groups, len(groups))
    batches: list[list[int]] = []
    with_room: dict[int, list[list[int]]] = defaultdict(list)
    for group in sorted(shuffled, key=len, reverse=True):
        room = next((room for room in range(len(group), size + 1) if with_room[room]), None)
        batch: list[int] = with_room[room].pop() if room else []
        if room is None:
            batches.append(batch)
        batch += group
        with_room[(room or size) - len(group)].append(batch)
    chance.shuffle(batches)
    return batches
