"""Passwords: what can be one, and its argon2id hash with the parameters of RFC 9106 for little memory (64 MiB)."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from storage.errors import UserError

SHORTEST, LONGEST = 10, 200  # characters

_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(2)  # each takes 64 MiB, and a core for some tens of milliseconds


def check_password(name: str, password: str) -> None:
    """Raise UserError for what cannot be this person's password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(f"A password has {SHORTEST} to {LONGEST} characters: choose another.")
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise UserError("That password is guessed at once: choose another.")


def hash_password(password: str) -> str:
    """The hash to keep; the salt and the parameters are in it."""
    with _at_once:
        return _hasher.hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Whether this is the password. Without a kept hash the same work is done, so that time tells nothing of names."""
    against = kept or _nobodys()
    try:
        with _at_once:
            _hasher.verify(against, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")
