"""A reward model's page in Chromium: reached from the Align page, read, and renewed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.database import Store
from tests.served import served, window
from tests.test_reports import STALE, add_reward_model, finish_scoring
from tests.test_reward_report import by, report_on, scored
from tests.test_rounds import add_votes

pytestmark = pytest.mark.browser


@pytest.fixture
def page(store: Store, browser: Browser) -> Iterator[Page]:
    with served(store) as address, window(browser, f"{address}/align") as opened:
        yield opened


def test_a_stale_model_is_said_on_the_align_page_and_its_report_is_one_step_away(store: Store, page: Page) -> None:
    add_reward_model(store, "round-1-reward", "train", **STALE)
    page.reload()
    expect(page.locator(".labels.trouble")).to_have_text(re.compile("^round-1-reward: It has grown stale"))
    page.get_by_role("link", name="Its report").click()
    expect(page.locator("h1")).to_have_text("May I trust round-1-reward?")
    expect(page.locator(".answer")).to_have_text(
        "It agrees with 77% (65 to 86) of 60 unseen votes for one side, on 60 prompts."
    )
    expect(page.locator(".caution")).to_have_text(re.compile("^It has grown stale: on the pairs of round-1"))
    by_round = page.locator(".slice").filter(has_text="By round")
    expect(by_round.locator("tbody th")).to_have_text(["demo", "round-1"])
    expect(by_round.get_by_role("img", name="90%, between 77% and 96%")).to_be_visible()
    expect(page.get_by_role("img", name="Calibration: 73% sure, right 77% of 60 votes")).to_be_visible()
    expect(page.get_by_role("img", name="Score against length: 120 answers of 1 to 3 words")).to_be_visible()


def test_mistakes_are_read_as_text_whatever_is_in_them(store: Store, page: Page) -> None:
    hostile = {"completion_a": "<img src=x onerror=alert(1)>", "completion_b": "<b>bold</b>", "labeler": "<i>ann"}
    add_reward_model(store, "judge", **report_on(scored(1, -2.0, **hostile)))
    page.reload()
    page.get_by_text("judge", exact=True).click()
    page.get_by_role("link", name="May it be trusted?").click()
    mistake = page.locator(".mistakes li")
    expect(mistake.locator(".prompt")).to_have_text("Question 1?")
    expect(mistake.locator(".pair p")).to_have_text(["<img src=x onerror=alert(1)>", "<b>bold</b>"])
    expect(mistake.locator("h3")).to_have_text(["<i>ann chose", "It is 88% sure of"])
    assert page.locator(".page-reward img:not([role])").count() == 0


def test_the_newest_votes_are_scored_at_the_press_of_a_button(store: Store, page: Page) -> None:
    add_votes(store, 3)
    add_reward_model(store, "judge", **report_on(*by("demo", 3, 3, first=1)))
    page.goto(page.url.replace("/align", "/reward?model=judge"))
    expect(page.locator(".answer")).to_have_text(re.compile("100% .* of 3 unseen votes"))
    page.get_by_role("button", name="Score the newest votes").click()
    expect(page.locator(".notice")).to_have_text(re.compile("being scored"))
    expect(page.get_by_role("button", name="Score the newest votes")).to_be_disabled()
    finish_scoring(store, report_on(*by("demo", 4, 2, first=1)))
    expect(page.locator(".answer")).to_have_text(re.compile("50% .* of 4 unseen votes"), timeout=10_000)
    page.get_by_role("button", name="Score the newest votes").click()
    expect(page.locator(".notice")).to_have_text("The report is on the votes as they stand already.")


def test_before_there_is_a_reward_model_the_page_says_how_to_get_one(page: Page) -> None:
    page.goto(page.url.replace("/align", "/reward"))
    expect(page.locator(".answer")).to_have_text(re.compile("^There is none yet"))
