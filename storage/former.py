"""People who were removed: what they did stays and is learned from, under a pseudonym.

Rows on the path of the data are never changed but for this: whose they are is said by a name, and the name is taken out
of every row in one transaction, triggers and all. Files that are named by the hash of their content cannot be changed;
`files_of` lists them.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
from sqlite_utils import Database

from storage.database import Store, first, now

FORMER = "former-"  # begins every pseudonym
GONE = ("passwords", "invitations", "sessions")  # with the person
# Columns with somebody's name that do not refer to `users`, for programs' names stand there too.
NAMED = re.compile(r"actor|labeler|[a-z_]+_by")
UNDER = frozenset({"labeler", "labelers", "exclude_labelers", "actor", "requested_by"})  # in JSON


def pseudonym_for(db: Database) -> str:
    """A pseudonym that nobody has."""
    while True:
        found = FORMER + secrets.token_hex(2)
        if first(db, "SELECT 1 FROM users WHERE name = ?", [found]) is None:
            return found


def forget(db: Database, name: str, actor: str) -> str:
    """Put a pseudonym in the place of a person's name, wherever it stands, inside the caller's transaction.

    The person's password, invitations and sessions are deleted. Returns the pseudonym.
    """
    pseudonym = pseudonym_for(db)
    db.execute("PRAGMA defer_foreign_keys = ON")  # until the transaction ends, which has everything in place
    triggers = list(db.query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'"))
    for trigger in triggers:
        db.execute(f'DROP TRIGGER "{trigger["name"]}"')
    for table in _tables(db):
        _forget_in(db, table, name, pseudonym)
    db.execute("UPDATE users SET name = ?, role = 'labeler' WHERE name = ?", [pseudonym, name])
    db.execute("UPDATE journal SET subject = ? WHERE subject = ?", [pseudonym, name])
    db.execute(
        "INSERT INTO former_people (pseudonym, name_sha256, removed_by, created_at) VALUES (?, ?, ?, ?)",
        [pseudonym, _hashed(name), pseudonym if actor == name else actor, now()],
    )
    for trigger in triggers:
        db.execute(trigger["sql"])
    return pseudonym


def was_removed(db: Database, name: str) -> bool:
    """Whether somebody of this name was removed, whom frozen files may still name."""
    return first(db, "SELECT 1 FROM former_people WHERE name_sha256 = ?", [_hashed(name)]) is not None


def known_as(db: Database) -> Callable[[str], str]:
    """What a name that a file has is to be called now."""
    former = {row["name_sha256"]: row["pseudonym"] for row in db.query("SELECT * FROM former_people")}
    return (lambda name: former.get(_hashed(name), name)) if former else (lambda name: name)


def files_of(store: Store, name: str) -> list[str]:
    """The frozen files that hold a person's name, as paths in the home; jobs have copies of them."""
    found = [path for path in store.snapshots.glob("*.parquet") if name in _labelers(path)]
    for path in store.snapshots.glob("*.jsonl"):
        with path.open(encoding="utf-8") as lines:
            if any(json.loads(line).get("labeler") == name for line in lines):
                found.append(path)
    return sorted(str(path.relative_to(store.home)) for path in found)


def _labelers(path: Any) -> set[Any]:
    return set(pq.read_table(path, columns=["labeler"]).column(0).unique().to_pylist())


def _tables(db: Database) -> list[dict[str, Any]]:
    return list(db.query("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"))


def _forget_in(db: Database, table: dict[str, Any], name: str, pseudonym: str) -> None:
    """Take a name out of one table."""
    at = table["name"]
    refers = [one["from"] for one in db.query(f'PRAGMA foreign_key_list("{at}")') if one["table"] == "users"]
    if at in GONE:
        db.execute(f'DELETE FROM "{at}" WHERE name = ?', [name])
        return
    for column in {*refers, *(one for one in columns(db, at) if NAMED.fullmatch(one))}:
        db.execute(f'UPDATE "{at}" SET "{column}" = ? WHERE "{column}" = ?', [pseudonym, name])
    for column in set(re.findall(r"json_valid\((\w+)\)", table["sql"])):
        _forget_in_json(db, at, column, name, pseudonym)


def columns(db: Database, table: str) -> list[str]:
    """The names of a table's columns."""
    return [one["name"] for one in db.query(f'PRAGMA table_info("{table}")')]


def _forget_in_json(db: Database, table: str, column: str, name: str, pseudonym: str) -> None:
    plain, escaped = (json.dumps(name, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True))
    rows = list(
        db.execute(
            f'SELECT rowid, "{column}" FROM "{table}" WHERE instr("{column}", ?) OR instr("{column}", ?)',
            [plain, escaped],
        )
    )
    for rowid, text in rows:
        said = json.loads(text)
        changed = renamed(said, name, pseudonym)
        if changed != said:
            db.execute(
                f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', [json.dumps(changed, ensure_ascii=False), rowid]
            )


def renamed(value: Any, name: str, pseudonym: str, person: bool = False) -> Any:
    """A JSON value with another name for a person, where by its key it tells of people."""
    if isinstance(value, dict):
        return {
            (pseudonym if person and key == name else key): renamed(item, name, pseudonym, person or key in UNDER)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [renamed(item, name, pseudonym, person) for item in value]
    return pseudonym if person and value == name else value


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
