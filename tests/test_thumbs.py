"""The thumbs under the last answer of a chat, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from labeling.ui import thumbs
from labeling.ui.chat import VERDICTS, Chat
from labeling.ui.thumbs import Answers, press, thumbs_under
from storage import ratings
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompt_hash
from tests.conftest import add_texts
from tests.test_chat import LOCAL, Voices, ask, chat_with

BUTTONS = 'class="thumbs"'
HELD_OUT = "Tell me in a few plain words why the water of the sea is so salty today"


def pressing(store: Store, page: Chat, turns: Any, thumb: str, key: str, labeler: str = "local") -> dict[str, Any]:
    asked = {"answer": prompt_hash(turns), "thumb": thumb, "client_key": key}
    return press(store, page.answers, labeler, asked)


def test_an_answer_has_thumbs_and_a_pair_of_them_has_none_before_its_vote(store: Store) -> None:
    page = chat_with(store, Voices("So.", "Because.", "  "))
    assert BUTTONS not in ask(page)[0]
    assert BUTTONS in ask(page)[0]
    view, _, pair, _, _ = ask(page, two=True)
    assert BUTTONS not in view
    view, *_ = page.vote(next(iter(VERDICTS)), pair, LOCAL)
    assert BUTTONS in view  # the better one is an answer like any other


def test_a_press_is_stored_as_a_thumb_on_the_answer_and_shows_from_then_on(store: Store) -> None:
    page = chat_with(store, Voices("Because."))
    _, history, *_ = ask(page)
    assert pressing(store, page, history, "down", "1") == {"thumb": "down", "note": thumbs.SAVED}
    (row,) = ratings.rows(store)
    assert (row["labeler"], row["completion"], row["thumb"], row["model"]) == ("local", "Because.", "down", "policy")
    assert row["prompt"] == history[:-1]
    shown = page.load(history, LOCAL)[0]
    assert [f'name="{name}" aria-pressed="{on}"' in shown for name, on in (("up", "false"), ("down", "true"))] == [
        True,
        True,
    ]
    assert pressing(store, page, history, "withdrawn", "2") == {"thumb": "", "note": thumbs.TAKEN_BACK}
    assert 'aria-pressed="true"' not in page.load(history, LOCAL)[0]


def test_a_thumb_on_what_is_nearly_held_out_says_that_none_learns_from_it(store: Store) -> None:
    page = chat_with(store, Voices("Rivers."))
    add_texts(store, HELD_OUT + ".", split="heldout")
    _, history, *_ = ask(page, HELD_OUT + "?")
    assert pressing(store, page, history, "up", "1")["note"] == thumbs.SAVED_HELD_OUT


@pytest.mark.parametrize("answer", ["0" * 64, None, 5, ["x"], "\ud800"])
def test_an_answer_that_the_server_does_not_know_cannot_be_rated(store: Store, answer: Any) -> None:
    page = chat_with(store, Voices("Because."))
    with pytest.raises(UserError, match="no longer knows who gave the answer"):
        press(store, page.answers, "local", {"answer": answer, "thumb": "up", "client_key": "1"})
    assert list(ratings.rows(store)) == []


def test_an_answer_is_known_to_the_one_who_got_it(store: Store) -> None:
    page = chat_with(store, Voices("Because."))
    _, history, *_ = ask(page)
    with pytest.raises(UserError, match="ask the question again"):
        pressing(store, page, history, "up", "1", labeler="mara")


def test_after_a_restart_what_the_browser_kept_has_no_thumbs(store: Store) -> None:
    page = chat_with(store, Voices("Because."))
    _, history, *_ = ask(page)
    assert BUTTONS in page.load(history, LOCAL)[0]
    assert BUTTONS not in Chat(store, page.actions).load(history, LOCAL)[0]


def test_the_server_knows_the_newest_answers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    chat_with(store, Voices("Because."))
    monkeypatch.setattr(thumbs, "MOST", 2)
    known = Answers()
    histories: Any = [
        [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": text}] for text in ("a", "b", "c")
    ]
    for history in (histories[0], histories[1], histories[0], histories[2]):
        known.remember("local", history, 1, {})
    assert [bool(thumbs_under(store, known, "local", history)) for history in histories] == [True, False, True]
