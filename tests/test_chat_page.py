"""The Chat page in Chromium, with tiny models behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, Locator, Page, Route, expect

from alignment.bring import add_model
from alignment.inference import InferenceServer
from labeling.accounts import ensure_user
from storage import demonstrations, labels, ratings, registry
from storage.database import Store
from tests.served import served, window
from tests.test_inference import child_of, wait_until
from tests.tiny_models import make_model, make_reward_model

pytestmark = pytest.mark.browser
ANSWERED = re.compile(r"\S")


class App:
    """What the tests of this page share: a store with two policies, the server behind the chat, and the address."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder / "home")
        ensure_user(self.store, "local", "admin")
        for kind in ("llama", "gpt2"):
            add_model(self.store, str(make_model(kind, folder / kind)), kind, "test")
        registry.promote(self.store, "llama", "test")
        self.inference = InferenceServer(self.store.logs / "inference.log", promoted=self._promoted)
        self.address = ""

    def _promoted(self) -> str:
        return registry.require_promoted(self.store).path


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("chat"))
    running.inference.start()
    with served(running.store, running.inference) as address:
        running.address = address
        yield running
    running.inference.stop()


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    with window(browser, f"{app.address}/chat") as opened:
        yield opened


def add_reward_model(app: App, name: str) -> None:
    make_reward_model(Path(registry.by_name(app.store, "llama").path), app.store.models / name)
    with app.store.write() as db:
        card = {"recipe": {"fold": "train"}}
        registry.register(db, name, "reward", f"models/{name}", "test", card=card)


# Resolves when what the browser keeps of the conversation has come to rest: it is written behind what is shown, on a
# busy machine more than half a second behind. What is kept is encrypted, so its content cannot be waited for.
KEPT = """() => new Promise((resolve) => {
  const kept = () => localStorage.getItem("plumbline-conversation");
  const look = (before) => setTimeout(() => (kept() === before ? resolve() : look(kept())), 2000);
  look(null);
})"""


def ask(page: Page, message: str) -> None:
    box = page.get_by_label("Message")
    box.fill(message)
    box.press("Enter")


def answered(page: Page, answers: int) -> None:
    """Wait for so many answers, the last one complete."""
    expect(page.locator(".theirs .said")).to_have_count(answers, timeout=120_000)
    expect(page.locator(".writing")).to_have_count(0, timeout=120_000)
    expect(page.locator(".theirs .said").last).to_have_text(ANSWERED)


def test_a_conversation_outlives_a_reload(page: Page) -> None:
    ask(page, "Tell me about the sea.")
    answered(page, 1)
    ask(page, "And the wind?")
    answered(page, 2)
    page.evaluate(KEPT)
    page.reload()
    answered(page, 2)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)


def test_the_best_of_several_says_who_picked_it(app: App, page: Page) -> None:
    choice = page.get_by_label("Answers to choose from")
    choice.click()
    page.get_by_role("option", name="Best of 4 answers").click()
    expect(page.locator(".meaning")).to_have_text(re.compile("^No reward model is there to pick"))
    add_reward_model(app, "taste")
    ask(page, "Tell me about the garden.")
    answered(page, 1)
    expect(page.locator(".theirs .origin")).to_have_text("The best of 4 by taste")


def test_text_is_shown_as_text(page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)> {{value}} **b**"
    ask(page, hostile)
    expect(page.locator(".mine .said")).to_have_text(hostile)
    answered(page, 1)


def test_a_vote_between_two_hidden_models_is_a_preference(app: App, page: Page) -> None:
    before = labels.counts(app.store)["b"]
    page.get_by_label("Side by side").check()
    ask(page, "Tell me about a dog.")
    button = page.get_by_role("button", name="B better")
    button.wait_for(timeout=120_000)
    right = page.locator(".answer .said").last.inner_text()
    for name in ("llama", "gpt2"):
        assert name not in page.locator(".turns").inner_text()
    button.click()
    expect(page.locator(".note")).to_have_text(re.compile("A was (llama, B was gpt2|gpt2, B was llama)"))
    assert page.locator(".theirs .said").last.inner_text() == right
    assert labels.counts(app.store)["b"] == before + 1


def test_a_thumb_is_stored_at_once_outlives_a_reload_and_is_taken_back(app: App, page: Page) -> None:
    def stands() -> list[tuple[str, str]]:
        return [(row["completion"], row["thumb"]) for row in ratings.rows(app.store)]

    ask(page, "Tell me about a cat.")
    answered(page, 1)
    answer = page.locator(".theirs .said").inner_text()
    good, bad = page.get_by_role("button", name="Good answer"), page.get_by_role("button", name="Bad answer")
    expect(bad).to_have_attribute("aria-pressed", "false")
    bad.click()
    expect(page.locator(".thumbs .stored")).to_have_text("Saved.")
    expect(bad).to_have_attribute("aria-pressed", "true")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(bad).to_have_attribute("aria-pressed", "false")
    ((stored, thumb),) = stands()
    # A random model writes carriage returns too, and a browser's text has line feeds in their place.
    shown = stored.replace("\r\n", "\n").replace("\r", "\n")
    assert (shown.strip(), thumb) == (answer.strip(), "up")
    page.evaluate(KEPT)
    page.reload()
    expect(good).to_have_attribute("aria-pressed", "true")
    good.click()
    expect(page.locator(".thumbs .stored")).to_have_text("Taken back.")
    expect(good).to_have_attribute("aria-pressed", "false")
    assert stands() == []


