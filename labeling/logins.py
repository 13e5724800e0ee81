"""Logging in: a password opens a session, and a session's token says who asks. Sessions outlive the server."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlite_utils import Database

from labeling.accounts import check_there
from labeling.passwords import check_password, hash_password, is_password
from labeling.throttle import Throttle
from labeling.tokens import hashed, in_days, new_token
from storage.database import Store, first, now
from storage.errors import UserError
from storage.journal import record

DAYS = 30  # that a browser stays logged in
PROGRAM_DAYS = 90  # that a program's token is good for
WRONG = "The name or the password is wrong."
WRONG_OLD = "The old password is wrong: nothing was changed."


@dataclass(frozen=True)
class Logins:
    """The door's book: who logged in, and how often somebody failed to."""

    store: Store
    throttle: Throttle = field(default_factory=Throttle)

    def log_in(self, name: str, password: str, address: str) -> str:
        """A new session's token. Raises UserError when it is not the password, or there were too many failures."""
        known = self._hash_of(name, password, address, WRONG)
        with self.store.write() as db:
            if first(db, "SELECT 1 FROM passwords WHERE name = ? AND hash = ?", [name, known]):
                return _open(db, name, "browser", DAYS, name)
        raise UserError(WRONG)  # it was changed while it was looked at

    def change_password(self, name: str, old: str, new: str, address: str) -> str:
        """Give somebody who is in another password, end every session and token of theirs; returns a new session's.

        Raises UserError, and changes nothing, when `old` is not the password, `new` cannot be one, or there were too
        many failures: a browser left open is no way around the brake.
        """
        known = self._hash_of(name, old, address, WRONG_OLD)
        check_password(name, new)
        if new == old:
            raise UserError("That is the password you have: choose another.")
        kept = hash_password(new)
        with self.store.write() as db:
            set_now = db.execute(
                "UPDATE passwords SET hash = ?, set_at = ? WHERE name = ? AND hash = ?",
                [kept, now(), name, known],
            )
            if not set_now.rowcount:
                raise UserError(WRONG_OLD)  # it was changed while it was looked at
            close_sessions(db, name)
            record(db, name, "change password", name)
            return _open(db, name, "browser", DAYS, name)

    def _hash_of(self, name: str, password: str, address: str, wrong: str) -> str:
        """The hash that is kept of this password of theirs. Raises UserError, `wrong` where it is not the password."""
        keys = (f"account {hashed(name)}", f"address {address}")
        mark = self.throttle.begin(*keys)
        row = self.store.row("SELECT hash FROM passwords WHERE name = ?", [name])
        if not is_password(row["hash"] if row else None, password) or row is None:
            raise UserError(wrong)
        self.throttle.succeeded(mark, *keys)
        return str(row["hash"])


def open_browser(store: Store, name: str) -> str:
    """A browser's session for somebody who has just chosen a password."""
    with store.write() as db:
        check_there(db, name)
        return _open(db, name, "browser", DAYS, name)


def make_token(store: Store, name: str, days: float, actor: str) -> str:
    """A token for this person's programs, to be sent as `Authorization: Bearer TOKEN`."""
    with store.write() as db:
        check_there(db, name)
        return _open(db, name, "program", days, actor)


def session_user(store: Store, token: str) -> str | None:
    """Whose session this is, while it is open."""
    row = store.row(
        "SELECT name FROM sessions WHERE token_sha256 = ? AND revoked_at IS NULL AND expires_at > ?",
        [hashed(token), now()],
    )
    return row["name"] if row else None


def log_out(store: Store, token: str) -> None:
    """End one session, if it is open."""
    with store.write() as db:
        found = list(
            db.query("SELECT name FROM sessions WHERE token_sha256 = ? AND revoked_at IS NULL", [hashed(token)])
        )
        for row in found:
            db.execute("UPDATE sessions SET revoked_at = ? WHERE token_sha256 = ?", [now(), hashed(token)])
            record(db, row["name"], "log out", row["name"])


def log_out_everywhere(store: Store, name: str, actor: str) -> int:
    """End every session and token of a person; returns how many there were."""
    with store.write() as db:
        check_there(db, name)
        ended = close_sessions(db, name)
        record(db, actor, "end sessions", name, sessions=ended)
    return ended


def close_sessions(db: Database, name: str) -> int:
    """End every session and token of a person inside the caller's transaction."""
    return db.execute(
        "UPDATE sessions SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", [now(), name]
    ).rowcount


def _open(db: Database, name: str, kind: str, days: float, actor: str) -> str:
    token = new_token()
    db.execute(
        "INSERT INTO sessions (token_sha256, name, kind, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        [hashed(token), name, kind, now(), in_days(days)],
    )
    record(db, actor, "log in" if kind == "browser" else "make token", name)
    return token
