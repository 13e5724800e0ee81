"""Webhooks: addresses that are told of votes, rounds and promotions, each message signed with a secret of its own.

Messages are made by triggers (`schema/0028_webhooks.sql`) and sent by `storage.courier`. They are signed as Standard
Webhooks has it (https://www.standardwebhooks.com), so that a receiver finds a library for its language.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlite_utils import Database

from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record

EVENTS = ("vote", "round", "promotion")
WAITS = "delivered_at IS NULL AND given_up_at IS NULL"  # of a message in the outbox
PREFIX = "whsec_"  # of a secret, before the base64 of its 32 bytes


@dataclass(frozen=True)
class Webhook:
    """An address, what it is told of, and how that goes: what waits, and what was given up."""

    webhook_id: int
    url: str
    secret: str
    events: tuple[str, ...]
    waiting: int
    given_up: int
    error: str | None


def add_webhook(store: Store, url: str, events: tuple[str, ...], actor: str) -> Webhook:
    """Tell this address of these events from now on. Raises UserError for an address or an event that cannot be."""
    if not events or not set(events) <= set(EVENTS):
        raise UserError(
            f"A webhook is told of some of {', '.join(EVENTS)}: name them with --on, as in --on vote,round."
        )
    if not _is_address(url):
        raise UserError(f"The address {url!r} is none of the web: give one that begins with http:// or https://.")
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    flags = [int(event in events) for event in EVENTS]
    with store.write() as db:
        cursor = db.execute(
            "INSERT INTO webhooks (url, secret, on_vote, on_round, on_promotion, created_by, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [url, secret, *flags, actor, now()],
        )
        webhook_id = int(cursor.lastrowid or 0)
        record(db, actor, "add", f"webhook {webhook_id}", to=_host(url), events=list(events))
    return webhook(store, webhook_id)


def remove_webhook(store: Store, webhook_id: int, actor: str) -> int:
    """Tell an address nothing more; what still waits for it is given up. Returns how much that is."""
    webhook(store, webhook_id)
    with store.write() as db:
        db.execute("UPDATE webhooks SET removed_at = ? WHERE webhook_id = ?", [now(), webhook_id])
        dropped = give_up(db, "the webhook was removed", "webhook_id = ?", webhook_id)
        record(db, actor, "remove", f"webhook {webhook_id}", given_up=dropped)
    return dropped


def webhooks(store: Store) -> list[Webhook]:
    """All there are, in the order in which they came."""
    rows = store.rows("SELECT * FROM webhooks WHERE removed_at IS NULL ORDER BY webhook_id")
    return [
        Webhook(
            row["webhook_id"],
            row["url"],
            row["secret"],
            tuple(event for event in EVENTS if row[f"on_{event}"]),
            _count(store, row["webhook_id"], WAITS),
            _count(store, row["webhook_id"], "given_up_at IS NOT NULL"),
            _last_error(store, row["webhook_id"]) if row["failures"] else None,
        )
        for row in rows
    ]


def webhook(store: Store, webhook_id: int) -> Webhook:
    """One of them. Raises UserError when there is none of that number."""
    found = [one for one in webhooks(store) if one.webhook_id == webhook_id]
    if not found:
        raise UserError(f"There is no webhook {webhook_id}: `webhook list` shows those there are.")
    return found[0]


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What the header `webhook-signature` says: HMAC-SHA256 over id, time (seconds) and body, in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def give_up(db: Database, why: str, which: str, *parameters: object) -> int:
    """Try no more to deliver what waits and is meant by `which`, inside the caller's transaction; returns how many."""
    return db.execute(
        f"UPDATE deliveries SET given_up_at = ?, error = coalesce(error || '; ', '') || ? WHERE {WAITS} AND {which}",
        [now(), why, *parameters],
    ).rowcount


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and url.isprintable()
            and not set(url) & set(' <>"')
        )
    except ValueError:
        return False


def _host(url: str) -> str:
    """What the journal, which researchers read, says of an address: its path or its user may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _count(store: Store, webhook_id: int, which: str) -> int:
    row = store.row(f"SELECT count(*) AS n FROM deliveries WHERE webhook_id = ? AND {which}", [webhook_id])
    return int(row["n"]) if row else 0


def _last_error(store: Store, webhook_id: int) -> str | None:
    row = store.row(
        "SELECT error FROM deliveries WHERE webhook_id = ? AND error IS NOT NULL ORDER BY delivery_id DESC LIMIT 1",
        [webhook_id],
    )
    return row["error"] if row else None
