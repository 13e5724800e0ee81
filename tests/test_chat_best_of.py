"""Best of n on the Chat page and in /chat, without a browser: what is asked, what is said, and what is stored."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from labeling.ui.chat import PROMOTED, VERDICTS, Chat
from labeling.ui.chat_endpoints import ChatEndpoints
from labeling.ui.thumbs import press
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompt_hash
from storage.records import Model
from tests.test_chat import LOCAL, Voices, ask, chat_with

PICKED = {"best_of": 4, "reward_model": "judge-<b>"}


@pytest.fixture
def page(store: Store) -> Chat:
    """A chat whose answers are picked by a reward model with a hostile name."""
    plain = chat_with(store, Voices("Because."))

    def picker(policy: Model) -> Model:
        return Model(9, PICKED["reward_model"], "reward", "/reward", None, None, "registered", {}, "")  # type: ignore[arg-type]

    return replace(plain, actions=replace(plain.actions, picker=picker))


def stored(store: Store) -> list[dict[str, Any]]:
    sql = "SELECT sampling FROM completions JOIN prompts USING (prompt_id) WHERE source = 'chat' ORDER BY completion_id"
    return [json.loads(row["sampling"]) for row in store.rows(sql)]


def test_the_answer_says_that_it_was_picked_and_by_whom(page: Chat) -> None:
    view, history, *_ = ask(page, best_of=4)
    said = "The best of 4 by judge-&lt;b&gt;"
    assert "Because. (4)" in view
    assert said in view
    assert said in page.load(history, LOCAL)[0]  # after a reload too
    assert "The best of" not in ask(page)[0]


def test_while_the_answers_are_written_the_page_says_what_is_done(page: Chat) -> None:
    said = "the one that the reward model judge-&lt;b&gt; scores highest is shown, once all are there."
    assert said in page.meaning(4, PROMOTED, PROMOTED, False, LOCAL)
    assert "written by each model" in page.meaning(8, PROMOTED, PROMOTED, True, LOCAL)
    assert page.meaning(1, PROMOTED, PROMOTED, False, LOCAL) == ""
    end = threading.Event()
    waiting = chat_with_picker(page, Voices(end))
    shown = waiting.send("Why?", [], None, PROMOTED, PROMOTED, True, 4, LOCAL)
    next(shown)
    view, history, *_ = next(shown)
    assert "written by each model" in view
    assert history == []
    end.set()


def test_a_question_that_was_stopped_before_its_answer_can_be_sent_again(page: Chat) -> None:
    _, history, *_ = ask(page)
    view, box, _ = page.stop(history, None, "And how?", LOCAL)
    assert ("Because." in view, box["value"]) == (True, "And how?")
    _, box, _ = page.stop(history, None, "Why?", LOCAL)  # of which a part of the answer was kept
    assert "value" not in box


def test_a_thumb_on_the_best_of_several_is_stored_with_how_it_was_picked(store: Store, page: Chat) -> None:
    _, history, *_ = ask(page, best_of=4)
    press(store, page.answers, "local", {"answer": prompt_hash(history), "thumb": "up", "client_key": "1"})
    assert stored(store) == [PICKED]


def test_a_vote_between_two_is_stored_with_how_each_was_picked(store: Store, page: Chat) -> None:
    voices = Voices("So.", "Because.")
    view, _, pair, *_ = ask(chat_with_picker(page, voices), two=True, best_of=4)
    assert PICKED["reward_model"] not in view  # nothing that may tell the models apart before the vote
    view, *_ = page.vote(next(iter(VERDICTS)), pair, LOCAL)
    assert "A was the best of 4 of policy by judge-&lt;b&gt;, B was the best of 4 of policy" in view
    assert stored(store) == [PICKED, PICKED]


def test_programs_ask_for_the_best_of_several_and_rate_it(store: Store, page: Chat) -> None:
    programs = ChatEndpoints(store, page.actions, page.answers)
    assert programs.answer("Why?", LOCAL, best_of=16) == "Because. (16)"
    programs.rate("Why?", "Because. (16)", "up", "k1", LOCAL)
    programs.rate("Why?", "Because of what I say.", "down", "k2", LOCAL)
    assert stored(store) == [{**PICKED, "best_of": 16}, {}]


@pytest.mark.parametrize("best_of", [0, -1, 17, 2.5, "4", None, True])
def test_a_number_out_of_range_is_one_sentence(store: Store, page: Chat, best_of: Any) -> None:
    programs = ChatEndpoints(store, page.actions, page.answers)
    with pytest.raises(UserError, match=r"^The best is picked of a whole number of answers from 1 to 16, and not of "):
        programs.answer("Why?", LOCAL, best_of=best_of)
    view, history, _, box, _ = ask(page, best_of=best_of)
    assert "from 1 to 16" in view
    assert (history, box["value"]) == ([], "Why?")


def test_where_no_reward_model_can_pick_the_page_says_so_before_and_after_the_question(store: Store) -> None:
    def none(policy: Model) -> Model:
        raise UserError(f"No reward model reads {policy.name}: start a round.")

    plain = chat_with(store, Voices("Because."))
    page = replace(plain, actions=replace(plain.actions, picker=none))
    assert "No reward model reads policy" in page.meaning(4, PROMOTED, PROMOTED, False, LOCAL)
    view, history, _, box, _ = ask(page, best_of=4)
    assert "No reward model reads policy: start a round." in view
    assert (history, box["value"]) == ([], "Why?")
    assert "Because." in ask(page)[0]  # one answer needs no reward model


def chat_with_picker(page: Chat, voices: Voices) -> Chat:
    """The same page with other answers."""
    return replace(page, actions=replace(page.actions, inference=voices))
