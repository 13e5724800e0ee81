"""What many tests stand on: a fresh store, and a few prompts and pairs in it.

A test of the pages takes `store`, `browser`, and from `tests.served` the app (`served`) and a window on it (`window`).
App and window are kept and handed on to the next test, which makes one cost half a second; see there for `fresh`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read as torch is imported: two test processes share the cores

import pytest

from labeling.accounts import ensure_user
from storage import labels, registry
from storage.database import Store
from storage.prompts import NewPrompt, add_prompts
from storage.records import NewCompletion

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from sqlite_utils import Database

T = TypeVar("T")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store with the local user."""
    opened = Store.open(tmp_path / "home")
    ensure_user(opened, "local", "admin")
    return opened


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    """Where the pages of this store answer."""
    from tests.served import served

    with served(store) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the tests of one module, each of which opens windows of its own."""
    from tests.served import chromium

    with chromium() as launched:
        yield launched


LONGEST = ("test_whole_loop_page.py", "test_loop.py", "test_storm.py", "test_resume.py")  # half a minute a test, some


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, so that at the end no process waits for the other's last one."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failure in a browser, report what the page said."""
    report = yield
    page = item.funcargs.get("page")
    if page is not None and report.when == "call" and report.failed:
        with contextlib.suppress(Exception):  # the page may be what broke
            report.sections.append(("the page", page.locator("body").inner_text(timeout=5000)))
    return report


def every_row(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All there is in the database, table by table; a full-text index by the tables that it keeps itself in."""
    is_kept = "type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    tables = [row["name"] for row in store.rows(f"SELECT name FROM sqlite_master WHERE {is_kept}")]
    return {table: store.rows(f"SELECT * FROM {table}") for table in tables}


def add_pairs(store: Store, count: int, split: str = "train", tag: str = "") -> list[int]:
    """`count` pairs, each on a prompt of its own, by a promoted policy named after `tag`; returns the pair ids."""
    model_id = promote_policy(store, f"policy{tag}")
    prompt_ids = add_texts(store, *(f"Question {tag}{number}?" for number in range(count)), split=split)
    with store.write() as db:
        return [
            insert_pair(db, prompt_id, [f"first answer {number}", f"second answer {number}"], model_id)
            for number, prompt_id in enumerate(prompt_ids)
        ]


def insert_pair(db: Database, prompt_id: int, answers: Sequence[str], model_id: int) -> int:
    """A pair of two answers of this model, a first; returns its id."""
    a, b = labels.insert_completions(db, [NewCompletion(prompt_id, text, model_id) for text in answers])
    return labels.insert_pair(db, prompt_id, a, b, "generated", model_id)


def add_texts(store: Store, *texts: str, source: str = "test", split: str = "train") -> list[int]:
    """A prompt of one turn for each text; returns their ids."""
    asked = [NewPrompt(({"role": "user", "content": text},), source, split) for text in texts]  # type: ignore[arg-type]
    return add_prompts(store, asked)


def promote_policy(store: Store, name: str) -> int:
    """Register a policy of this name and promote it; returns its id."""
    with store.write() as db:
        model_id = registry.register(db, name, "policy", f"models/{name}", "test")
        registry.insert_promotion(db, model_id, "test")
    return model_id


def at_once(times: int, deed: Callable[[], T]) -> list[T]:
    """What a deed returns to each of so many threads that begin it together."""
    together = threading.Barrier(times)

    def begin() -> T:
        together.wait()
        return deed()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(begin) for _ in range(times)]]
