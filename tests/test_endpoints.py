"""The endpoints for programs, called with `gradio_client` as a program would call them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from storage import demonstrations, labels, ratings, registry
from storage.database import Store
from tests.conftest import add_pairs
from tests.served import served
from tests.test_ranking import add_sets
from tests.test_rounds import add_heldout, add_votes


@pytest.fixture
def client(store: Store) -> Iterator[Client]:
    add_pairs(store, 4)
    with served(store) as address:
        yield Client(address, verbose=False, ssl_verify=False)  # there is none, and its setup takes longer than a call


def vote(client: Client, showing_id: Any, **changed: Any) -> Any:
    given = {"verdict": "left", "strength": 3, "client_key": "k1", **changed}
    return client.predict(showing_id=showing_id, **given, api_name="/vote")


def refusal(client: Client, api_name: str, **given: Any) -> str:
    """The one sentence of a refusal."""
    with pytest.raises(AppError) as refused:
        client.predict(api_name=api_name, **given)
    sentence = str(refused.value)
    assert "Traceback" not in sentence
    assert "\n" not in sentence
    return sentence


def test_the_next_pair_is_judged_and_another_comes(client: Client, store: Store) -> None:
    pair = client.predict(api_name="/next_pair")
    assert pair["prompt"][0]["role"] == "user"
    number = pair["prompt"][0]["content"].removeprefix("Question ").rstrip("?")
    assert {pair["left"], pair["right"]} == {f"first answer {number}", f"second answer {number}"}
    voted = vote(client, pair["showing_id"])
    assert (voted["verdict"], voted["strength"], voted["duplicate"]) == ("left", 3, False)
    kept = store.rows("SELECT verdict, strength FROM preferences")
    assert kept == [{"verdict": "a" if pair["left"].startswith("first") else "b", "strength": 3}]
    assert client.predict(api_name="/next_pair")["pair_id"] != pair["pair_id"]


def test_a_retry_with_the_same_key_is_one_vote(client: Client, store: Store) -> None:
    pair = client.predict(api_name="/next_pair")
    first, again = vote(client, pair["showing_id"]), vote(client, pair["showing_id"])
    assert again == {**first, "duplicate": True}
    assert labels.counts(store)["all"] == 1


def test_a_vote_may_be_amended_and_undone(client: Client, store: Store) -> None:
    showing_id = client.predict(api_name="/next_pair")["showing_id"]
    vote(client, showing_id)
    vote(client, showing_id, verdict="tie", strength=0, client_key="k2", amend=True)
    assert labels.counts(store) == {"a": 0, "b": 0, "tie": 1, "both_bad": 0, "all": 1}
    assert client.predict("k3", api_name="/undo")["showing_id"] == showing_id
    assert labels.counts(store)["all"] == 0
    assert client.predict("k4", api_name="/undo") is None


def test_what_is_no_vote_is_refused_in_one_sentence(client: Client, store: Store) -> None:
    good = {"showing_id": client.predict(api_name="/next_pair")["showing_id"], "strength": 1, "client_key": "k"}
    assert refusal(client, "/vote", verdict="worse", **good) == (
        "'worse' is not a verdict: take left, right, tie, both_bad or skip."
    )
    assert refusal(client, "/vote", verdict="left", **{**good, "strength": 9}) == (
        "The strength of left is 1 to 4, not 9."
    )
    assert "client_key" in refusal(client, "/vote", verdict="left", **{**good, "client_key": ""})
    assert "12345" in refusal(client, "/vote", verdict="left", **{**good, "showing_id": 12345})
    assert refusal(client, "/vote", verdict="left", **{**good, "showing_id": "one"}) == (
        "A showing is named by its whole number, not by 'one'."
    )
    assert store.rows("SELECT * FROM preferences") == []


def test_a_round_on_too_few_labels_is_refused_with_the_number_that_is_missing(client: Client, store: Store) -> None:
    add_votes(store, 20)
    assert refusal(client, "/start_round") == (
        "A round needs 24 votes for one side, and there are 20 (0 more are ties or both bad): 4 are missing."
    )


def test_a_round_is_started_and_followed(client: Client, store: Store) -> None:
    add_votes(store, 60)
    add_heldout(store, 8)
    started = client.predict(settings={"dpo": {"beta": 0.2}}, api_name="/start_round")
    status = client.predict(**started, api_name="/round_status")
    assert (status["status"], status["method"], status["model"]) == ("running", "dpo", None)
    assert [(job["stage"], job["status"]) for job in status["jobs"]] == [("reward", "queued")]


def test_an_unknown_round_and_a_wrong_setting_are_named(client: Client) -> None:
    assert "77" in refusal(client, "/round_status", round_id=77)
    assert "'dpo.beta'" in refusal(client, "/start_round", settings={"dpo": {"betta": 1}})
    assert "are an object" in refusal(client, "/start_round", settings=["dpo"])


def test_a_program_writes_what_it_would_have_answered(client: Client, store: Store) -> None:
    pair = client.predict(api_name="/next_pair")
    given = {"showing_id": pair["showing_id"], "text": "My own", "api_name": "/demonstrate"}
    assert client.predict(**given) == {"demonstration_id": 1}
    assert demonstrations.rows(store)[0]["messages"] == [*pair["prompt"], {"role": "assistant", "content": "My own"}]
    assert "was not served to local" in refusal(client, "/demonstrate", showing_id=12345, text="My own")
    assert "is text, and not 7" in refusal(client, "/demonstrate", showing_id=pair["showing_id"], text=7)
    edited = client.predict(showing_id=pair["showing_id"], text="My better one", client_key="edit", api_name="/edit")
    assert (edited["vote"]["verdict"], edited["vote"]["duplicate"]) == ("skip", False)
    assert "is empty" in refusal(client, "/edit", showing_id=pair["showing_id"], text=" ", client_key="more")


def test_a_program_puts_answers_in_order_and_takes_it_back(client: Client, store: Store) -> None:
    assert client.predict(api_name="/next_set") is None
    add_sets(store, 1)
    shown = client.predict(api_name="/next_set")
    given = {"showing_id": shown["showing_id"], "ranks": [2, 1, 1, 3], "client_key": "one", "api_name": "/rank"}
    first = client.predict(**given)
    assert (first["ranks"], first["duplicate"]) == ([2, 1, 1, 3], False)
    assert client.predict(**given) == {**first, "duplicate": True}
    assert client.predict(client_key="two", api_name="/undo") == shown
    assert "leaves none out" in refusal(
        client, "/rank", showing_id=shown["showing_id"], ranks=[1, 2, 5, 3], client_key="k"
    )


def test_a_program_gives_an_answer_a_thumb_and_takes_it_back(client: Client, store: Store) -> None:
    given = {"message": "Why?", "answer": "Because.", "history": [{"role": "system", "content": "Be brief."}]}

    def rate(thumb: str, client_key: str, **other: Any) -> Any:
        return client.predict(**{**given, **other}, thumb=thumb, client_key=client_key, api_name="/rate")

    first = rate("up", "k1")
    assert (first["thumb"], first["duplicate"]) == ("up", False)
    assert rate("up", "k1") == {**first, "duplicate": True}
    rate("down", "k2", model=registry.require_promoted(store).name)
    (row,) = ratings.rows(store)
    assert (row["completion"], row["thumb"], row["model"]) == ("Because.", "down", "policy")
    assert [turn["content"] for turn in row["prompt"]] == ["Be brief.", "Why?"]
    rate("withdrawn", "k3")
    assert list(ratings.rows(store)) == []


def test_what_is_no_thumb_is_refused_in_one_sentence(client: Client, store: Store) -> None:
    good = {"message": "Why?", "answer": "Because.", "thumb": "up", "client_key": "k"}
    for wrong, sentence in (
        ({"thumb": "sideways"}, "'sideways' is no thumb: take up, down, or withdrawn to take it back."),
        ({"thumb": "withdrawn"}, "local has no thumb on this answer to take back."),
        ({"answer": 5}, "The message, the answer and the name of the model are texts."),
        ({"model": "nobody"}, "There is no model named 'nobody'"),
        ({"client_key": ""}, "A thumb carries a client_key"),
    ):
        assert refusal(client, "/rate", **{**good, **wrong}).startswith(sentence)
    assert list(ratings.rows(store)) == []
