"""The whole loop in Chromium, on the real server: rank, start a round, see it finish, promote, chat, rank anew."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from alignment.bring import add_model
from storage import labels, registry
from storage.database import Store
from tests.served import window
from tests.server_process import ForkedServer
from tests.test_loop import add_questions
from tests.tiny_models import make_model

pytestmark = pytest.mark.browser
VOTES = 44


class WholeServer(ForkedServer):
    """The server as a user starts it, worker and chat server included."""

    options = ()


@pytest.fixture
def server(store: Store, tmp_path: Path) -> Iterator[WholeServer]:
    add_questions(store)
    add_model(store, str(make_model("llama", tmp_path / "llama")), "mine", "test")
    registry.promote(store, "mine", "test")
    with WholeServer(store.home) as started:
        yield started


def test_a_person_goes_round_the_whole_loop(store: Store, server: WholeServer, browser: Browser) -> None:
    with window(browser, server.address) as page:
        rank(page)
        assert labels.counts(store)["all"] == VOTES

        page.get_by_role("link", name="Align").click()
        page.get_by_role("button", name="Start a round").click()
        expect(page.locator("h1")).to_have_text("May I promote round-1?", timeout=180_000)
        expect(page.locator(".answer")).to_have_text(re.compile("by its judge, on 12 held-out prompts, round-1 wins"))
        if (why := page.get_by_label("Why it is promoted")).is_visible():  # the verdict hangs on so few votes
            why.fill("The loop goes on, whatever its verdict.")
        page.get_by_role("button", name="Promote round-1").click()
        expect(page.locator("h1")).to_have_text("round-1 is promoted.")

        page.get_by_role("link", name="Chat").click()
        box = page.get_by_label("Message")
        box.fill("Tell me about the sea.")
        box.press("Enter")
        expect(page.locator(".theirs .said")).to_have_text(re.compile(r"\S"), timeout=60_000)

    aligned = registry.by_name(store, "round-1")
    assert aligned.status == "promoted"
    wait_for_pairs_of(store, aligned.model_id)


def rank(page: Page) -> None:
    """Vote for the longer answer, as soon as the first pairs are generated."""
    left, right = page.locator("[data-text=left]"), page.locator("[data-text=right]")
    for _ in range(VOTES):
        expect(page.locator(".rank[data-state=pair]")).to_be_visible(timeout=90_000)
        longer = len(left.inner_text()) >= len(right.inner_text())
        page.keyboard.press("1" if longer else "8")
    page.wait_for_function("Object.keys(localStorage).every((name) => !name.startsWith('plumbline.outbox.'))")


def wait_for_pairs_of(store: Store, model_id: int) -> None:
    """The queue is filled anew by the promoted model, without a restart."""
    deadline = time.monotonic() + 60
    while labels.waiting(store) == 0 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert store.row("SELECT count(*) AS n FROM pairs WHERE model_id = ?", [model_id]) != {"n": 0}