def test_a_thumb_that_the_server_did_not_acknowledge_is_sent_again_and_stored_once(app: App, page: Page) -> None:
    before = len(app.store.rows("SELECT * FROM ratings"))
    ask(page, "Tell me about a bird.")
    answered(page, 1)
    lost = []

    def lose_the_first_answer(route: Route) -> None:
        if not lost and "rate" in (route.request.post_data or ""):
            lost.append(route.fetch())  # it is stored, and the page does not hear of it
            route.abort()
        else:
            route.continue_()

    page.route("**/component_server/**", lose_the_first_answer)
    page.get_by_role("button", name="Good answer").click()
    expect(page.locator(".thumbs .stored")).to_have_text("Saved.")
    assert len(lost) == 1
    assert len(app.store.rows("SELECT * FROM ratings")) == before + 1


def test_any_answer_can_be_disputed_by_another_one_or_by_a_better_one(app: App, page: Page) -> None:
    def deed(name: str, place: int) -> Locator:
        return page.get_by_role("button", name=name, exact=True).nth(place)

    def newest(sql: str) -> dict[str, Any]:
        return app.store.rows(f"SELECT * FROM {sql} DESC LIMIT 1")[0]

    ask(page, "Tell me about tea.")
    answered(page, 1)
    ask(page, "And coffee?")
    answered(page, 2)
    expect(page.locator(".note")).to_have_count(0)
    first, last = page.locator(".theirs .said").all_inner_texts()
    deed("Another answer", 0).click()  # the first of the two
    page.get_by_role("button", name="A better").click(timeout=120_000)
    expect(page.locator(".note")).to_have_text("Saved as a preference.")
    assert page.locator(".theirs .said").all_inner_texts() == [first, last]  # what followed it stays
    pair = newest("pairs WHERE source = 'chat' ORDER BY pair_id")
    asked = app.store.row("SELECT messages FROM prompts WHERE prompt_id = ?", [pair["prompt_id"]])
    assert asked == {"messages": json.dumps([{"role": "user", "content": "Tell me about tea."}])}

    deed("Edit", 1).click()
    area = page.get_by_label("A better answer")
    expect(area).to_have_value(last)
    area.fill("<b>Coffee</b> is roasted.")
    area.press("Escape")
    deed("Edit", 1).click()
    expect(area).to_have_value("<b>Coffee</b> is roasted.")  # a draft is kept
    area.press("Control+Enter")
    expect(page.locator(".note")).to_have_text(re.compile("^Saved: your answer is preferred"))
    expect(page.locator(".theirs .said").last).to_have_text("<b>Coffee</b> is roasted.")
    edited = newest(
        "edits e JOIN completions USING (completion_id) JOIN preferences p USING (preference_id) ORDER BY 1"
    )
    assert (edited["text"], edited["verdict"]) == ("<b>Coffee</b> is roasted.", "a")
    written = demonstrations.rows(app.store)[-1]["messages"]
    assert [turn["role"] for turn in written] == ["user", "assistant", "user", "assistant"]


def test_the_page_follows_a_promotion(app: App, page: Page) -> None:
    expect(page.locator(".server-state")).to_have_text("Promoted: llama", timeout=120_000)
    registry.promote(app.store, "gpt2", "test")
    expect(page.locator(".server-state")).to_have_text("Promoted: gpt2")
    registry.rollback(app.store, "test")


def test_the_page_says_that_the_server_is_restarted_and_goes_on_by_itself(app: App, page: Page) -> None:
    wait_until(lambda: not app.inference.state())
    child_of(app.inference).kill()
    expect(page.locator(".server-state")).to_have_text(re.compile("started again"))
    ask(page, "Are you there?")
    answered(page, 1)


def test_it_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    ask(page, "Tell me about breakfast.")
    answered(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_label("Message").is_visible()


def test_programs_chat_by_the_endpoint(app: App) -> None:
    client = Client(app.address, verbose=False)
    assert client.predict(message="Hello.", api_name="/chat")
    with pytest.raises(Exception, match="no model named 'nobody'"):
        client.predict(message="Hello.", model="nobody", api_name="/chat")


def test_another_person_at_the_browser_sees_no_conversation_of_the_last(page: Page) -> None:
    ask(page, "Between you and me.")
    answered(page, 1)
    page.evaluate(KEPT)
    page.evaluate("localStorage.setItem('plumbline.person', 'mara')")  # it was hers
    page.reload()
    expect(page.locator(".turn")).to_have_count(0)
    page.wait_for_function("localStorage.getItem('plumbline.person') === 'local'")
    expect(page.locator(".turn")).to_have_count(0)


def test_an_app_that_does_not_answer_is_told_above_the_conversation(page: Page) -> None:
    line = page.locator(".server-state")
    expect(line).to_have_text("Promoted: llama")
    page.route("**/component_server/", lambda route: route.abort())
    expect(line).to_have_text("The app does not answer.")
    page.unroute("**/component_server/")
    expect(line).to_have_text("Promoted: llama")
