"""The page of lineage in Chromium: reached from the Align page, read, and followed to a labeler."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from storage.database import Store
from tests.served import served, window
from tests.test_lineage import of_votes, start, trained, vote

pytestmark = pytest.mark.browser


def test_from_a_models_card_to_all_behind_it_and_on_to_whom_a_labeler_shaped(store: Store, browser: Browser) -> None:
    tuned = start(store)
    vote(store, "<ann>", {"train1": "left", "train2": "right"})
    recipe = {"policy": tuned, "reference": tuned, "seed": 3}
    trained(store, "round-1", "dpo", "tuned", inputs=of_votes(store), recipe=recipe)
    with served(store) as address, window(browser, f"{address}/align") as page:
        page.locator(".model summary", has_text="round-1").click()
        page.locator(".model[open]").get_by_role("link", name="All that is behind it").click()
        expect(page.locator("h1")).to_have_text("What is behind round-1?")
        expect(page.locator(".answer")).to_have_text("2 votes of 1 labeler are behind it.")
        expect(page.locator(".tree > li > ul > li")).to_contain_text("parent and reference tuned policy, registered")
        page.get_by_role("link", name="<ann>").click()
        shaped = page.locator(".people").last.locator("tbody tr")
        expect(shaped.locator("th")).to_have_text(["round-1 policy, registered"])
        expect(shaped.locator("td")).to_have_text(["itself", "2"])
