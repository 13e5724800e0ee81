"""The Rank page in Chromium: what a labeler sees, what a key or a tap does, and what is stored of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from labeling.ui import catalogues
from storage import browse, labels, registry
from storage.database import Store
from storage.project import set_project
from tests.conftest import add_pairs, add_texts, insert_pair, promote_policy
from tests.served import window

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
CALLS = "**/component_server/**"
HOSTILE = [
    '<img src=x onerror="window.hit = 1">',
    "</div><script>window.hit = 1</script>",
    "{{window.hit = 1}} ${window.hit = 1} <%= 1 %> **a** &amp;",
]

# The contrast (WCAG 2.2) of every visible text: a canvas lays the grounds of its ancestors over each other.
CONTRASTS = """() => {
  const context = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
  const paint = (colour) => { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); };
  const luminance = () => {
    const linear = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const shown = (one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen");
  const all = [...document.querySelectorAll(".masthead *, .rank *")];
  return all.filter((one) => hasText(one) && shown(one)).map((one) => {
    const line = [];
    for (let above = one; above; above = above.parentElement) line.unshift(above);
    paint("white");
    for (const above of line) paint(getComputedStyle(above).backgroundColor);
    const ground = luminance();
    paint(getComputedStyle(one).color);
    const ink = luminance();
    return [one.textContent.trim(), (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05), ground];
  });
}"""


@pytest.fixture
def page(store: Store, address: str, browser: Browser) -> Iterator[Page]:
    """The page with eight pairs waiting, or those that the test has put there."""
    if registry.promoted(store) is None:
        add_pairs(store, 8)
    with window(browser, address) as opened:
        expect(left(opened)).not_to_be_empty()
        yield opened


@pytest.fixture
def hostile(store: Store) -> None:
    add_pair(store, *HOSTILE)


@pytest.fixture
def long(store: Store) -> None:
    add_pair(store, "Why? " * 40, "word " * 400, "unbroken" * 60)


def add_pair(store: Store, prompt: str, *answers: str) -> None:
    model_id = promote_policy(store, "policy")
    (prompt_id,) = add_texts(store, prompt)
    with store.write() as db:
        insert_pair(db, prompt_id, answers, model_id)


def left(page: Page) -> Locator:
    return page.locator("[data-text=left]")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def boxes_of_answers(page: Page) -> list[dict[str, float]]:
    """Where the two answers lie on the page: x, y, width, height."""
    measure = (
        "(one) => { const { x, y, width, height } = one.getBoundingClientRect(); return { x, y, width, height }; }"
    )
    return [page.locator(f".answer.{side}").evaluate(measure) for side in "ab"]


def stored(store: Store) -> list[tuple[str, int]]:
    return [(row["verdict"], row["strength"]) for row in store.rows("SELECT * FROM preferences ORDER BY preference_id")]


def side_of(text: str) -> str:
    """The side, as stored, of an answer from `add_pairs`."""
    return "a" if text.startswith("first") else "b"


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Let the page go on until this holds."""
    for _ in range(500):
        if holds():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never came to hold")


def unsent(page: Page) -> int:
    count: int = page.evaluate("Object.keys(localStorage).filter((name) => name.includes('outbox')).length")
    return count


def test_a_key_shows_the_next_pair_while_the_server_is_held_and_the_vote_arrives(page: Page, store: Store) -> None:
    held: list[Route] = []
    page.route(CALLS, lambda route: held.append(route))
    seen = [left(page).inner_text()]
    for key in ("1", "7", "0"):
        page.keyboard.press(key)
        expect(left(page)).not_to_have_text(seen[-1])
        seen.append(left(page).inner_text())
    assert stored(store) == []
    assert held
    page.unroute(CALLS)  # lets go of what was held, too
    until(page, lambda: len(stored(store)) == 3)
    other = {"a": "b", "b": "a"}
    assert stored(store) == [(side_of(seen[0]), 4), (other[side_of(seen[1])], 3), ("tie", 0)]
    assert len(set(seen)) == 4


def test_a_click_on_a_button_votes_once_even_when_doubled(page: Page, store: Store) -> None:
    first = left(page).inner_text()
    button(page, "B is slightly better").dblclick()
    expect(left(page)).not_to_have_text(first)
    until(page, lambda: unsent(page) == 0)
    assert stored(store) == [("b" if side_of(first) == "a" else "a", 2)]


def test_z_takes_back_and_the_pair_can_be_decided_again(page: Page, store: Store) -> None:
    first, way = left(page).inner_text(), side_of(left(page).inner_text())
    page.keyboard.press("x")
    expect(left(page)).not_to_have_text(first)
    page.keyboard.press("z")
    expect(left(page)).to_have_text(first)
    page.keyboard.press("4")
    until(page, lambda: len(stored(store)) == 3)
    assert stored(store) == [("both_bad", 0), ("withdrawn", 0), (way, 1)]
    assert labels.counts(store)["all"] == 1


def test_a_toast_says_what_was_saved_and_undoes_it(page: Page, store: Store) -> None:
    first = left(page).inner_text()
    page.keyboard.press("1")
    expect(page.locator(".toast").get_by_role("status")).to_have_text("Saved: A far better.")
    expect(page.locator(".progress")).to_contain_text("1 of 200")
    page.locator(".toast button").click()
    expect(left(page)).to_have_text(first)
    expect(page.locator(".progress")).to_contain_text("0 of 200")
    until(page, lambda: len(stored(store)) == 2)
    assert labels.counts(store)["all"] == 0


def test_after_a_reload_z_still_takes_back_the_last_vote(page: Page, store: Store) -> None:
    first = left(page).inner_text()
    page.keyboard.press("1")
    until(page, lambda: len(stored(store)) == 1 and unsent(page) == 0)
    page.reload()
    expect(left(page)).not_to_be_empty()
    expect(page.locator(".progress")).to_contain_text("1 of 200")
    page.keyboard.press("z")
    expect(left(page)).to_have_text(first)
    expect(page.locator(".progress")).to_contain_text("0 of 200")
    assert stored(store)[-1] == ("withdrawn", 0)


@pytest.mark.parametrize(
    "kept",
    [
        '{"showing_id": 77, "verdict": "left", "strength": 4, "seconds": null, "client_key": "k"}',
        '{"undo": true, "showing_id": 77, "client_key": "k"}',
        '{"showing_id": 77, "verdict": "lef',
        "5",
    ],
)
def test_what_a_browser_kept_of_another_home_or_cannot_read_is_said_and_blocks_no_vote(
    page: Page, store: Store, kept: str
) -> None:
    with page.expect_navigation():  # in one go, or the page as it is might send what it finds
        page.evaluate("(kept) => { localStorage.setItem('plumbline.outbox.0', kept); location.reload(); }", kept)
    expect(page.get_by_role("alert")).to_contain_text("could not be recorded.")
    expect(left(page)).not_to_be_empty()
    way = side_of(left(page).inner_text())
    page.keyboard.press("1")
    until(page, lambda: len(stored(store)) == 1 and unsent(page) == 0)
    assert stored(store) == [(way, 4)]


def test_a_page_of_another_home_takes_up_the_pairs_of_this_one(page: Page, store: Store) -> None:
    foreign = {"showing_id": 77, "pair_id": 1, "prompt": [], "left": "of another home", "right": "of another home"}
    page.route(CALLS, lambda route: answer_next_pairs(route, [foreign]))
    page.reload()
    expect(left(page)).to_have_text("of another home")
    page.unroute(CALLS)
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_contain_text("A vote could not be recorded.")
    expect(left(page)).to_have_text(re.compile("first|second"))
    assert stored(store) == []


def answer_next_pairs(route: Route, pairs: list[dict[str, Any]]) -> None:
    """The answer of the server of another home to the page's question for pairs."""
    if "next_pairs" not in (route.request.post_data or ""):
        return route.continue_()
    progress = {"votes": 0, "target": 200, "seconds_per_pair": None}
    return route.fulfill(json={"pairs": pairs, "unknown": [], "stale": [], "progress": progress, "empty": ""})


def test_a_pair_voted_on_elsewhere_before_keeps_that_vote_and_the_page_says_so(
    page: Page, address: str, browser: Browser, store: Store
) -> None:
    first = left(page).inner_text()
    with window(browser, address) as other:
        expect(left(other)).to_have_text(first)
        page.keyboard.press("1")
        until(page, lambda: len(stored(store)) == 1)
        other.keyboard.press("8")
        expect(other.get_by_role("alert")).to_contain_text("That vote stands: A far better.")
    assert stored(store) == [(side_of(first), 4)]


def test_where_storage_is_forbidden_the_page_still_ranks(address: str, browser: Browser, store: Store) -> None:
    add_pairs(store, 8)
    with window(browser, "about:blank", fresh=True) as page:
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage',"
            " { get() { throw new DOMException('The operation is insecure.', 'SecurityError'); } });"
        )
        page.goto(address)
        expect(left(page)).not_to_be_empty()
        page.keyboard.press("0")
        until(page, lambda: stored(store) == [("tie", 0)])


