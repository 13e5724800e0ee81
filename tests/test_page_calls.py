"""A page's private functions answer a plain POST too, so each checks by itself who asks, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlite_utils.utils import sqlite3

from labeling.accounts import add_user, ensure_user
from labeling.ui.errors import sentence
from storage.database import Store
from tests.conftest import add_pairs, every_row
from tests.served import served
from tests.server_process import PageCalls

UNREADABLE = {"error": "What the page asks for cannot be read: reload it."}
DATA_CALLS = ("look", "look_at", "count", "curate", "add_prompt", "near_duplicates", "retire_others")
VOTE = {"showing_id": 1, "verdict": "tie", "strength": 0, "client_key": "key", "seconds": None}


@pytest.fixture
def call(store: Store) -> Iterator[PageCalls]:
    add_pairs(store, 2)
    with served(store) as address:
        yield PageCalls(address)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that the refusals share, as none of them may change it."""
    store = Store.open(tmp_path_factory.mktemp("unchanged") / "home")
    ensure_user(store, "local", "admin")
    add_pairs(store, 2)
    return store


@pytest.fixture(scope="module")
def refusing(unchanged: Store) -> Iterator[PageCalls]:
    with served(unchanged) as address:
        call = PageCalls(address)
        call("next_pairs", count=1, holding=[])
        yield call


@pytest.fixture
def refused(refusing: PageCalls, unchanged: Store) -> Iterator[PageCalls]:
    """Calls of a test that leave all rows as they were."""
    before = every_row(unchanged)
    yield refusing
    assert every_row(unchanged) == before


def test_a_labeler_ranks_but_does_not_look_through_the_votes(call: PageCalls, store: Store) -> None:
    add_user(store, "local", "labeler", "test")
    (pair, _) = call("next_pairs", count=2, holding=[])["pairs"]
    assert call("cast_vote", **{**VOTE, "showing_id": pair["showing_id"]})["vote"]["verdict"] == "tie"
    for name in DATA_CALLS:
        assert "this takes a researcher" in call(name)["error"]


@pytest.mark.parametrize("asked", [{}, {"count": "4", "holding": []}, {"count": 1, "holding": [[1]]}, {"count": 1}])
def test_a_question_that_makes_no_sense_is_refused_in_a_sentence(refused: PageCalls, asked: dict[str, Any]) -> None:
    assert refused("next_pairs", **asked) == UNREADABLE


@pytest.mark.parametrize("name", ["next_pairs", "cast_vote", "take_back", "rate", *DATA_CALLS])
@pytest.mark.parametrize("asked", [None, 5, "text", [1]])
def test_a_question_that_is_no_object_is_refused_in_a_sentence(refused: PageCalls, name: str, asked: Any) -> None:
    assert refused.ask(name, asked) == UNREADABLE


def test_a_question_on_which_the_server_stumbles_is_answered_and_never_asked_for_ever() -> None:
    @sentence
    def divide(asked: dict[str, Any]) -> dict[str, Any]:
        return {"half": asked["whole"] / 2}

    assert divide({"whole": 6}) == {"half": 3}
    assert divide({"whole": "text"}) == {"error": "The server failed on it (TypeError): its log says more."}


def test_a_busy_database_is_no_refusal_so_that_the_page_asks_again() -> None:
    @sentence
    def wait(_: dict[str, Any]) -> dict[str, Any]:
        raise sqlite3.OperationalError("database is locked")

    with pytest.raises(sqlite3.OperationalError):
        wait({})


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "users"},
        {"kind": []},
        {"filters": {"search": "\ud800"}},
        {"filters": {"labeler": None}},
        {"filters": {"client_key": "x"}},
        {"filters": {"prompt_id": "1"}},
        {"filters": []},
        {"before": -1},
        {"after": 2**70},
    ],
)
def test_a_search_that_makes_no_sense_is_refused_in_a_sentence(refused: PageCalls, changed: dict[str, Any]) -> None:
    everything = {"kind": "votes", "filters": {}, "before": None, "after": None}
    assert refused("look", **{**everything, **changed}) == UNREADABLE


