"""The guideline in its versions, and what a labeler reads of it and of how they do on the Rank page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from sqlite_utils.utils import sqlite3

from labeling import session
from labeling.accounts import ensure_user
from storage.database import Store
from storage.errors import UserError
from storage.gold import set_gold
from storage.guidelines import confirm, confirmed, guideline, history, set_guideline
from storage.project import set_project
from storage.relabels import ask_again
from tests.conftest import add_pairs
from tests.served import served, window


def test_the_newest_version_holds_and_the_older_ones_are_kept(store: Store) -> None:
    assert guideline(store) is None
    set_guideline(store, "# Be kind\r\nAlways.\n", "local")
    assert set_guideline(store, "# Be kind\nAlways.", "local").version == 1  # nothing new
    set_guideline(store, "Be right.", "local")
    assert [(one.version, one.text) for one in history(store)] == [(2, "Be right."), (1, "# Be kind\nAlways.")]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
        db.execute("UPDATE guidelines SET text = 'other'")


@pytest.mark.parametrize("text", ["", " \n", "x" * 40_001, "\ud800"])
def test_what_is_no_guideline_changes_nothing(store: Store, text: str) -> None:
    with pytest.raises(UserError, match="1 to 40,000 characters"):
        set_guideline(store, text, "local")
    assert guideline(store) is None


def test_only_the_version_that_holds_can_be_confirmed(store: Store) -> None:
    set_guideline(store, "First.", "local")
    confirm(store, 1, "local")
    confirm(store, 1, "local")
    set_guideline(store, "Second.", "local")
    assert confirmed(store, "local") == 1
    with pytest.raises(UserError, match="changed meanwhile"):
        confirm(store, 1, "local")


def test_after_a_calibration_pair_its_known_verdict_is_told_as_it_was_shown(store: Store) -> None:
    pair_ids = add_pairs(store, 8)
    for pair_id in pair_ids:
        set_gold(store, pair_id, "a", "It answers.", "test", calibration=True)
    set_project(store, "calibration", 6, "test")
    ensure_user(store, "ada", "labeler")
    for showing in session.serve(store, "ada", 6):
        known = session.what_is_known(store, session.vote(store, "ada", showing.showing_id, "left", 2, "k"))
        first = showing.left.startswith("first")
        assert known == {"verdict": "left" if first else "right", "agreed": first, "why": "It answers."}
    (plain,) = session.serve(store, "ada")
    assert session.what_is_known(store, session.vote(store, "ada", plain.showing_id, "left", 2, "k")) is None


@pytest.mark.browser
def test_a_new_guideline_is_confirmed_before_the_labeler_goes_on(store: Store, browser: Browser) -> None:
    add_pairs(store, 8)
    set_guideline(store, "# Tone\nBe **kind**. <img src=x onerror=alert(1)>", "researcher")
    with served(store) as address, window(browser, address) as page:
        dialog = page.locator("dialog.guideline")
        expect(dialog.locator("strong")).to_have_text("kind")
        expect(dialog.locator("img")).to_have_count(0)
        page.keyboard.press("1")
        for _ in range(3):  # the browser heeds no page at the second one
            page.keyboard.press("Escape")
        expect(dialog).to_be_visible()
        expect(dialog.locator("strong")).to_have_text("kind")
        page.get_by_role("button", name="I have read it").click()
        expect(dialog).to_be_hidden()
        assert confirmed(store, "local") == 1
        assert not store.rows("SELECT * FROM preferences")
        page.keyboard.press("g")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        page.keyboard.press("3")
        expect(page.locator("[data-text=toast]")).to_contain_text("Saved")
        while not store.rows("SELECT * FROM preferences"):
            page.wait_for_timeout(20)
        (voted,) = store.rows("SELECT pair_id FROM showings JOIN preferences USING (showing_id)")
        ask_again(store, [voted["pair_id"]], "The guideline says more about tone.", "test")
        page.reload()
        expect(page.locator("[data-notice=again]")).to_contain_text("says more about tone")


@pytest.mark.browser
def test_a_new_labeler_is_told_what_is_known_then_warned_then_paused(store: Store, browser: Browser) -> None:
    known = add_pairs(store, 2)
    for pair_id in known:
        set_gold(store, pair_id, "tie", "Both answer.", "test", calibration=True)
    add_pairs(store, 30, tag="more")
    set_project(store, "calibration", 2, "test")
    with store.write() as db:
        db.execute("UPDATE users SET role = 'labeler' WHERE name = 'local'")
    with served(store) as address, window(browser, address) as page:
        notice = page.locator("[data-notice=known]")
        for key, said in (("0", "you agree with the known verdict: a tie."), ("1", "another than yours: a tie.")):
            expect(page.locator("[data-text=left]")).not_to_be_empty()
            page.keyboard.press(key)
            expect(notice).to_contain_text(said)
            expect(notice).to_contain_text("Both answer.")
        expect(page.locator("[data-text=left]")).not_to_be_empty()
        page.keyboard.press("0")
        expect(notice).to_have_count(0)  # it was of a pair that is long gone
        expect(page.locator("[data-text=left]")).not_to_be_empty()
        while page.locator(".rank").get_attribute("data-state") != "empty":
            page.keyboard.press("1")
            page.wait_for_timeout(50)
        expect(page.locator("[data-text=empty]")).to_contain_text("You are paused")
        expect(page.locator(".empty .quiet")).to_be_hidden()
        assert {row["state"] for row in store.rows("SELECT state FROM attention")} == {"warned", "paused"}
        voted = store.rows("SELECT count(*) AS n FROM preferences")[0]["n"]
        page.reload()
        expect(page.locator("[data-text=empty]")).to_contain_text("You are paused")
        page.keyboard.press("1")
        assert store.rows("SELECT count(*) AS n FROM preferences")[0]["n"] == voted
