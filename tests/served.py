"""The app, served to a browser by the test's own process, and a browser to look at it with.

Both are kept from test to test, for an app takes a second of a core to build and a window two seconds to open: the app
is given the next test's store, and a window is emptied and goes to the next test's address.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from alignment.inference import InferenceServer
from app import actions
from labeling.ui import shell
from labeling.ui.actions import Inference
from labeling.ui.door import Access
from storage.database import Store
from tests.server_process import free_port

PATIENCE = 60_000  # milliseconds that a page may take: it shares two cores with trainings
expect.set_options(timeout=30_000)


@contextmanager
def served(store: Store, inference: Inference | None = None, fresh: bool = False) -> Iterator[str]:
    """The address at which all pages of this store answer, without a worker, and without a model unless one is given.

    `fresh` is for a test of what an app keeps in memory, as failed logins, or reads as it is built: it gets one of its
    own.
    """
    app = idle_apps.pop() if idle_apps and not fresh else App(store)
    app.show(store, inference or InferenceServer(Path("unused.log")))
    try:
        yield app.address
    finally:
        app.close() if fresh or not app.comes_to_rest() else idle_apps.append(app)


class App:
    """The app on a store and a chat server that can be exchanged while it is up."""

    def __init__(self, store: Store) -> None:
        self.store = Store(store.home)
        self.inference = Exchanged()
        access = Access(self.store, beyond_loopback=False)
        self.blocks = build(self.store, cast(Inference, self.inference), access)
        port = free_port()
        shell.launch(self.blocks, access, "127.0.0.1", port)
        self.address = f"http://127.0.0.1:{port}"

    def show(self, store: Store, inference: Inference) -> None:
        """From now on every page and endpoint is about this store."""
        self.store.__dict__ = store.__dict__
        self.inference.now = inference

    def comes_to_rest(self) -> bool:
        """Whether all that it was asked is answered in five seconds: nothing asked of this store may read the next."""
        deadline = time.monotonic() + 5
        while self.blocks.server.server_state.tasks or any(self.blocks._queue.active_jobs):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        """Take it down."""
        self.blocks.close(verbose=False)


class Exchanged:
    """Is whatever `now` is."""

    now: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now, name)


idle_apps: list[App] = []


def build(store: Store, inference: Inference, access: Access) -> Any:
    """The app, composed as `app.py` does it."""
    return shell.build(store, actions(store, inference), access)


# Without a GPU its process only emulates one, and on a busy machine it can stall the frames that a page waits for.
BROWSER_FLAGS = ["--disable-gpu", "--disable-quic", "--disable-sync"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window yet."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
        yield browser
        browser.close()


idle_windows: WeakKeyDictionary[Browser, dict[str, list[Page]]] = WeakKeyDictionary()


@contextmanager
def window(browser: Browser, address: str, fresh: bool = False, **options: Any) -> Iterator[Page]:
    """A window on this address, with nothing remembered; errors in the page's scripts fail the test.

    It may be one that an earlier test used, emptied since: a page in a new window costs four times as much. `fresh` is
    for a test that leaves in it what cannot be taken out again: an init script, an exposed function, a stopped clock.
    """
    options = {"viewport": {"width": 1280, "height": 800}, **options}
    idle = idle_windows.setdefault(browser, {}).setdefault(repr(options), [])
    page = idle.pop() if idle and not fresh else browser.new_page(**options)
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    page.on("pageerror", note)
    page.set_default_timeout(PATIENCE)
    try:
        page.goto(address)
        yield page
        page.remove_listener("pageerror", note)
        if not fresh:
            empty(page, options)
            idle.append(page)
    finally:
        if page not in idle:
            page.close()
    assert not errors


def empty(page: Page, options: dict[str, Any]) -> None:
    """Leave the page, and make the browser forget all that it and its test have left in the window."""
    page.unroute_all(behavior="ignoreErrors")
    page.goto(urljoin(page.url, "/theme.css"))  # a page of the same origin, without scripts
    page.evaluate("localStorage.clear(), sessionStorage.clear()")
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.emulate_media(media="null", color_scheme="null", reduced_motion="null")
    page.set_viewport_size(options["viewport"])
