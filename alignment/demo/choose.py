"""Choose among hand-written wordings: the same words for the same key, on every machine and in every run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def choose(options: Sequence[str], *key: str) -> str:
    """One of `options`, fixed by the words of `key`: Python's own `hash` differs from run to run."""
    digest = hashlib.sha256("\x1f".join(key).encode()).digest()
    return options[int.from_bytes(digest[:8], "big") % len(options)]
