"""The app, served to a browser by the test's own process, and a browser to look at it with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from alignment import continuous, evaluations, job_deeds, picking, plans, queue, readiness, rounds
from labeling.ui import shell
from labeling.ui.actions import Actions, Inference
from storage import registry
from storage.database import Store
from tests.server_process import free_port

PATIENCE = 60_000  # milliseconds that a page may take: it shares two cores with trainings
expect.set_options(timeout=30_000)


@contextmanager
def served(store: Store, inference: Inference) -> Iterator[str]:
    """The address at which all pages of this store answer, without a worker."""
    actions = Actions(
        start_round=lambda method, settings, actor: rounds.start(store, method, settings, actor),
        replay_round=lambda round_id, actor: rounds.start_replay(store, round_id, actor),
        cancel_round=lambda round_id, actor: rounds.cancel(store, round_id, actor),
        resume_round=lambda round_id, actor: rounds.resume(store, round_id, actor),
        start_sft=lambda file, base, *rest: queue.sft(store, file, registry.by_name(store, base), *rest),
        score_votes=lambda name, actor: queue.score(store, registry.by_name(store, name), actor),
        compare=lambda *asked: evaluations.compare(store, *asked),
        plan_round=lambda settings: plans.plan_in_words(store, settings),
        job_deed=lambda deed, job_id, actor: job_deeds.do(store, deed, job_id, actor),
        continuous_on=lambda *asked: continuous.switch_on(store, *asked),
        continuous_said=lambda: continuous.said(store),
        picker=lambda policy: picking.picker_in_chat(store, policy),
        check_labels=lambda: readiness.check_labels(store),
        inference=inference,
    )
    port = free_port()
    blocks = shell.build(store, actions)
    shell.launch(blocks, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        blocks.close()


# Without a GPU its process only emulates one, and on a busy machine it can stall the frames that a page waits for.
BROWSER_FLAGS = ["--disable-gpu", "--disable-quic", "--disable-sync"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window yet."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A fresh window on this address, with nothing remembered; errors in the page's scripts fail the test."""
    errors: list[str] = []
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **options})
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    try:
        yield page
    finally:
        page.close()
    assert not errors
