"""Data from a file on the Data page: seen before it comes in, and as text whatever it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from storage.database import Store
from storage.errors import UserError
from storage.exchange import apart
from tests.served import served, window
from tests.test_formats import ASKED, FILES, GRASS
from tests.test_importing import everything, jsonl

HOSTILE = '<img src=x onerror="window.hit = 1">'


def test_an_import_in_a_process_of_its_own_tells_how_far_it_is_and_what_it_did(store: Store, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "arena.jsonl", [*FILES["arena"], {}])
    before = everything(store)
    *_, looked = apart.ask(store, path, "preview", format="auto", what=None)
    assert looked["done"]["accepted"] == 4
    assert everything(store) == before
    *told, done = apart.ask(store, path, "import", format="auto", what=None, actor="local")
    assert [line["progress"][0] for line in told][-1:] in (["Splitting"], ["Writing"])
    assert done["done"]["said"].startswith("4 preferences imported, 0 there already, 1 rejected")
    assert done["done"]["reasons"] == ["row 5: it has no conversation_a"]
    assert store.row("SELECT actor FROM journal WHERE action = 'import'") == {"actor": "local"}


def test_a_file_that_cannot_be_imported_is_a_sentence_there_too(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no format that is known"):
        list(apart.ask(store, jsonl(tmp_path / "odd.jsonl", [{"question": 1}]), "preview", format="auto"))


@pytest.mark.browser
def test_a_file_is_seen_as_text_before_it_is_brought_in(store: Store, browser: Browser, tmp_path: Path) -> None:
    battle = {**FILES["arena"][0], "judge": HOSTILE, "conversation_a": [*ASKED, {**GRASS, "content": HOSTILE}]}
    path = jsonl(tmp_path / "arena.jsonl", [battle, {**battle, "winner": HOSTILE}])
    with served(store) as address, window(browser, f"{address}/data") as page:
        part = page.locator(".page-import")
        part.get_by_role("button", name="Bring in data from a file").click()
        part.locator("input[type=file]").set_input_files(str(path))
        expect(part.locator(".rows li")).to_have_count(1)
        expect(part.locator(".rows dd").nth(1)).to_have_text(HOSTILE)
        expect(part.locator(".notice")).to_contain_text("Format arena")
        expect(part.locator(".reasons li")).to_contain_text("row 2: the winner is none of")
        assert store.row("SELECT count(*) AS n FROM pairs") == {"n": 0}
        part.get_by_role("button", name="Bring it in").click()
        expect(part.locator(".notice")).to_contain_text("1 preferences imported")
        assert page.evaluate("window.hit") is None
        assert page.locator("img[src=x]").count() == 0
    assert [row["labeler"] for row in store.rows("SELECT labeler FROM showings")] == [f"imported:{HOSTILE}"]
