"""Invitations: a link, good once and for a week, through which a person chooses a password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from labeling.accounts import check_there
from labeling.logins import close_sessions
from labeling.passwords import check_password, hash_password
from labeling.tokens import hashed, in_days, new_token
from storage.database import Store, first, now
from storage.errors import UserError
from storage.journal import record

DAYS = 7
SPENT = "This invitation is used, expired or replaced by a newer one: ask an admin for another."


@dataclass(frozen=True)
class Invitation:
    """What an admin hands on: `path` goes behind the address of the app, and is not to be had a second time."""

    name: str
    path: str
    expires_at: str


def invite(store: Store, name: str, actor: str) -> Invitation:
    """Make an invitation for a person who is there; it takes the place of any older one.

    For somebody who has a password it is the way to another one: the old one holds until then.
    """
    token, expires_at = new_token(), in_days(DAYS)
    with store.write() as db:
        check_there(db, name)
        db.execute(
            "UPDATE invitations SET revoked_at = ? WHERE name = ? AND used_at IS NULL AND revoked_at IS NULL",
            [now(), name],
        )
        db.execute(
            "INSERT INTO invitations (token_sha256, name, created_at, expires_at) VALUES (?, ?, ?, ?)",
            [hashed(token), name, now(), expires_at],
        )
        record(db, actor, "invite", name)
    return Invitation(name, f"/invitation/{token}", expires_at)


def invited(db: Database, token: str) -> str:
    """Whom an invitation is for. Raises UserError when it is not, or no longer, good."""
    found = first(
        db,
        "SELECT name FROM invitations"
        " WHERE token_sha256 = ? AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?",
        [hashed(token), now()],
    )
    if found is None:
        raise UserError(SPENT)
    return str(found["name"])


def accept(store: Store, token: str, password: str) -> str:
    """Give the invited person this password, end every session they had, and return their name.

    Raises UserError, and leaves the invitation good, when the password cannot be used.
    """
    check_password(invited(store.db(), token), password)
    kept = hash_password(password)
    with store.write() as db:
        name = invited(db, token)  # once more: meanwhile it may have been used
        db.execute("UPDATE invitations SET used_at = ? WHERE token_sha256 = ?", [now(), hashed(token)])
        db.execute(
            "INSERT INTO passwords (name, hash, set_at) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at",
            [name, kept, now()],
        )
        close_sessions(db, name)
        record(db, name, "choose password", name)
    return name
