"""The Data page in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from alignment.inference import InferenceServer
from labeling import session
from labeling.accounts import ensure_user
from storage import browse, labels, snapshots
from storage.database import Store
from storage.prompts import NewPrompt, add_prompts
from storage.records import NewCompletion
from tests.conftest import add_pairs
from tests.served import served, window

pytestmark = pytest.mark.browser
HOSTILE = '<img src=x onerror="window.hit = 1">'


@pytest.fixture
def page(store: Store, browser: Browser) -> Iterator[Page]:
    with served(store, InferenceServer(Path("unused.log"))) as address, window(browser, f"{address}/data") as opened:
        expect(opened.locator('[data-text="summary"]')).to_contain_text("labeler")
        yield opened


@pytest.fixture
def voted(store: Store) -> None:
    """A vote more than fits on one page; the newest is for B."""
    add_pairs(store, browse.PAGE + 1)
    for pair in session.serve(store, "local", browse.PAGE):
        session.vote(store, "local", pair.showing_id, "tie", 0, f"key-{pair.showing_id}")
    (last,) = session.serve(store, "local")
    session.vote(store, "local", last.showing_id, "right", 4, "last")


@pytest.fixture
def hostile(store: Store) -> None:
    """One vote on a pair that is written as HTML, and a snapshot of it."""
    add_pairs(store, 0)
    (prompt_id,) = add_prompts(store, [NewPrompt(({"role": "user", "content": HOSTILE},), "test", "train")])
    with store.write() as db:
        a, b = labels.insert_completions(db, [NewCompletion(prompt_id, f"{HOSTILE} {side}", 1) for side in "ab"])
        labels.insert_pair(db, prompt_id, a, b, "generated", 1)
    (pair,) = session.serve(store, "local")
    session.vote(store, "local", pair.showing_id, "tie", 0, "key")
    snapshots.take(store)


def rows(page: Page) -> Locator:
    return page.locator(".votes tr")


@pytest.mark.usefixtures("voted")
def test_votes_are_listed_newest_first_a_page_at_a_time(page: Page) -> None:
    expect(rows(page)).to_have_count(browse.PAGE)
    expect(rows(page).first).to_contain_text("B far better")
    expect(page.get_by_role("button", name="Newer")).to_be_disabled()
    page.get_by_role("button", name="Older").click()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Newer").click()
    expect(rows(page)).to_have_count(browse.PAGE)


@pytest.mark.usefixtures("voted")
def test_votes_are_filtered_and_searched(page: Page) -> None:
    page.get_by_label("Verdict").select_option("B better")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Search").fill("no such text")
    expect(page.get_by_text("No vote fits this.")).to_be_visible()
    page.get_by_label("Verdict").select_option("every verdict")
    page.get_by_label("Search").fill("QUESTION 3?")
    expect(rows(page)).to_have_count(1)


@pytest.mark.usefixtures("voted")
def test_one_labeler_is_picked_out(store: Store, page: Page) -> None:
    ensure_user(store, HOSTILE, "labeler")
    add_pairs(store, 1, tag="more")
    (pair,) = session.serve(store, HOSTILE)
    session.vote(store, HOSTILE, pair.showing_id, "tie", 0, "key")
    page.reload()
    expect(page.locator('[data-text="summary"]')).to_contain_text("2 labelers")
    page.get_by_label("Labeler").select_option(HOSTILE)
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text(HOSTILE)
    assert page.evaluate("window.hit") is None


@pytest.mark.usefixtures("hostile")
def test_texts_and_snapshots_are_shown_as_text(page: Page, store: Store) -> None:
    expect(rows(page).locator(".long").first).to_have_text(HOSTILE)
    expect(page.locator(".snapshots")).to_contain_text(browse.taken_snapshots(store)[0].sha256[:16])
    assert page.evaluate("window.hit") is None


@pytest.mark.usefixtures("voted")
def test_a_row_is_a_card_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(rows(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_empty_store_says_how_votes_come(page: Page) -> None:
    expect(page.get_by_text("No votes yet")).to_be_visible()
    expect(page.get_by_text("None yet: starting a round takes the first.")).to_be_visible()
