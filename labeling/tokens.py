"""Secrets that open something: made here, shown once, and known afterwards only by their hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from storage.database import from_now


def new_token() -> str:
    """256 bits that nobody guesses, as text that may stand in a URL."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is kept of a token. A fast hash serves, for there is nothing to guess in 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def in_days(days: float) -> str:
    """The moment that many days from now, written as `storage.database.now` does."""
    return from_now(timedelta(days=days))
