"""The courier: a thread of the serving process that carries messages from the outbox to the webhooks.

Each message arrives at least once, in the order of its webhook; one that arrives again has the same id. An address that
fails is tried again after pauses that double, up to an hour; what is three days old is given up, and that is on record.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx

from storage.database import Store, from_now, now, sqlite3
from storage.journal import record
from storage.webhooks import WAITS, give_up, signature

LOOK_EVERY_S = 1.0
PATIENCE_S = 10.0  # with one address
AT_ONCE = 4  # addresses
BATCH = 50  # messages to one address, between two writes that they have arrived
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
GIVE_UP_AFTER = timedelta(days=3)
KEEP_DELIVERED = timedelta(days=7)
DUE = f"""
SELECT webhook_id, url, secret, failures FROM webhooks w
WHERE removed_at IS NULL AND next_at <= ? AND EXISTS (
    SELECT 1 FROM deliveries d WHERE d.webhook_id = w.webhook_id AND {WAITS}
)
"""
WAITING = f"""
SELECT delivery_id, message_id, payload FROM deliveries
WHERE webhook_id = ? AND {WAITS} ORDER BY delivery_id LIMIT ?
"""

log = logging.getLogger("plumbline.courier")


class Courier:
    """Carries messages until it is stopped."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Carry no further message."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, "courier") as pool:
            while not self._stop.wait(LOOK_EVERY_S):
                try:
                    go_round(self.store, pool.map)
                except sqlite3.OperationalError:  # busy, or the disk is full: this passes
                    log.exception("the outbox could not be used")


def go_round(store: Store, over: Callable[..., Any] = map) -> None:
    """Carry to every address what is due, and give up what is too old."""
    if store.row("SELECT 1 FROM webhooks LIMIT 1") is None:
        return
    _tidy(store)
    list(over(lambda due: _carry(store, due), store.rows(DUE, [now()])))


def post(url: str, secret: str, message_id: str, payload: str) -> str | None:
    """Send one message, signed; None when it was taken, else what went wrong. Redirects are not followed."""
    body, timestamp = payload.encode(), int(time.time())
    headers = {
        "content-type": "application/json",
        "user-agent": "plumbline",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    try:
        with httpx.stream("POST", url, content=body, headers=headers, timeout=PATIENCE_S) as answer:
            return None if answer.is_success else f"it answered {answer.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20))


def _carry(store: Store, due: dict[str, Any]) -> None:
    """Send a batch to one address, in order, until one fails."""
    arrived: list[int] = []
    failed: tuple[int, str] | None = None
    for row in store.rows(WAITING, [due["webhook_id"], BATCH]):
        error = post(due["url"], due["secret"], row["message_id"], row["payload"])
        if error is not None:
            failed = (row["delivery_id"], error)
            break
        arrived.append(row["delivery_id"])
    failures = 0 if failed is None else 1 if arrived else due["failures"] + 1
    with store.write() as db:
        for delivery_id in arrived:
            db.execute(
                "UPDATE deliveries SET delivered_at = ?, attempts = attempts + 1, error = NULL WHERE delivery_id = ?",
                [now(), delivery_id],
            )
        if failed is not None:
            db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, error = ? WHERE delivery_id = ?", [failed[1], failed[0]]
            )
        next_at = from_now(timedelta(seconds=pause(failures))) if failures else ""
        db.execute(
            "UPDATE webhooks SET failures = ?, next_at = ? WHERE webhook_id = ?", [failures, next_at, due["webhook_id"]]
        )


def _tidy(store: Store) -> None:
    """Give up what is too old, and forget what arrived long ago."""
    old = store.rows(
        f"SELECT webhook_id, count(*) AS n FROM deliveries WHERE {WAITS} AND created_at < ? GROUP BY webhook_id",
        [from_now(-GIVE_UP_AFTER)],
    )
    for row in old:
        with store.write() as db:
            given_up = give_up(
                db, "given up", "webhook_id = ? AND created_at < ?", row["webhook_id"], from_now(-GIVE_UP_AFTER)
            )
            record(db, "courier", "give up", f"webhook {row['webhook_id']}", messages=given_up)
    if store.row("SELECT 1 FROM deliveries WHERE delivered_at < ? LIMIT 1", [from_now(-KEEP_DELIVERED)]):
        with store.write() as db:
            db.execute("DELETE FROM deliveries WHERE delivered_at < ?", [from_now(-KEEP_DELIVERED)])
