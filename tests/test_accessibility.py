"""Every page in Chromium, with something on it, read by axe-core: what a screen reader or weak eyes would stumble over.

The pages are those that the app has, so a new one is read as soon as it is there: wide and light, and on a phone in the
dark, with all that can be opened open. There is no exception to any rule.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from alignment import rounds
from labeling.accounts import ensure_user
from labeling.invitations import accept, invite
from labeling.ui import shell
from storage import snapshots
from storage.database import Store
from tests.conftest import add_pairs
from tests.served import served, window
from tests.test_chat import Voices
from tests.test_reports import STALE, add_reward_model
from tests.test_rounds import add_heldout, add_votes, finish

pytestmark = pytest.mark.browser
TRAINED = {"train_pairs": 40, "heldout_pairs": 20, "accuracy": 0.7, "accuracy_low": 0.55, "accuracy_high": 0.82}
LOADED = {
    "": "[data-text=left]:not(:empty)",
    "align": ".jobs tr",
    "data": ".data tbody tr",
    "reward": ".mistakes",
    "lineage": ".tree",
}
AXE = Axe().axe_script
FOUND = """async () => {
  for (const running of document.getAnimations()) running.finish();  // a colour on its way is nobody's
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  const line = ({ id, impact, help }, { target, html }) => `${impact} ${id}: ${help}\\n${target}\\n${html}`;
  return violations.flatMap((rule) => rule.nodes.map((node) => line(rule, node)));
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Votes, pairs that wait, a round that ended and one at work, a stale reward model and a snapshot."""
    store = Store.open(tmp_path_factory.mktemp("furnished") / "home")
    ensure_user(store, "local", "admin")
    add_votes(store, 30)
    add_heldout(store, 8)
    add_pairs(store, 8, tag="w")
    rounds.start(store, "dpo", {}, "local")
    for _ in ("reward", "judge", "policy"):
        finish(store, dict(TRAINED))
    example = {"prompt": "Why?", "answer": "So.", "against": "No.", "score": 1.0}
    baseline = {"best_of": 8, "win_rate": 0.8, "low": 0.75, "high": 0.85, "beaten": 0.4, "beaten_low": 0.35}
    verdict = {"win_rate": 0.7, "low": 0.6, "high": 0.8, "prompts": 64, "examples": [example]}
    finish(store, {**verdict, "baseline": {**baseline, "beaten_high": 0.45}})
    add_reward_model(store, "stale-reward", "train", **STALE)
    snapshots.take(store)
    rounds.start(store, "dpo", {}, "local")
    return store


@pytest.fixture
def address(home: Store) -> Iterator[str]:
    with served(home, Voices("Because.", "Because.")) as url:
        yield url


def found(page: Page) -> list[str]:
    """What axe-core says against the page as it stands, wide and light and on a phone in the dark."""
    page.evaluate(AXE)
    said = []
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", scheme == "dark")  # as Gradio does
        said += [f"{scheme}, {width} px: {one}" for one in page.evaluate(FOUND)]
    return said


@pytest.mark.parametrize(
    "path", [*shell.PAGES, *shell.INNER, "data?list=votes", "data?list=pairs", "people", "journal"]
)
def test_a_page_with_all_that_opens_open(address: str, browser: Browser, path: str) -> None:
    with window(browser, f"{address}/{path}") as page:
        expect(page.locator(LOADED.get(path.split("?")[0], "h1")).first).to_be_attached()
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        closed = page.locator("button.label-wrap:not(.open)")
        while closed.count():
            closed.first.click()
        assert found(page) == []


def test_the_rank_page_at_work(address: str, browser: Browser) -> None:
    with window(browser, address) as page:
        expect(page.locator("[data-text=left]")).not_to_be_empty()
        page.locator("[data-act=why]").click()
        page.locator("[data-act=tie]").click()
        expect(page.locator(".toast")).to_be_visible()
        assert found(page) == []
        page.keyboard.press("h")
        expect(page.locator("dialog.history li").first).to_be_visible()
        assert found(page) == []
        for dialog in page.locator("dialog").all():
            page.evaluate("for (const one of document.querySelectorAll('dialog')) one.close()")
            dialog.evaluate("(one) => one.showModal()")
            assert found(page) == []


def test_a_chat_with_an_answer_and_a_choice_of_two(address: str, browser: Browser) -> None:
    with window(browser, f"{address}/chat") as page:
        page.get_by_label("Message").fill("Why?")
        page.get_by_label("Message").press("Enter")
        expect(page.locator(".theirs .said")).to_have_text("Because.")
        assert found(page) == []


def test_the_pages_at_the_door(store: Store, browser: Browser) -> None:
    accept(store, invite(store, "local", "local").path.split("/")[-1], "a long password")
    invitation = invite(store, "local", "local")
    with served(store, Voices()) as address:
        for path in ("/login", invitation.path):
            with window(browser, f"{address}{path}") as page:
                assert found(page) == []
