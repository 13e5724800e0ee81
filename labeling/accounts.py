"""Who may do what. Without accounts there is one local user, with every right, and the app stays on loopback."""

from __future__ import annotations

from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record

LOCAL_USER = "local"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ROLES = ("labeler", "researcher", "admin")  # each may do what the ones before it may


def add_user(store: Store, name: str, role: str, actor: str) -> None:
    """Add a person, or give one who is there another role."""
    if role not in ROLES:
        raise UserError(f"{role!r} is not a role: take one of {', '.join(ROLES)}.")
    if not name or len(name) > 80 or not name.isprintable() or name != name.strip():
        raise UserError(f"The user name {name!r} cannot be used: take 1 to 80 printable characters.")
    with store.write() as db:
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


def require(store: Store, name: str, role: str) -> str:
    """Return `name` when that user may act as `role`; raises UserError otherwise. Every handler asks this itself."""
    row = store.row("SELECT role FROM users WHERE name = ?", [name])
    if row is None:
        raise UserError(f"There is no user named {name!r}: an admin can add one with `user add`.")
    if ROLES.index(row["role"]) < ROLES.index(role):
        raise UserError(f"{name} is a {row['role']}, and this takes a {role}: ask an admin for the role.")
    return name
