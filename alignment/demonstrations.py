"""What supervised fine-tuning learns from and is measured on. Imports no torch, so that it is checked before a job is.

in: demonstrations from a file of instructions, from labelers, or both      out: a side to train on, one to measure on
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

from alignment.splits import hold_out
from storage.errors import UserError
from storage.exchange.demonstrations import Demonstration


@dataclass(frozen=True)
class Curriculum:
    """Demonstrations to train on, from a file of instructions and by labelers' own hands, and others to measure on."""

    instructions: list[Demonstration]
    written: list[Demonstration]
    heldout: list[Demonstration]


def check_apart(train: list[Demonstration], heldout: list[Demonstration]) -> None:
    """Raise UserError where a record to measure on asks what one to learn from asks."""
    known = {demonstration.asked for demonstration in train}
    seen = sum(demonstration.asked in known for demonstration in heldout)
    if seen:
        raise UserError(
            f"{seen} of {len(heldout)} records to measure on ask what records to learn from ask too, so that a loss on "
            "them would tell nothing: take them out of one of the files."
        )


def curriculum(
    instructions: list[Demonstration],
    written: list[Demonstration],
    heldout: list[Demonstration] | None,
    heldout_share: float,
    repeats: int = 1,
) -> Curriculum:
    """Set a share of the prompts aside to measure on, near-duplicates together, unless `heldout` is there for that.

    `repeats` is how often each of `written` comes in a pass over the data. Raises UserError where there are too few to
    be split.
    """
    if heldout is not None:
        return Curriculum(instructions, written * repeats, heldout)
    every = instructions + written
    sides = hold_out([demonstration.asked for demonstration in every], heldout_share)
    if len(set(sides)) < 2:
        raise UserError(
            f"There are too few demonstrations ({len(every)}), or they are too much alike, to train on some and "
            "measure on others: bring more, or name a file to measure on with heldout=FILE."
        )
    train = [side == "train" for side in sides]
    return Curriculum(
        list(compress(instructions, train)),
        list(compress(written, train[len(instructions) :])) * repeats,
        [demonstration for demonstration, taken in zip(every, train, strict=True) if not taken],
    )
