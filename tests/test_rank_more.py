"""The Rank page beyond votes on pairs: answers put in order, a better one written, a long conversation read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from labeling import history, session
from labeling.accounts import ensure_user
from storage import demonstrations, registry
from storage.database import Store
from storage.project import set_project
from storage.prompts import NewPrompt, add_prompts
from storage.records import Message
from tests.conftest import add_pairs, insert_pair
from tests.served import served, window
from tests.test_rank_page import left, until
from tests.test_ranking import add_sets, learned

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror='window.hit = 1'> mine"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """Two sets of four answers first, then a pair on a conversation of nine turns."""
    store = Store.open(tmp_path_factory.mktemp("home") / "home")
    ensure_user(store, "local", "admin")
    set_project(store, "answers", 4, "test")
    add_sets(store, 2)
    turns: list[Message] = [{"role": "system", "content": "Be brief."}]
    for number in range(4):
        turns += [
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": f"Answer {number}."},
        ]
    turns = [*turns, {"role": "user", "content": "And last?"}]
    (prompt_id,) = add_prompts(store, [NewPrompt(tuple(turns), "test", "train")])
    with store.write() as db:
        insert_pair(db, prompt_id, ["One.", "Two."], registry.require_promoted(store).model_id)
    with served(store) as address:
        yield store, address


@pytest.fixture
def page(home: tuple[Store, str], browser: Browser) -> Iterator[Page]:
    with window(browser, home[1]) as opened:
        yield opened


def skip_sets(page: Page) -> None:
    for _ in range(20):
        if page.locator(".rank[data-kind=pair]").count():
            return
        page.keyboard.press("s")


def strip(page: Page) -> Locator:
    return page.locator(".strip .best")


def shown_order(page: Page) -> str:
    return strip(page).inner_text().replace("\n", "").replace(" ", "")


def ranks(store: Store) -> list[str]:
    return [row["ranks"] for row in store.rows("SELECT ranks FROM current_rankings WHERE verdict = 'ranked'")]


def test_answers_are_put_in_order_by_keys_and_by_dragging_and_that_is_taken_back(
    home: tuple[Store, str], page: Page
) -> None:
    store = home[0]
    expect(page.locator(".set .answer")).to_have_count(4)
    for key in ("3", "1", "=", "2"):
        page.keyboard.press(key)
    assert shown_order(page) == "3›1=2"
    for code, rank in (("de", "Rang 1"), ("en", "rank 1")):
        page.locator("[name=language]").evaluate(
            "(one, code) => { one.value = code; one.dispatchEvent(new Event('change')); }", code
        )
        expect(page.locator(".set .answer").nth(2).locator(".rank-of")).to_have_text(rank)
    page.reload()  # what was ordered so far is kept
    expect(strip(page).locator(".chip")).to_have_count(3)
    chip, end = strip(page).locator(".chip").first.bounding_box(), page.locator(".strip .gap").last.bounding_box()
    assert chip is not None
    assert end is not None
    page.mouse.move(chip["x"] + 20, chip["y"] + 20)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 20, steps=4)
    page.mouse.up()
    assert shown_order(page) == "1=2›3"
    page.get_by_role("button", name="Answer 1: better").click()  # half a step: out of the tie
    assert shown_order(page) == "1›2›3"
    texts = page.locator(".set .text").all_inner_texts()
    page.keyboard.press("Escape")
    page.locator("h1").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Enter")  # the one that is left is the last
    until(page, lambda: len(ranks(store)) == 1)
    assert len(learned(store)) == 6
    (decision,) = history.newest(store, "local")
    assert sorted(zip(decision["ranks"], decision["answers"], strict=True)) == list(enumerate(texts, 1))
    page.keyboard.press("z")
    expect(strip(page).locator(".chip")).to_have_count(4)
    until(page, lambda: ranks(store) == [])
    assert learned(store) == set()
    page.keyboard.press("x")
    until(page, lambda: {said for _, _, said, _ in learned(store)} == {"both_bad"})


def test_a_better_answer_is_written_kept_as_a_draft_and_taken_back(home: tuple[Store, str], page: Page) -> None:
    store = home[0]
    expect(page.locator(".pair")).to_be_visible()
    skip_sets(page)
    expect(page.get_by_text("Question 3?", exact=True)).to_be_visible()
    expect(page.get_by_text("Question 0?", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Show 6 earlier turns").click()
    expect(page.get_by_text("Question 0?", exact=True)).to_have_count(1)

    page.keyboard.press("e")
    area = page.get_by_role("textbox", name="A better answer")
    expect(area).to_have_value(left(page).inner_text())
    area.press("Control+Enter")
    expect(page.locator(".edit .refused")).to_have_text("This is answer A unchanged: change it, or vote for A.")
    area.fill(HOSTILE)
    area.press("Escape")
    page.reload()
    expect(left(page)).not_to_be_empty()
    skip_sets(page)
    page.keyboard.press("e")
    expect(area).to_have_value(HOSTILE)
    chosen = left(page).inner_text()
    area.press("Control+Enter")
    until(page, lambda: [row["messages"][-1]["content"] for row in demonstrations.rows(store)] == [HOSTILE])
    said = {pair[:2] if pair[2] == "a" else pair[1::-1] for pair in learned(store) if pair[2] in "ab"}
    assert {(HOSTILE, "One."), (HOSTILE, "Two."), (chosen, "Two." if chosen == "One." else "One.")} <= said
    page.keyboard.press("h")
    expect(page.locator(".mine li").first).to_contain_text("a better answer")
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    expect(area).to_have_value(HOSTILE)
    until(page, lambda: demonstrations.rows(store) == [])
    assert page.evaluate("window.hit") is None


def test_a_better_answer_begun_is_kept_while_another_pair_is_decided_again_with_what_was_said_of_it(
    store: Store, browser: Browser
) -> None:
    add_pairs(store, 4)
    with served(store) as address, window(browser, address) as page:
        area, pressed = (
            page.get_by_role("textbox", name="A better answer"),
            page.locator("[data-better][aria-pressed=true]"),
        )
        expect(left(page)).not_to_be_empty()
        page.keyboard.press("e")
        area.fill("The first.")
        page.get_by_role("button", name="B is better", exact=True).and_(page.locator("[data-better]")).click()
        area.press("Control+Enter")
        until(page, lambda: len(demonstrations.rows(store)) == 1)
        second = left(page).inner_text()
        page.keyboard.press("e")
        area.fill("The second, half")
        area.press("Escape")
        page.keyboard.press("h")
        page.locator(".mine li button").click()
        expect(area).to_have_value("The first.")
        expect(pressed).to_have_attribute("data-better", "right")
        area.fill("The first, bettered.")
        area.press("Control+Enter")
        expect(left(page)).to_have_text(second)
        page.keyboard.press("e")
        expect(area).to_have_value("The second, half")
        until(
            page,
            lambda: [row["messages"][-1]["content"] for row in demonstrations.rows(store)] == ["The first, bettered."],
        )
        assert [vote["edited"] for vote in history.newest(store, "local")] == ["The first, bettered."]


def test_a_better_answer_to_a_pair_that_was_voted_on_in_another_tab_is_not_lost(store: Store, browser: Browser) -> None:
    add_pairs(store, 4)
    with served(store) as address, window(browser, address) as page:
        area = page.get_by_role("textbox", name="A better answer")
        expect(left(page)).not_to_be_empty()
        for row in store.rows("SELECT showing_id FROM showings"):  # as another tab may have done
            session.vote(store, "local", row["showing_id"], "left", 3, "key")
        page.keyboard.press("e")
        prompt = page.locator(".turns").inner_text()
        area.fill("Mine.")
        area.press("Control+Enter")
        expect(page.get_by_role("alert").first).to_contain_text("Your text is kept")
        page.keyboard.press("h")
        page.locator(".mine li button", has_text=prompt).click()
        expect(area).to_have_value("Mine.")
        area.press("Control+Enter")
        until(page, lambda: [row["messages"][-1]["content"] for row in demonstrations.rows(store)] == ["Mine."])
