"""The Data page in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from labeling import session
from labeling.accounts import ensure_user
from storage import browse, curation, labels, snapshots
from storage.database import Store
from storage.records import Details
from tests.conftest import add_pairs, add_texts, insert_pair
from tests.served import served, window

pytestmark = pytest.mark.browser
HOSTILE = '<img src=x onerror="window.hit = 1">'
LABELER = "<b>ann</b>"


def build(store: Store) -> None:
    """A vote more than fits on one page, the newest for B; and a pair that is written as HTML, of which one vote each
    by two people, who disagree."""
    ensure_user(store, LABELER, "labeler")
    add_pairs(store, browse.PAGE - 1)
    for pair in session.serve(store, "local", browse.PAGE):
        session.vote(store, "local", pair.showing_id, "tie", 0, f"key-{pair.showing_id}")
    (prompt_id,) = add_texts(store, HOSTILE)
    with store.write() as db:
        insert_pair(db, prompt_id, [f"{HOSTILE} {side}" for side in "ab"], 1)
    (pair,) = session.serve(store, "local")
    said = Details(reasons=("clearer",), comment=f"Because {HOSTILE}")
    session.vote(store, "local", pair.showing_id, "tie", 0, "first", details=said)
    with store.write() as db:
        again = labels.insert_showing(db, pair.pair_id, LABELER, flipped=False)
    session.vote(store, LABELER, again, "right", 4, "second")
    curation.tag(store, [prompt_id], HOSTILE, "local")
    curation.decide(store, [1], "retired", "local", "spoilt")
    snapshots.take(store)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store.open(tmp_path_factory.mktemp("data") / "home")
    ensure_user(store, "local", "admin")
    build(store)
    return store


@pytest.fixture(scope="module")
def address(shared: Store) -> Iterator[str]:
    with served(shared) as at:
        yield at


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with window(browser, f"{address}/data?list=votes") as opened:
        expect(opened.locator('[data-text="summary"]')).to_contain_text("labeler")
        yield opened
        assert opened.evaluate("window.hit") is None


def rows(page: Page) -> Locator:
    return page.locator(".listed .rows tbody tr")


def test_votes_are_listed_newest_first_a_page_at_a_time_filtered_and_searched(page: Page) -> None:
    expect(rows(page)).to_have_count(browse.PAGE)
    expect(rows(page).first).to_contain_text("B far better")
    expect(page.get_by_role("button", name="Newer")).to_be_disabled()
    page.get_by_role("button", name="Older").click()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Newer").click()
    expect(rows(page)).to_have_count(browse.PAGE)
    page.get_by_label("Verdict").select_option("B better")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Search").fill("no such text")
    expect(page.get_by_text("No vote fits this.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("No vote fits this.")).to_be_visible()  # the address says what is looked for
    page.get_by_label("Verdict").select_option("")
    page.get_by_label("Search").fill("QUESTION 3?")
    expect(rows(page)).to_have_count(1)


def test_each_kind_has_its_list_and_all_texts_are_shown_as_text(page: Page, shared: Store) -> None:
    page.get_by_label("Labeler").select_option(LABELER)
    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator(".long").first).to_have_text(HOSTILE)
    page.get_by_role("link", name="Pairs").click()
    page.get_by_label("Votes", exact=True).select_option("contested")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("contested")
    page.get_by_role("link", name="Demonstrations").click()
    expect(page.get_by_text("No demonstrations yet")).to_be_visible()
    page.get_by_role("link", name="Snapshots").click()
    taken = browse.taken_snapshots(shared)[0]
    expect(page.locator(".taken tbody")).to_contain_text(taken.sha256[:16])


def test_a_prompt_has_a_page_of_its_own_with_its_history(page: Page) -> None:
    rows(page).first.get_by_role("link").click()
    one = page.locator(".one")
    expect(one.locator(".turns .text")).to_have_text(HOSTILE)
    expect(one.locator(".answer")).to_have_count(2)
    expect(one.locator("[data-list=votes-of-one] tbody tr")).to_have_count(2)
    expect(one.locator(".history li")).to_have_count(5)
    expect(one.locator(".history")).to_contain_text(f"{LABELER} voted B far better on pair {browse.PAGE}")
    expect(one.locator(".history")).to_contain_text(f"Because {HOSTILE}")
    page.go_back()
    expect(rows(page)).to_have_count(browse.PAGE)


def test_a_prompt_that_is_not_there_is_told_and_stays_so(page: Page) -> None:
    summary = page.locator("[data-text=summary]")
    summary.evaluate("node => node.textContent = ''")
    page.evaluate("history.pushState(null, '', './data?prompt=999999'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("alert")).to_contain_text("There is no prompt 999999")
    page.evaluate("dispatchEvent(new Event('focus'))")  # as when somebody comes back to the tab: all is asked anew
    expect(summary).to_contain_text("to train on")
    expect(page.get_by_role("alert")).to_contain_text("There is no prompt 999999")


def test_a_prompt_is_added_held_back_and_released(page: Page, shared: Store) -> None:
    page.get_by_role("button", name="Add a prompt").click()
    page.get_by_label("What is said").fill("Write to ann.lee@mail.org for me")
    page.get_by_role("button", name="Add", exact=True).click()
    one = page.locator(".one")
    expect(one.locator("mark")).to_have_text("ann.lee@mail.org")
    expect(one.get_by_text("held back")).to_be_visible()
    one.get_by_role("button", name="Release").click()
    expect(one.locator(".history")).to_contain_text("released it in spite of personal data")
    one.get_by_label("Tag, or reason").fill("letters")
    one.get_by_role("button", name="Tag", exact=True).click()
    expect(one.locator(".chipline")).to_contain_text("letters")
    assert curation.tags(shared)["letters"] == 1


def test_prompts_are_chosen_and_retired_together(page: Page, shared: Store) -> None:
    page.get_by_role("link", name="Prompts", exact=True).click()
    page.get_by_label("Search").fill("question 1")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Choose prompt 2").check()
    page.get_by_label("Tag, or reason").fill("too easy")
    page.locator(".chosen").get_by_role("button", name="Retire").click()
    expect(page.get_by_text("1 prompt retired.")).to_be_visible()
    expect(rows(page).first).to_contain_text("retired")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator(".chosen").get_by_role("button", name="Restore").click()  # now of all that fit the filters
    expect(page.get_by_text("1 prompt restored.")).to_be_visible()


def test_near_duplicates_are_found_and_all_but_one_retired(page: Page, shared: Store) -> None:
    sentence = "Tell me a long story about the old lighthouse on the island {}"
    texts = [sentence.format(word) for word in ("today", "tonight")]
    ids = add_texts(shared, *texts)
    page.get_by_role("button", name="Near-duplicates").click()
    page.get_by_role("button", name=f"Keep prompt {ids[0]} ").click()
    expect(page.get_by_text("1 near-duplicate of prompt")).to_be_visible()
    retired = browse.prompts(shared, browse.PromptListFilters(state="retired", search="lighthouse")).rows
    assert [prompt.prompt_id for prompt in retired] == [ids[1]]


def test_a_row_is_a_card_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("Prompts", "Pairs", "Votes"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(rows(page).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_empty_store_says_how_its_rows_come(browser: Browser, store: Store) -> None:
    with served(store) as at, window(browser, f"{at}/data") as page:
        expect(page.get_by_text("No prompts yet")).to_be_visible()
        page.get_by_role("link", name="Votes").click()
        expect(page.get_by_text("No votes yet")).to_be_visible()
        page.get_by_role("link", name="Snapshots").click()
        expect(page.get_by_text("None yet: starting a round takes the first.")).to_be_visible()
