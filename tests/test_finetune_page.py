"""Fine-tuning on the Align page in Chromium; the test does the worker's part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from labeling import session
from labeling.ui.finetune_view import figures, outcome
from storage import demonstrations, jobs, registry
from storage.database import Store
from tests.conftest import add_pairs
from tests.served import served, window
from tests.sft_jobs import records
from tests.test_rounds import finish

RESULT: dict[str, Any] = {"loss_before": 3.21, "loss_after": 2.1, "heldout_records": 5}


@pytest.fixture
def page(store: Store, browser: Browser) -> Iterator[Page]:
    add_pairs(store, 2)
    (first, _) = session.serve(store, "local", 2)
    demonstrations.write(store, "local", first.showing_id, "My own")
    with served(store) as address, window(browser, f"{address}/align") as opened:
        opened.get_by_text("Fine-tune a model on examples").click()
        yield opened


def upload(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator(".file-preview")).to_contain_text(path.stem)  # it is there whole


def fine_tune(page: Page) -> None:
    page.get_by_role("button", name="Fine-tune", exact=True).click()


@pytest.mark.browser
def test_an_upload_is_read_before_anything_is_queued(store: Store, page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(json.dumps(records()[0]) + '\n{"instruction": "<b>x</b>"}\n')
    upload(page, tmp_path / "mine.jsonl")
    fine_tune(page)
    expect(page.locator(".notice")).to_have_text("The new model has no name yet: give it one.")
    page.get_by_label("Name of the new model").fill("mine")
    fine_tune(page)
    expect(page.locator(".notice")).to_have_text(
        "Line 2 of mine.jsonl is malformed, for it has no output: mend it, or take it out."
    )
    assert jobs.newest(store, "sft") is None
    assert not list(store.uploads.iterdir())


@pytest.mark.browser
def test_a_model_is_fine_tuned_followed_and_promoted(store: Store, page: Page, tmp_path: Path) -> None:
    (tmp_path / "records.json").write_text(json.dumps(records()))
    upload(page, tmp_path / "records.json")
    page.get_by_label("Name of the new model").fill("mine")
    page.get_by_label("What is trained").click()
    page.get_by_role("option", name="the last blocks and the head").click()
    page.get_by_label("Last blocks that are trained").fill("1")
    page.get_by_label("Learn from what labelers wrote too (1 so far)").check()
    page.get_by_label("More settings").last.fill("seed=7")
    fine_tune(page)
    expect(page.locator(".finetuning h2")).to_have_text("Fine-tuning of mine queued")
    job = jobs.newest(store, "sft")
    assert job is not None
    recipe = job.spec["recipe"]
    assert (recipe["tuning"], recipe["unfrozen_blocks"], recipe["seed"]) == ("freeze", 1, 7)
    kept = Path(job.spec["files"]["instructions.json"]["copy"])
    assert (kept.parent, kept.read_bytes()) == (store.uploads, (tmp_path / "records.json").read_bytes())
    assert "My own" in Path(job.spec["files"]["demonstrations.jsonl"]["copy"]).read_text()
    finish(store, {**RESULT, "trainable_share": 0.25, "records": 1234})
    expect(page.locator(".finetuning .answer")).to_have_text(
        "On 5 records that mine did not see, its loss fell from 3.210 to 2.100 nats an answer token."
    )
    expect(page.locator(".finetuning .figures")).to_have_text(re.compile("25.00%.*1,234"))
    expect(page.locator(".models")).to_have_text(re.compile("mine"))
    page.get_by_role("button", name="Promote mine").click()
    expect(page.locator(".notice")).to_have_text(re.compile("mine is promoted"))
    assert registry.require_promoted(store).name == "mine"


@pytest.mark.browser
def test_a_fine_tuning_is_cancelled(store: Store, page: Page) -> None:
    page.get_by_label("Or a file on the server").fill("/absent.jsonl")
    page.get_by_label("Name of the new model").fill("mine")
    fine_tune(page)
    expect(page.locator(".notice")).to_have_text(re.compile(r"There is no file /absent\.jsonl"))
    page.get_by_label("Or a file on the server").fill(str(written_records(store)))
    fine_tune(page)
    page.get_by_role("button", name="Cancel the fine-tuning").click()
    expect(page.locator(".finetuning h2")).to_have_text("Fine-tuning of mine cancelled")


def written_records(store: Store) -> Path:
    path = store.home / "records.json"
    path.write_text(json.dumps(records()))
    return path


def test_a_loss_that_rose_is_told_with_what_to_try() -> None:
    said = outcome({"loss_before": 1.0, "loss_after": 1.5, "heldout_records": 1}, "mine")
    assert said.startswith("On one record that mine did not see, its loss rose from 1.000 to 1.500")
    assert said.endswith("try fewer epochs, or a lower rate.")


def test_what_is_none_is_left_out_of_the_figures() -> None:
    assert figures({"dropped": 0, "cut": 2, "demonstrations_share": 0.0, "learning_rate": 1e-3}) == [
        ("Too long, cut behind an answer", "2"),
        ("Learning rate", "0.001"),
    ]
