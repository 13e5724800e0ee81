"""Kill -9 of the real server in a storm of votes: no acknowledged vote is lost, none is doubled."""

from __future__ import annotations

import random
import threading
import time
import uuid
from typing import Any

import httpx

from storage import labels
from storage.database import Store
from tests.conftest import add_pairs
from tests.server_process import ForkedServer, PageCalls, ServerProcess

KILLS = 20
CLIENTS = 4
PAIRS = 1500


class Storm:
    """Clients that vote without a pause, and repeat each vote under its key until it is acknowledged."""

    def __init__(self, server: ServerProcess) -> None:
        self.call = PageCalls(server.address)
        self.acknowledged: list[dict[str, Any]] = []
        self.ending = False
        self.threads = [threading.Thread(target=self.vote_on, args=[number], daemon=True) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def vote_on(self, seed: int) -> None:
        chance = random.Random(seed)
        while not self.ending:
            for pair in self.insist("next_pairs", count=4, holding=[])["pairs"]:
                verdict, strength = chance.choice([("left", 4), ("right", 1), ("tie", 0), ("both_bad", 0)])
                vote = {"verdict": verdict, "strength": strength, "seconds": 1.5, "client_key": str(uuid.uuid4())}
                answer = self.insist("cast_vote", showing_id=pair["showing_id"], **vote)
                self.acknowledged.append({**answer["vote"], "client_key": vote["client_key"]})

    def insist(self, name: str, **asked: Any) -> Any:
        while True:
            try:
                return self.call(name, **asked)
            except httpx.TransportError:
                time.sleep(0.05)

    def wait_for(self, more: int) -> None:
        goal = len(self.acknowledged) + more
        while len(self.acknowledged) < goal:
            assert all(thread.is_alive() for thread in self.threads), "a client was refused"
            time.sleep(0.002)

    def end(self) -> None:
        self.ending = True
        for thread in self.threads:
            thread.join()


def test_killing_the_server_in_a_storm_of_votes_loses_and_doubles_none(store: Store) -> None:
    add_pairs(store, PAIRS)
    chance = random.Random(7)
    with ForkedServer(store.home) as server:
        storm = Storm(server)
        for _ in range(KILLS):
            storm.wait_for(more=chance.randint(5, 60))
            server.kill()
            server.start()
        storm.wait_for(more=20)
        storm.end()

    kept = {row["preference_id"]: row for row in store.rows("SELECT * FROM preferences")}
    for vote in storm.acknowledged:
        row = kept[vote["preference_id"]]
        assert (row["showing_id"], row["strength"]) == (vote["showing_id"], vote["strength"])
        assert vote["duplicate"] or row["client_key"] == vote["client_key"]
    showings = {vote["showing_id"] for vote in storm.acknowledged}
    assert {row["showing_id"] for row in kept.values()} == showings  # what was not acknowledged was sent again
    assert len(kept) == len(showings)
    assert labels.counts(store)["all"] == len(showings)
    assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert store.rows("PRAGMA foreign_key_check") == []