@pytest.mark.parametrize(
    ("deed", "asked", "sentence"),
    [
        ("curate", {"deed": "delete", "word": "", "prompt_ids": [1]}, UNREADABLE["error"]),
        ("curate", {"deed": "retire", "word": None, "prompt_ids": [1]}, UNREADABLE["error"]),
        ("curate", {"deed": "retire", "word": "", "prompt_ids": ["1"]}, UNREADABLE["error"]),
        ("curate", {"deed": "retire", "word": "", "prompt_ids": [2**70]}, UNREADABLE["error"]),
        ("curate", {"deed": "retire", "word": "", "prompt_ids": [77]}, "There is no prompt 77"),
        ("curate", {"deed": "retire", "word": "", "filters": {"tag": "none"}}, "No prompt is named"),
        ("curate", {"deed": "tag", "word": " ", "prompt_ids": [1]}, "A tag is 1 to 80"),
        ("add_prompt", {"messages": "Hi"}, UNREADABLE["error"]),
        ("add_prompt", {"messages": []}, "A prompt has 1 to 100 turns"),
        ("add_prompt", {"messages": [{"role": "user", "content": " "}]}, "Turn 1 of the prompt says nothing"),
        ("add_prompt", {"messages": [{"role": "user", "content": ["Hi"]}]}, "A prompt is a text, or turns"),
        ("add_prompt", {"messages": [{"role": "assistant", "content": "Hi"}]}, "the last one the user's"),
        ("add_prompt", {"messages": [{"role": "user", "content": "Hi"}] * 2}, "user and assistant take turns"),
        ("look_at", {"prompt_id": "1"}, "There is no prompt '1'"),
        ("look_at", {"prompt_id": 2**70}, "There is no prompt"),
        ("retire_others", {"prompt_id": 1}, "has no near-duplicate"),
        ("retire_others", {"prompt_id": None}, UNREADABLE["error"]),
    ],
)
def test_a_deed_that_makes_no_sense_is_refused_in_a_sentence(
    refused: PageCalls, deed: str, asked: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(deed, **asked)["error"]


def test_a_page_learns_which_of_its_pairs_are_of_another_home(call: PageCalls) -> None:
    (pair,) = call("next_pairs", count=1, holding=[])["pairs"]
    assert call("next_pairs", count=1, holding=[pair["showing_id"], 77])["unknown"] == [77]


def test_what_was_done_for_another_labeler_is_left_to_them(call: PageCalls, store: Store) -> None:
    (pair,) = call("next_pairs", count=1, holding=[])["pairs"]
    vote = {**VOTE, "showing_id": pair["showing_id"]}
    assert call("cast_vote", **vote, labeler="mara") == {"labeler": "local"}
    assert call("take_back", client_key="undo", showing_id=None, labeler="mara") == {"labeler": "local"}
    assert store.rows("SELECT * FROM preferences") == []
    assert call("cast_vote", **vote, labeler="local")["vote"]["verdict"] == "tie"


def test_an_undo_comes_with_the_progress_that_it_leaves(call: PageCalls) -> None:
    (pair,) = call("next_pairs", count=1, holding=[])["pairs"]
    call("cast_vote", **{**VOTE, "showing_id": pair["showing_id"]})
    taken_back = call("take_back", client_key="undo", showing_id=None)
    assert (taken_back["pair"], taken_back["progress"]["votes"]) == (pair, 0)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"showing_id": [1]}, "A showing is named by its whole number"),
        ({"showing_id": 2**70}, "A showing is named by its whole number"),
        ({"showing_id": 77}, "was not served to local"),
        ({"verdict": {}}, "is not a verdict"),
        ({"strength": "4"}, "The strength of tie is 0"),
        ({"client_key": None}, "A vote carries a client_key"),
        ({"client_key": "a\0b"}, "A vote carries a client_key"),
        ({"client_key": "\ud800"}, "A vote carries a client_key"),
        ({"seconds": "fast"}, "The seconds of a vote"),
    ],
)
def test_a_vote_that_makes_no_sense_is_refused_in_a_sentence(
    refused: PageCalls, changed: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused("cast_vote", **{**VOTE, **changed})["error"]