def lose_the_request(route: Route) -> None:
    route.abort()


def lose_the_answer(route: Route) -> None:
    if "cast_vote" in (route.request.post_data or ""):
        route.fetch()
    route.abort()


@pytest.mark.parametrize("lose", [lose_the_request, lose_the_answer])
def test_a_vote_cast_while_the_server_is_out_of_reach_is_sent_once_after_a_reload(
    page: Page, store: Store, lose: Callable[[Route], None]
) -> None:
    way = side_of(left(page).inner_text())
    page.route(CALLS, lose)
    page.keyboard.press("2")
    expect(page.get_by_role("alert")).to_contain_text("One decision is kept in this browser")
    assert unsent(page) == 1
    page.unroute(CALLS)
    page.reload()
    until(page, lambda: unsent(page) == 0)
    page.reload()
    expect(left(page)).not_to_be_empty()
    assert stored(store) == [(way, 3)]


@pytest.mark.usefixtures("hostile")
def test_hostile_text_stays_text(page: Page) -> None:
    assert page.locator(".turn .text").inner_text() == HOSTILE[0]
    answers = [page.locator(f"[data-text={side}]").inner_text() for side in ("left", "right")]
    assert sorted(answers) == sorted(HOSTILE[1:])
    assert page.locator(".pair :is(img, script)").count() == 0
    assert page.evaluate("window.hit") is None


