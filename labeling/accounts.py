"""Who may do what: people and their roles.

While nobody has a password there is one local user, with every right, and the app stays on loopback. How somebody
comes by a password is in `labeling.invitations`, and what it opens in `labeling.logins`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from storage.database import Store, first, now
from storage.errors import UserError
from storage.former import FORMER, was_removed
from storage.journal import record

LOCAL_USER = "local"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ROLES = ("labeler", "researcher", "admin")  # each may do what the ones before it may
HAS_PASSWORD = "EXISTS (SELECT 1 FROM passwords p WHERE p.name = u.name)"
IS_INVITED = """EXISTS (
    SELECT 1 FROM invitations i WHERE i.name = u.name AND used_at IS NULL AND revoked_at IS NULL AND expires_at > :now
)"""
# Admins who can log in, or can once they have opened their invitation's link.
ADMINS = f"SELECT name FROM users u WHERE role = 'admin' AND ({HAS_PASSWORD} OR {IS_INVITED}) ORDER BY name"
PEOPLE = f"""
SELECT name, role, CASE WHEN {HAS_PASSWORD} THEN 'password' WHEN {IS_INVITED} THEN 'invited' ELSE 'none' END AS login,
       created_at
FROM users u WHERE substr(name, 1, length(:former)) <> :former ORDER BY created_at, name
"""


class RoleError(UserError):
    """Somebody may not do what they asked for."""


@dataclass(frozen=True)
class Person:
    """Somebody of the home. `login` is how they come in: password, invited (the link is open) or none."""

    name: str
    role: str
    login: str
    created_at: str


def add_user(store: Store, name: str, role: str, actor: str) -> None:
    """Add a person, or give one who is there another role. Raises UserError where that would leave no admin."""
    if role not in ROLES:
        raise UserError(f"{role!r} is not a role: take one of {', '.join(ROLES)}.")
    if not name or len(name) > 80 or not name.isprintable() or name != name.strip() or name.startswith(FORMER):
        raise UserError(
            f"The user name {name!r} cannot be used: take 1 to 80 printable characters, not beginning with {FORMER!r}."
        )
    with store.write() as db:
        if was_removed(db, name):
            raise UserError(f"{name} was removed, and files still hold that name: take another one.")
        if role != "admin":
            keep_an_admin(db, name, goes=False)
        db.execute(
            "INSERT INTO users (name, role, created_at) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET role = excluded.role",
            [name, role, now()],
        )
        record(db, actor, "user", name, role=role)


def ensure_user(store: Store, name: str, role: str) -> None:
    """Add a person who is not there yet; one who is keeps their role."""
    if store.row("SELECT 1 FROM users WHERE name = ?", [name]) is None:
        add_user(store, name, role, name)


def people(store: Store) -> list[Person]:
    """Everybody, in the order in which they came; those who were removed are left out."""
    return [Person(**row) for row in store.rows(PEOPLE, {"now": now(), "former": FORMER})]


def accounts_exist(store: Store) -> bool:
    """Whether anybody has a password: then everybody has to log in, also on loopback."""
    return store.row("SELECT 1 FROM passwords LIMIT 1") is not None


def has_password(store: Store, name: str) -> bool:
    """Whether this person can log in with a password."""
    return store.row("SELECT 1 FROM passwords WHERE name = ?", [name]) is not None


def admins(db: Database) -> list[str]:
    """The admins who can log in, those with an open invitation among them."""
    return [row["name"] for row in db.query(ADMINS, {"now": now()})]


def keep_an_admin(db: Database, name: str, goes: bool) -> None:
    """Raise UserError when `name` is the last admin while there are accounts: others' only, where the person goes."""
    passwords = [row["name"] for row in db.query("SELECT name FROM passwords")]
    if admins(db) == [name] and (set(passwords) - {name} if goes else passwords):
        raise UserError(f"{name} is the last admin: make somebody else one first, with `user add NAME --role admin`.")


def check_there(db: Database, name: str) -> None:
    """Raise UserError where there is no such person, or no more."""
    if name.startswith(FORMER) or first(db, "SELECT 1 FROM users WHERE name = ?", [name]) is None:
        raise UserError(f"There is no user named {name!r}: `user list` shows everybody.")


def check_host(home: Path, host: str) -> None:
    """Raise UserError when the app must not listen on this address: beyond loopback it takes an admin's account."""
    if host in LOOPBACK:
        return
    if not Store(home.expanduser()).database.is_file() or not admins(Store.open(home).db()):
        raise UserError(
            f"Without an admin's account the app listens on loopback only, not on {host}: make one first, with "
            "`python app.py user add NAME --role admin`."
        )


def role_of(store: Store, name: str) -> str | None:
    """The role of a person; None where there is no such person."""
    row = store.row("SELECT role FROM users WHERE name = ?", [name])
    return row["role"] if row else None


def require(store: Store, name: str, role: str) -> str:
    """Return `name` when that user may act as `role`; raises UserError otherwise. Every handler asks this itself."""
    has = role_of(store, name)
    if has is None:
        raise RoleError(f"There is no user named {name!r}: an admin can add one with `user add`.")
    if ROLES.index(has) < ROLES.index(role):
        raise RoleError(f"{name} is a {has}, and this takes {_one(role)}: ask an admin for the role.")
    return name


def _one(role: str) -> str:
    return f"{'an' if role == 'admin' else 'a'} {role}"
