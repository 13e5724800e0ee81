"""What the demo's hand-written material is made into: an instruction, and its answer in every manner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Manner = Literal["terse", "warm", "thorough", "rambling", "careless"]
MANNERS: tuple[Manner, ...] = ("terse", "warm", "thorough", "rambling", "careless")


@dataclass(frozen=True)
class Task:
    """One instruction about one topic. A topic is wholly on one side of the split, with all its wordings."""

    family: str
    topic: str
    instruction: str
    answers: dict[Manner, str]
    input: str = ""