def test_side_by_side_the_answers_have_equal_height(page: Page) -> None:
    a, b = boxes_of_answers(page)
    assert (a["y"], a["height"], a["width"]) == (b["y"], b["height"], b["width"])
    assert a["x"] + a["width"] <= b["x"]


def assert_nothing_is_cut_off(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    for box in phone.locator(".text:visible").all():
        assert box.evaluate("(one) => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight")
    phone.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    end = phone.locator(".answer:visible").last.evaluate("(one) => one.getBoundingClientRect().bottom")
    assert end <= phone.locator(".desk").evaluate("(one) => one.getBoundingClientRect().top")


def test_on_a_phone_short_answers_are_stacked_and_nothing_is_cut_off(
    address: str, browser: Browser, store: Store
) -> None:
    add_pairs(store, 1)
    with window(browser, address, **PHONE) as phone:
        expect(left(phone)).not_to_be_empty()
        a, b = boxes_of_answers(phone)
        assert a["x"] == b["x"]
        assert a["y"] + a["height"] <= b["y"]
        assert_nothing_is_cut_off(phone)
        button(phone, "A is barely better").tap()
        until(phone, lambda: len(stored(store)) == 1)
        assert stored(store)[0][1] == 1


@pytest.mark.usefixtures("long")
def test_on_a_phone_long_answers_are_shown_one_at_a_time(address: str, browser: Browser) -> None:
    with window(browser, address, **PHONE) as phone:
        for shown, name in (("a", "Answer A"), ("b", "Answer B")):
            button(phone, name).tap()
            expect(phone.locator(".answer:visible")).to_have_class(f"answer {shown}")
            assert_nothing_is_cut_off(phone)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_a_readable_contrast(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.reload()
    expect(left(page)).not_to_be_empty()
    page.keyboard.press("1")
    expect(page.locator(".toast")).to_be_visible()
    page.keyboard.press("?")
    found = page.evaluate(CONTRASTS)
    assert {"Plumbline", "A", "far better", "both bad", "How to rank", "Undo"} <= {text for text, *_ in found}
    assert [(text, contrast) for text, contrast, _ in found if contrast < 4.5] == []
    (ground,) = (ground for text, _, ground in found if text == "Plumbline")
    assert ground < 0.1 if scheme == "dark" else ground > 0.9


def test_help_opens_with_a_key_and_no_key_votes_behind_it(page: Page, store: Store) -> None:
    first = left(page).inner_text()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="How to rank")).to_be_visible()
    for key in ("1", "x", "s"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(left(page)).to_have_text(first)
    page.keyboard.press("0")
    until(page, lambda: stored(store) == [("tie", 0)])


def test_single_keys_can_be_turned_off(page: Page) -> None:
    first = left(page).inner_text()
    button(page, "help").click()
    page.get_by_label("Single keys vote").uncheck()
    button(page, "Close").click()
    page.reload()
    expect(left(page)).to_have_text(first)
    page.keyboard.press("1")
    expect(page.locator(".toast")).to_be_hidden()
    expect(left(page)).to_have_text(first)


def test_no_request_leaves_the_machine(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.reload()
    expect(left(page)).not_to_be_empty()
    page.keyboard.press("1")
    until(page, lambda: unsent(page) == 0)
    elsewhere = [url for url in asked if urlsplit(url).scheme not in ("data", "blob")]
    assert {urlsplit(url).hostname for url in elsewhere} == {"127.0.0.1"}


def test_every_control_has_a_name_for_a_screen_reader(page: Page) -> None:
    page.keyboard.press("1")
    expect(page.locator(".toast")).to_be_visible()
    heard = page.locator("body").aria_snapshot()
    page.keyboard.press("?")
    heard += page.locator("body").aria_snapshot()
    controls = re.findall(r"(?m)^\s*- '?((?:button|link|checkbox|progressbar|dialog)\b.*)$", heard)
    assert len(controls) > 20
    assert [control for control in controls if not re.match(r'\w+ "\w', control)] == []
    for name in ("A is far better", "tie", "B is far better", "both bad", "skip", "undo", "help"):
        assert f'button "{name}"' in heard


def test_an_empty_page_says_why_and_shows_a_pair_when_one_comes(address: str, browser: Browser, store: Store) -> None:
    with window(browser, address) as page:
        expect(page.locator("[data-text=empty]")).to_have_text(
            "No model is promoted yet, so none writes answers to compare."
        )
        add_pairs(store, 1)
        expect(left(page)).to_be_visible()


def test_reasons_grades_and_words_go_with_the_vote_and_outlive_a_reload(store: Store, page: Page) -> None:
    set_project(store, "criteria", ["honest"], "test")
    page.reload()
    expect(left(page)).not_to_be_empty()
    first = left(page).inner_text()
    page.keyboard.press("r")
    button(page, "clearer").click()
    expect(button(page, "clearer")).to_be_focused()
    page.get_by_role("group", name="honest: A, 1 to 5").get_by_role("button", name="5").click()
    page.get_by_label("In your own words").fill("<b>It answers.</b>")
    page.reload()
    expect(left(page)).to_have_text(first)
    expect(button(page, "clearer")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("In your own words")).to_have_value("<b>It answers.</b>")
    page.get_by_role("group", name="honest: B, 1 to 5").get_by_role("button", name="2").click()
    page.keyboard.press("1")
    expect(left(page)).not_to_have_text(first)
    expect(button(page, "clearer")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("z")
    expect(button(page, "clearer")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("f")
    until(page, lambda: len(stored(store)) == 3)
    (vote,) = browse.votes(store).rows
    assert (vote.verdict, vote.details.flagged, vote.details.reasons) == ("skip", True, ("clearer",))
    assert (vote.details.ratings, vote.details.comment) == ({"honest": (5, 2)}, "<b>It answers.</b>")


def test_a_vote_of_before_is_looked_at_again_and_changed(store: Store, page: Page) -> None:
    first = left(page).inner_text()
    page.keyboard.press("1")
    expect(left(page)).not_to_have_text(first)
    second = left(page).inner_text()
    until(page, lambda: len(stored(store)) == 1)
    page.keyboard.press("h")
    page.locator(".mine button", has_text="A far better").click()
    expect(left(page)).to_have_text(first)
    page.keyboard.press("0")
    expect(left(page)).to_have_text(second)
    expect(page.locator("[data-text=toast]")).to_have_text("Changed: tie.")
    until(page, lambda: len(stored(store)) == 2)
    (vote,) = browse.votes(store).rows
    assert vote.verdict == "tie"
    page.keyboard.press("h")
    expect(page.locator(".mine li")).to_have_count(1)
    expect(page.locator(".mine li")).to_contain_text("tie")


def test_the_page_speaks_the_language_of_the_browser_or_the_chosen_one(address: str, browser: Browser) -> None:
    with window(browser, address, locale="de-AT") as page:
        expect(page.locator("[data-text=empty]")).to_have_text(
            "Noch ist kein Modell freigegeben, also schreibt keines Antworten zum Vergleichen."
        )
        assert page.evaluate("document.documentElement.lang") == "de"
        expect(page.get_by_role("link", name="Daten")).to_be_visible()
        page.keyboard.press("?")
        page.get_by_label("Sprache").select_option(label="Français")
        page.reload()
        expect(page.locator("[data-text=empty]")).to_contain_text("Aucun modèle n’est encore promu")
        for code, catalogue in catalogues.catalogues().items():
            categories = page.evaluate("(code) => new Intl.PluralRules(code).resolvedOptions().pluralCategories", code)
            counting = [entry for entry in catalogue["texts"].values() if isinstance(entry, dict)]
            assert counting
            assert all(set(entry) == set(categories) for entry in counting), code


def test_what_another_labeler_left_in_this_browser_waits_for_them(page: Page, store: Store) -> None:
    page.route(CALLS, lose_the_request)
    page.keyboard.press("2")
    expect(page.get_by_role("alert")).to_contain_text("One decision is kept in this browser")
    page.evaluate(
        "for (const [name, deed] of Object.entries(localStorage)) if (name.includes('outbox'))"
        " localStorage.setItem(name, deed.replace('\"local\"', '\"mara\"'))"
    )
    page.unroute(CALLS)
    page.reload()
    expect(left(page)).not_to_be_empty()
    page.keyboard.press("2")
    until(page, lambda: len(stored(store)) == 1 and unsent(page) == 1)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_words_for_one_pair_are_still_there_after_another_was_decided_again(page: Page, store: Store) -> None:
    page.keyboard.press("1")
    until(page, lambda: len(stored(store)) == 1)
    second = left(page).inner_text()
    page.keyboard.press("r")
    page.get_by_label("In your own words").fill("of the second")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.locator(".mine button").click()
    page.get_by_label("In your own words").fill("of the first")
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    expect(left(page)).to_have_text(second)
    for _ in range(2):
        expect(page.get_by_label("In your own words")).to_have_value("of the second")
        page.reload()
