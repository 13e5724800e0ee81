"""Choose among hand-written wordings: the same words for the same key, on every machine and in every run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def choose(options: Sequence[str], *key: str) -> str:
    """One of `options`, fixed by the words of `key`: Python's own `hash` differs from run to run."""
    return options[_number(key) % len(options)]


def choose_several(options: Sequence[T], count: int, *key: str) -> list[T]:
    """`count` different places of `options`, one after the other from a place fixed by `key`, around the end."""
    start = _number(key)
    return [options[(start + step) % len(options)] for step in range(count)]


def _number(key: Sequence[str]) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(key).encode()).digest()[:8], "big")
