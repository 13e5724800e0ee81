"""The page of quality in Chromium: reached from the Align page, read, and ruled on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from labeling.accounts import ensure_user
from storage import jobs
from storage.adjudications import rulings
from storage.database import Store
from tests.conftest import add_pairs
from tests.served import served, window
from tests.test_adjudications import vote
from tests.test_quality_commands import battle

pytestmark = pytest.mark.browser


def test_a_contested_pair_is_read_and_ruled_on(store: Store, browser: Browser) -> None:
    first, second = add_pairs(store, 2)
    for name, verdicts in (("<i>ann", "ab"), ("ben", "bb"), ("cleo", " b")):
        ensure_user(store, name, "labeler")
        for pair_id, verdict in zip((first, second), verdicts, strict=True):
            if verdict != " ":
                vote(store, pair_id, name, verdict)
    battle(store, wins=3, losses=1, tag="-2")
    with served(store) as address, window(browser, f"{address}/align") as page:
        page.get_by_role("link", name="How good they are").click()
        expect(page.locator(".answer")).to_have_text(
            re.compile("^Nothing can be said of how far labelers agree: 2 pairs")
        )
        expect(page.locator(".ready li").first).to_have_text(re.compile("^5 votes stand to learn from"))
        expect(page.get_by_role("row", name=re.compile("^<i>ann 2"))).to_be_visible()
        expect(page.get_by_role("row", name=re.compile(r"^new-2 4 1095 \(\d+ to \d+\)"))).to_be_visible()
        case = page.locator(".case")
        expect(case.locator(".votes")).to_have_text(["<i>ann: A; ben: B"])
        case.locator("summary").click()
        expect(case.locator(".pair p")).to_have_text(["first answer 0", "second answer 0"])
        page.get_by_role("button", name="Rule").click()
        expect(page.locator(".notice.trouble")).to_have_text("Choose the pair and the verdict.")
        page.get_by_label("Why", exact=True).fill("look again")
        page.get_by_role("button", name="Ask them again").click()
        expect(page.get_by_text(f"2 people are asked about pair {first} again")).to_be_visible()
        page.get_by_label("Verdict").click()
        page.get_by_role("option", name="B is far better").click()
        page.get_by_label("Why", exact=True).fill("<b>A</b> is wrong")
        page.get_by_role("button", name="Rule").click()
        expect(page.get_by_role("row", name=re.compile(f"^Pair {first} B, far better <b>A"))).to_be_visible()
        expect(page.locator(".case")).to_have_count(0)
        page.get_by_role("button", name="Amend the guideline").click()
        page.get_by_label("How to judge, in Markdown").fill("Prefer what is **true**.")
        page.get_by_role("button", name="Let this hold").click()
        expect(page.get_by_text("Version 1 of the guideline holds.")).to_be_visible()
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("row", name=re.compile(f"^Pair {second} B Three people or more"))).to_be_visible()
        page.get_by_role("button", name="Measure the learning curve").click()
        expect(page.get_by_role("button", name="Measuring")).to_be_disabled()
        page.get_by_role("button", name="Let people judge").click()
        expect(page.get_by_text("new-2 and policy-2 are about to answer")).to_be_visible()
    assert [(one.pair_id, one.verdict, one.strength) for one in rulings(store)] == [(first, "b", 4)]
    assert [len(jobs.open_jobs(store, kind)) for kind in ("learning_curve", "generate")] == [1, 2]
