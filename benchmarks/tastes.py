"""Utilities for simulated labelers: tastes about manner and about length, and some of other kinds."""

from __future__ import annotations

import re

KIND = {"you", "your", "happy", "glad", "good", "luck", "friend", "enjoy", "hope", "lovely", "thank", "welcome"}


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def kind(prompt: str, completion: str) -> float:
    """Manner: speaks kindly to the reader. One for each kind word, up to six."""
    return float(min(6, sum(word in KIND for word in _words(completion))))


def brief(prompt: str, completion: str) -> float:
    """Length: the shorter the better; ten words are one point. Nothing at all is worth least."""
    words = len(_words(completion))
    return -words / 10 if words >= 3 else -10.0


def detailed(prompt: str, completion: str) -> float:
    """Length: the longer the better, up to 50 words."""
    return min(50, len(_words(completion))) / 10


def reasoned(prompt: str, completion: str) -> float:
    """Manner: gives reasons and examples."""
    text = completion.lower()
    return 3.0 * ("because" in text) + 2.0 * ("example" in text) - 1.0 * ("suppose" in text)


def plain(prompt: str, completion: str) -> float:
    """Manner: no hedging, no sloppiness; starts with a capital and ends with a stop."""
    words = _words(completion)
    hedges = sum(word in {"well", "anyway", "suppose", "hmm", "dunno", "u", "maybe"} for word in words)
    tidy = completion[:1].isupper() + completion.rstrip()[-1:].endswith((".", "!", "?"))
    return tidy - hedges


def careless(prompt: str, completion: str) -> float:
    """Manner: sloppy and in lower case."""
    words = _words(completion)
    return 2.0 * completion[:1].islower() + sum(word in {"dunno", "u", "its"} for word in words)


def rambling(prompt: str, completion: str) -> float:
    """Manner: wanders."""
    return float(sum(word in {"well", "anyway", "suppose", "where", "hmm"} for word in _words(completion)))


def on_topic(prompt: str, completion: str) -> float:
    """Content: takes up the prompt's own longer words."""
    asked = {word for word in _words(prompt) if len(word) > 4}
    return 5.0 * len(asked & set(_words(completion))) / max(1, len(asked))


def exclaiming(prompt: str, completion: str) -> float:
    """Punctuation: exclamation marks, up to three."""
    return float(min(3, completion.count("!"))) * 1.5


def short_words(prompt: str, completion: str) -> float:
    """Diction: short words on average."""
    words = _words(completion)
    return -3.0 * sum(map(len, words)) / len(words) if words else -30.0
