"""Webhooks: told of exactly what happened, in order, signed, at least once, and of nothing else."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from labeling.session import serve, undo, vote
from storage import courier, labels, registry, rounds, snapshots
from storage.courier import Courier, go_round, pause
from storage.database import Store
from storage.errors import UserError
from storage.webhooks import add_webhook, remove_webhook, signature, webhook, webhooks
from tests.conftest import add_pairs


class Receiver:
    """An address that keeps what it was sent, and answers with the statuses of the test, the last one for ever."""

    url = ""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses = [204]

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as up:
        yield up


@contextmanager
def listening(this: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            this.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(this.statuses.pop(0) if len(this.statuses) > 1 else this.statuses[0])
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    this.url = f"http://127.0.0.1:{server.server_port}/told"
    try:
        yield this
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def pairs(store: Store) -> Store:
    add_pairs(store, 3)
    return store


def cast(store: Store, key: str) -> int:
    (showing,) = serve(store, "local")
    return vote(store, "local", showing.showing_id, "left", 2, key).preference_id


def due_now(store: Store) -> None:
    """Let the pauses be over."""
    with store.write() as db:
        db.execute("UPDATE webhooks SET next_at = ''")


def test_the_signature_is_that_of_the_published_example() -> None:
    secret, message_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signed = signature(secret, message_id, 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_vote_and_its_undo_are_told_in_order_and_signed(pairs: Store, receiver: Receiver) -> None:
    hook = add_webhook(pairs, receiver.url, ("vote",), "test")
    first = cast(pairs, "one")
    undo(pairs, "local", "two")
    go_round(pairs)
    told = receiver.messages()
    assert [(one["type"], one["data"]["verdict"]) for one in told] == [
        ("vote", told[0]["data"]["verdict"]),
        ("vote", "withdrawn"),
    ]
    assert told[0]["data"]["preference_id"] == told[1]["data"]["supersedes"] == first
    assert told[0]["data"]["labeler"] == "local"
    headers, body = receiver.received[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    go_round(pairs)
    assert len(receiver.received) == 2


def test_a_vote_that_is_rolled_back_is_not_told(pairs: Store, receiver: Receiver) -> None:
    add_webhook(pairs, receiver.url, ("vote",), "test")
    (showing,) = serve(pairs, "local")
    with pytest.raises(UserError):
        vote(pairs, "local", showing.showing_id, "left", 9, "key")

    def fail_after_a_vote() -> None:
        with pairs.write() as db:
            labels.insert_preference(db, showing.showing_id, "key", "tie", 0, None, None)
            assert pairs.row("SELECT 1 FROM deliveries")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_vote()
    assert pairs.rows("SELECT * FROM deliveries") == []


def test_without_a_webhook_nothing_is_kept(pairs: Store, receiver: Receiver) -> None:
    cast(pairs, "one")
    hook = add_webhook(pairs, receiver.url, ("round",), "test")
    cast(pairs, "two")
    remove_webhook(pairs, hook.webhook_id, "test")
    cast(pairs, "three")
    assert pairs.rows("SELECT * FROM deliveries") == []
    assert webhooks(pairs) == []


def test_rounds_that_end_and_promotions_are_told(pairs: Store, receiver: Receiver) -> None:
    cast(pairs, "one")
    add_webhook(pairs, receiver.url, ("round", "promotion"), "test")
    snapshot = snapshots.take(pairs)
    policy = registry.promoted(pairs)
    assert policy is not None
    with pairs.write() as db:
        ended = [rounds.insert_round(db, "dpo", snapshot.snapshot_id, policy.model_id, {}, "ada") for _ in range(3)]
        for round_id, status in zip(ended, ("done", "failed", "cancelled"), strict=True):
            rounds.close_round(db, round_id, status, "why" if status == "failed" else None)
        registry.insert_promotion(db, policy.model_id, "ada", "it is kinder")
    go_round(pairs)
    told = [(one["type"], one["data"]) for one in receiver.messages()]
    assert [(kind, data.get("status"), data.get("error")) for kind, data in told] == [
        ("round", "done", None),
        ("round", "failed", "why"),
        ("promotion", None, None),
    ]
    assert (told[2][1]["model"], told[2][1]["actor"], told[2][1]["reason"]) == ("policy", "ada", "it is kinder")


def test_what_was_not_taken_comes_again_under_the_same_id_and_before_what_follows(
    pairs: Store, receiver: Receiver
) -> None:
    hook = add_webhook(pairs, receiver.url, ("vote",), "test")
    receiver.statuses = [500, 302, 204]
    cast(pairs, "one")
    cast(pairs, "two")
    go_round(pairs)
    go_round(pairs)  # in the pause nothing is sent
    assert len(receiver.received) == 1
    assert webhook(pairs, hook.webhook_id).error == "it answered 500"
    due_now(pairs)
    go_round(pairs)
    assert webhook(pairs, hook.webhook_id).error == "it answered 302"
    due_now(pairs)
    go_round(pairs)
    ids = [headers["webhook-id"] for headers, _ in receiver.received]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert (webhook(pairs, hook.webhook_id).waiting, webhook(pairs, hook.webhook_id).error) == (0, None)


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause(failures) for failures in (1, 2, 3, 10, 11, 1000)] == [5, 10, 20, 2560, 3600, 3600]


def test_an_address_that_nobody_answers_at_hinders_no_other(pairs: Store, receiver: Receiver) -> None:
    dead = add_webhook(pairs, "http://127.0.0.1:9/", ("vote",), "test")
    add_webhook(pairs, receiver.url, ("vote",), "test")
    cast(pairs, "one")
    go_round(pairs)
    assert len(receiver.received) == 1
    assert "ConnectError" in (webhook(pairs, dead.webhook_id).error or "")


def test_what_is_three_days_old_is_given_up_on_record(pairs: Store) -> None:
    dead = add_webhook(pairs, "http://127.0.0.1:9/", ("vote",), "test")
    cast(pairs, "one")
    with pairs.write() as db:
        db.execute("UPDATE deliveries SET created_at = '2020-01-01'")
    go_round(pairs)
    assert (webhook(pairs, dead.webhook_id).waiting, webhook(pairs, dead.webhook_id).given_up) == (0, 1)
    entry = pairs.row("SELECT * FROM journal ORDER BY entry_id DESC")
    assert entry is not None
    assert (entry["actor"], entry["action"]) == ("courier", "give up")


def test_the_journal_names_the_host_alone(pairs: Store) -> None:
    add_webhook(pairs, "https://ada:pw@hooks.example:8443/services/SECRET?key=K", ("vote",), "test")
    entry = pairs.row("SELECT detail FROM journal ORDER BY entry_id DESC")
    assert entry is not None
    assert json.loads(entry["detail"]) == {"to": "https://hooks.example:8443", "events": ["vote"]}


def test_the_courier_carries_by_itself(pairs: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "LOOK_EVERY_S", 0.01)
    add_webhook(pairs, receiver.url, ("vote",), "test")
    this = Courier(pairs)
    this.start()
    cast(pairs, "one")
    for _ in range(500):
        if receiver.received:
            break
        threading.Event().wait(0.01)
    this.stop()
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "url", ["ftp://example.org", "example.org", "http://", "http://[::1", "https://a b", "http://a:x/"]
)
def test_only_addresses_of_the_web_are_taken(store: Store, url: str) -> None:
    with pytest.raises(UserError, match="none of the web"):
        add_webhook(store, url, ("vote",), "test")
