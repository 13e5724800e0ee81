"""The Chat page without a browser: what it does when an answer is empty, breaks off or never comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from html import escape
from typing import Any

import gradio as gr
import httpx
import pytest
from starlette.requests import Request

from labeling.ui import chat
from labeling.ui.actions import Actions, Inference
from labeling.ui.answering import answers
from labeling.ui.chat import HOW_TO_DISPUTE, HOW_TO_VOTE, PROMOTED, RIVAL, Chat
from labeling.ui.chat_endpoints import ChatEndpoints
from labeling.ui.chat_page import AT_ONCE
from labeling.ui.hidden_pair import Pair
from labeling.ui.identity import USER
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Message, Picking
from tests.conftest import add_pairs
from tests.served import served
from tests.server_process import PageCalls

QUESTION: tuple[Message, ...] = ({"role": "user", "content": "Why?"},)
LOCAL = gr.Request(Request({"type": "http", USER: "local"}))


class Voices:
    """A server that answers for each model as the test says; it waits where the answer is an event."""

    def __init__(self, *said: str | Exception | threading.Event) -> None:
        self.said = list(said)

    def start(self) -> None:
        """It is up."""

    def stop(self) -> None:
        """It has nothing to take down."""

    def state(self) -> str:
        """Always ready."""
        return ""

    def sampling(self, model_path: str, picking: Picking | None = None) -> dict[str, Any]:
        """As nothing is drawn, only how it was picked is said."""
        return {"best_of": picking.best_of, "reward_model": picking.reward_model.name} if picking else {}

    def stream(
        self, model_path: str, messages: Sequence[Message], seed: int | None = None, picking: Picking | None = None
    ) -> Iterator[str]:
        """The next answer, whole; of several, after an empty piece."""
        if picking:
            yield ""
        said = self.said.pop() if len(self.said) > 1 else self.said[0]
        if isinstance(said, Exception):
            raise said
        if isinstance(said, threading.Event):
            said.wait()
        else:
            yield f"{said} ({picking.best_of})" if picking else said


def chat_with(store: Store, voices: Inference) -> Chat:
    add_pairs(store, 1)

    def refuse(*_: Any) -> Any:
        raise UserError("There are no rounds here.")

    deeds = {field.name: refuse for field in fields(Actions)}
    return Chat(store, Actions(**{**deeds, "inference": voices}))


def ask(page: Chat, text: str = "Why?", two: bool = False, best_of: int = 1) -> tuple[Any, ...]:
    """What the page shows in the end: view, history, pair, message box and the row of verdicts."""
    *_, last = page.send(text, [], None, PROMOTED, PROMOTED, two, best_of, LOCAL)
    return last


def test_an_answer_is_remembered_with_its_question(store: Store) -> None:
    view, history, pair, box, _ = ask(chat_with(store, Voices("Because.")))
    assert "Because." in view
    assert history == [*QUESTION, {"role": "assistant", "content": "Because."}]
    assert pair is None
    assert "value" not in box  # what is typed meanwhile stays


@pytest.mark.parametrize(("two", "note"), [(False, chat.NO_ANSWER), (True, chat.NO_PAIR)])
def test_an_empty_answer_is_said_and_the_question_can_be_sent_again(store: Store, two: bool, note: str) -> None:
    view, history, pair, box, _ = ask(chat_with(store, Voices("  ", "Because.") if two else Voices("")), two=two)
    assert note in view
    assert ("Because." in view) == two
    assert (history, pair, box["value"]) == ([], None, "Why?")


@pytest.mark.parametrize("error", [TypeError("no text"), RuntimeError("a spoilt tokenizer"), KeyError("choices")])
def test_whatever_befalls_an_answer_the_reader_is_told(store: Store, error: Exception) -> None:
    with pytest.raises(UserError, match=f"broke off \\({type(error).__name__}"):
        list(answers(Voices(error), ["any"], QUESTION))
    view, _, _, box, _ = ask(chat_with(store, Voices(error)))
    assert "The answer broke off" in view
    assert box["value"] == "Why?"


def test_a_vote_on_answers_that_a_restarted_server_has_forgotten_is_said_to_be_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    chat_with(store, Voices("Because.")).vote("A better", None, LOCAL)
    assert said == [chat.GONE]
    assert store.rows("SELECT * FROM preferences") == []


@pytest.mark.parametrize("message", [5, None, "\ud800", ["text"]])
def test_a_message_that_is_no_text_is_refused(store: Store, message: Any) -> None:
    page = chat_with(store, Voices("Because."))
    programs = ChatEndpoints(store, page.actions, page.answers)
    with pytest.raises(UserError, match="are texts"):
        programs.answer(message, LOCAL)
    with pytest.raises(UserError, match="a content, which is text"):
        programs.answer("Why?", LOCAL, [{"role": "user", "content": message}])


def test_chats_that_hang_leave_the_votes_alone(store: Store) -> None:
    add_pairs(store, 1)
    end = threading.Event()
    asked = {"data": ["Why?", None, ""]}
    with served(store, Voices(end)) as address:
        for _ in range(3 * AT_ONCE):
            httpx.post(f"{address}/gradio_api/call/chat", json=asked, trust_env=False).raise_for_status()
        assert PageCalls(address)("next_pairs", count=1, holding=[])["pairs"]
        end.set()


def test_a_model_chosen_before_a_restart_can_still_be_asked(store: Store) -> None:
    add_pairs(store, 1)
    with served(store, Voices("Because."), fresh=True) as address:
        config = httpx.get(f"{address}/config", trust_env=False).json()
    menus = [(part["props"].get("label"), part["props"].get("choices")) for part in config["components"]]
    known = [[name, name] for name in (PROMOTED, registry.require_promoted(store).name)]
    assert ("Model", known) in menus  # another page has a menu of this name too
    assert ("Second model", [[RIVAL, RIVAL], *known]) in menus


def test_two_models_answer_also_where_the_page_has_not_asked_yet_which_there_are(store: Store) -> None:
    page = chat_with(store, Voices())
    assert [model.name for model in page._models(PROMOTED, RIVAL, True)] == ["policy", "policy"]  # there is no other
    with store.write() as db:
        for name in ("older", "newer"):
            registry.register(db, name, "policy", f"models/{name}", "test")
    assert [model.name for model in page._models(PROMOTED, RIVAL, True)] == ["policy", "newer"]


def test_a_message_sent_before_a_vote_is_told_what_the_vote_is_about(store: Store) -> None:
    page, model = chat_with(store, Voices("Because.")), registry.require_promoted(store)
    hidden = Pair(tuple(QUESTION), (model, model), ("A", "B"), ({}, {}))
    for pair, asked in ((hidden, HOW_TO_VOTE), (replace(hidden, disputed=tuple(QUESTION)), HOW_TO_DISPUTE)):
        (shown,) = page.send("And?", list(QUESTION), pair, PROMOTED, PROMOTED, False, 1, LOCAL)
        assert escape(asked) in shown[0]
