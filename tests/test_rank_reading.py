"""How a labeler reads and acts on the Rank page: long and rendered answers, differences, own keys, a finger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from storage.database import Store
from tests.served import window
from tests.test_rank_page import PHONE, add_pair, boxes_of_answers, button, left, stored, unsent, until

pytestmark = pytest.mark.browser
MARKDOWN = (
    "# Title\n\nSo **bold**, $x^2$.\n\n<img src=x onerror='window.hit = 1'>\n\n![see](https://evil.example/a.png)"
)
SHORT = ("Short?", f"{MARKDOWN}\n\nOne two three.", f"{MARKDOWN}\n\nOne too three. I am ChatGPT.")
LONG = ("Long?", "".join(f"Line {number} of one.\n" for number in range(400)), "Line of another.\n" * 100)


@pytest.fixture
def short(store: Store, address: str, browser: Browser) -> Iterator[Page]:
    """The page with a pair of short answers."""
    add_pair(store, *SHORT)
    with window(browser, address) as page:
        expect(left(page)).not_to_be_empty()
        yield page


def test_long_answers_scroll_together_and_the_desk_stays_in_sight(store: Store, address: str, browser: Browser) -> None:
    add_pair(store, *LONG)
    with window(browser, address) as page:
        expect(left(page)).not_to_be_empty()
        a, b = boxes_of_answers(page)
        assert (a["y"], a["height"]) == (b["y"], b["height"])
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        expect(page.locator(".desk")).to_be_in_viewport(ratio=1)
        share = "(side) => { const one = document.querySelector(`[data-text=${side}]`);"
        share += " return one.scrollTop / (one.scrollHeight - one.clientHeight); }"
        page.keyboard.press("PageDown")
        until(page, lambda: page.evaluate(share, "left") > 0)
        assert page.evaluate(share, "left") == pytest.approx(page.evaluate(share, "right"), abs=0.01)
        page.locator("[data-text=right]").evaluate("(one) => { one.scrollTop = one.scrollHeight; }")
        until(page, lambda: page.evaluate(share, "left") > 0.99)
        expect(page.locator("[data-text=left]")).to_have_attribute("tabindex", "0")


def test_answers_are_rendered_at_the_labelers_choice_which_is_remembered(short: Page) -> None:
    asked: list[str] = []
    short.on("request", lambda request: asked.append(request.url))
    expect(left(short)).to_contain_text("# Title")
    short.keyboard.press("m")
    for _ in range(2):
        expect(left(short).get_by_role("heading", name="Title")).to_be_visible()
        expect(left(short).locator("strong")).to_have_text("bold")
        expect(left(short).locator("math")).to_be_visible()
        expect(left(short)).to_contain_text("<img src=x onerror='window.hit = 1'>")
        short.reload()
    assert short.evaluate("window.hit") is None
    assert short.locator(".pair :is(img, script)").count() == 0
    assert not [url for url in asked if "evil.example" in url]
    button(short, "rendered").click()
    expect(left(short)).to_contain_text("# Title")


def test_differences_are_marked_for_as_long_as_they_are_asked_for(short: Page) -> None:
    text = left(short).inner_text()
    short.keyboard.press("d")
    expect(short.locator("[data-text=left] mark").first).to_have_text("two" if "two" in text else "too")
    assert left(short).inner_text() == text
    expect(button(short, "differences")).to_have_attribute("aria-pressed", "true")
    short.keyboard.press("d")
    expect(short.locator("mark")).to_have_count(0)


def test_an_answer_that_names_its_model_carries_a_note(short: Page) -> None:
    naming = short.locator(".answer", has_text="I am ChatGPT")
    expect(naming.locator(".leak")).to_be_visible()
    expect(short.locator(".leak:visible")).to_have_count(1)


def test_keys_are_exchanged_remembered_and_put_back_and_what_cannot_be_is_refused(short: Page) -> None:
    short.keyboard.press("?")
    button(short, "Change the keys").click()
    said = short.locator("[data-text=keys]")
    short.get_by_role("button", name="differences: now D, change").click()
    for key, reason in (("s", "S is the key of: skip."), ("F5", "cannot be used"), (" ", "cannot be used")):
        short.keyboard.press(key)
        expect(said).to_contain_text(reason)
    short.keyboard.press("w")
    expect(said).to_have_text("differences has the key W now.")
    short.keyboard.press("Escape")
    short.reload()
    expect(short.locator(".view [data-hint=differences]")).to_have_text("W")
    short.keyboard.press("d")
    expect(short.locator("mark")).to_have_count(0)
    short.keyboard.press("w")
    expect(short.locator("mark").first).to_be_visible()
    short.keyboard.press("?")
    button(short, "Change the keys").click()
    button(short, "Back to the defaults").click()
    expect(short.locator(".view [data-hint=differences]")).to_have_text("D")


def test_read_from_the_right_nothing_overflows_and_a_still_stands_left(short: Page) -> None:
    for width in (1280, 390):
        short.set_viewport_size({"width": width, "height": 844})
        short.evaluate("for (const one of [document.documentElement, document.querySelector('.rank')]) one.dir = 'rtl'")
        assert short.evaluate("document.documentElement.scrollWidth") == width
        a, b = boxes_of_answers(short)
        assert a["x"] < b["x"] if width == 1280 else a["x"] == b["x"]


def drag(touch: CDPSession, x: int, y: int, by: tuple[int, int]) -> None:
    """A finger comes down, goes this far in ten steps, and leaves."""
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x + by[0] * step / 10, "y": y + by[1] * step / 10}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_swipe_decides_unless_it_is_short_or_goes_down_or_is_turned_off(
    store: Store, address: str, browser: Browser
) -> None:
    add_pair(store, *SHORT)
    with window(browser, address, **PHONE) as phone:
        expect(left(phone)).not_to_be_empty()
        touch = phone.context.new_cdp_session(phone)
        first = stored(store)
        drag(touch, 200, 300, (40, 0))
        drag(touch, 200, 300, (60, -200))
        phone.evaluate("window.scrollTo(0, 0)")
        drag(touch, 22, 300, (200, 0))  # from the edge it is the browser's
        assert phone.locator(".swipe-hint").is_hidden()
        assert stored(store) == first
        drag(touch, 300, 300, (-170, 0))
        expect(phone.locator("[data-text=toast]")).to_have_text("Saved: A better.")
        until(phone, lambda: unsent(phone) == 0)
        assert [strength for _, strength in stored(store)] == [3]
        button(phone, "undo").tap()
        expect(left(phone)).to_be_visible()
        button(phone, "More").tap()
        button(phone, "help").tap()
        phone.get_by_label("Swiping the answers votes").uncheck()
        button(phone, "Close").tap()
        drag(touch, 300, 300, (-250, 0))
        until(phone, lambda: unsent(phone) == 0)
        assert [verdict for verdict, _ in stored(store)][1:] == ["withdrawn"]
