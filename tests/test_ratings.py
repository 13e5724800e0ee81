"""Thumbs on single answers: kept as they were given, the newest of a person on an answer standing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils.utils import sqlite3

from labeling.accounts import add_user
from labeling.rating import rate, standing_thumb
from storage import ratings, registry
from storage.database import Store
from storage.errors import UserError
from storage.frozen import is_whole, path_of
from storage.prompts import NewPrompt, add_prompts, prompt_hash
from storage.records import Message
from tests.conftest import add_pairs
from tests.older_homes import older_home

QUESTION: list[Message] = [{"role": "user", "content": "Why is the sea salty?"}]


def asked(content: str) -> list[Message]:
    return [{"role": "user", "content": content}]


@pytest.fixture
def chatted(store: Store) -> Store:
    """A store with the policy that answers."""
    add_pairs(store, 0)
    add_user(store, "mara", "labeler", "test")
    return store


def give(store: Store, thumb: Any, key: str, text: str = "Rivers.", labeler: str = "local", **other: Any) -> Any:
    return rate(store, labeler, other.get("messages", QUESTION), 1, text, thumb, key, other.get("sampling"))


def stand(store: Store) -> list[tuple[str, str, str]]:
    return [(row["labeler"], row["completion"], row["thumb"]) for row in ratings.rows(store)]


def test_the_newest_of_a_person_on_an_answer_stands(chatted: Store) -> None:
    give(chatted, "up", "1")
    give(chatted, "down", "2", labeler="mara")
    give(chatted, "down", "3", text="Tears.")
    assert stand(chatted) == [("local", "Rivers.", "up"), ("mara", "Rivers.", "down"), ("local", "Tears.", "down")]
    give(chatted, "down", "4")
    give(chatted, "withdrawn", "5", text="Tears.")
    assert stand(chatted) == [("mara", "Rivers.", "down"), ("local", "Rivers.", "down")]
    assert standing_thumb(chatted, "local", QUESTION, 1, "Rivers.") == "down"
    assert standing_thumb(chatted, "local", QUESTION, 1, "Tears.") is None
    give(chatted, "up", "6", text="Tears.")
    assert stand(chatted)[-1] == ("local", "Tears.", "up")


def test_a_retry_is_the_same_rating_even_after_another_one(chatted: Store) -> None:
    first = give(chatted, "up", "1")
    again = give(chatted, "up", "1")
    assert (again.rating_id, again.duplicate, first.duplicate) == (first.rating_id, True, False)
    give(chatted, "withdrawn", "2")
    assert give(chatted, "up", "1") == again
    assert stand(chatted) == []
    assert give(chatted, "withdrawn", "2").duplicate


def test_the_thumb_that_stands_given_again_adds_nothing(chatted: Store) -> None:
    first = give(chatted, "up", "1")
    assert give(chatted, "up", "2").rating_id == first.rating_id
    assert len(chatted.rows("SELECT * FROM ratings")) == 1


def test_the_answer_is_kept_once_with_its_model_and_how_it_was_drawn(chatted: Store) -> None:
    give(chatted, "up", "1", sampling={"temperature": 0.7})
    give(chatted, "down", "2", labeler="mara", sampling={"temperature": 0.7})
    (kept,) = chatted.rows(
        "SELECT text, model_id, sampling, ended, source FROM completions JOIN prompts USING (prompt_id)"
    )
    assert kept == {
        "text": "Rivers.",
        "model_id": 1,
        "sampling": '{"temperature": 0.7}',
        "ended": None,
        "source": "chat",
    }


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"thumb": "sideways"}, "'sideways' is no thumb"),
        ({"thumb": ["up"]}, "is no thumb"),
        ({"thumb": "withdrawn"}, "local has no thumb on this answer to take back"),
        ({"key": ""}, "A thumb carries a client_key"),
        ({"key": None}, "A thumb carries a client_key"),
        ({"text": " "}, "empty, so there is nothing to rate"),
        ({"text": "a\0b"}, "cannot be rated, for the completion has a NUL character"),
        ({"text": 5}, "cannot be rated, for the completion is no text"),
        ({"messages": []}, "the prompt does not end in a user's turn"),
        ({"messages": [*QUESTION, {"role": "assistant", "content": "So."}]}, "does not end in a user's turn"),
    ],
)
def test_what_is_no_thumb_on_an_answer_is_refused_and_leaves_nothing(
    chatted: Store, wrong: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        give(chatted, **{"thumb": "up", "key": "1", **wrong})
    for table in ("ratings", "completions", "prompts"):
        assert chatted.rows(f"SELECT * FROM {table}") == []


def test_none_is_learned_from_what_is_nearly_a_held_out_prompt(chatted: Store) -> None:
    text = "Tell me in a few plain words why the water of the sea is so salty today"
    add_prompts(chatted, [NewPrompt(tuple(asked(text + ".")), "test", "heldout")])
    near = give(chatted, "up", "1", messages=asked(text + "?"))
    far = give(chatted, "down", "2")
    assert ratings.is_held_out(chatted, near.completion_id)
    assert not ratings.is_held_out(chatted, far.completion_id)
    assert [row["completion_id"] for row in ratings.to_learn_from(chatted)] == [far.completion_id]
    assert ratings.tally(chatted).total() == 1


def test_they_are_counted_by_thumb_and_by_the_fold_of_the_prompt(chatted: Store) -> None:
    expected: dict[tuple[str, str], int] = {}
    for number in range(12):
        thumb = "up" if number % 2 else "down"
        question = asked(f"What is {number} times {number}?")
        give(chatted, thumb, "1", messages=question)
        fold = "judge" if int(prompt_hash(question)[:8], 16) < 2**32 / 3 else "train"
        expected[thumb, fold] = expected.get((thumb, fold), 0) + 1
    assert ratings.tally(chatted) == expected
    assert len(expected) == 4


def test_frozen_they_are_named_by_their_content(chatted: Store) -> None:
    assert ratings.freeze(chatted) is None
    give(chatted, "up", "1", text="Flüsse – 川")
    sha256 = ratings.freeze(chatted)
    assert sha256 is not None
    path = path_of(chatted, "ratings", sha256)
    (row,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert (row["prompt"], row["completion"], row["thumb"]) == (QUESTION, "Flüsse – 川", "up")
    assert (row["labeler"], row["model"], row["fold"], row["ended"]) == ("local", "policy", "judge", None)
    path.write_text("damaged")
    assert not is_whole(path, sha256)
    assert ratings.freeze(chatted) == sha256
    assert is_whole(path, sha256)
    give(chatted, "down", "2", text="Flüsse – 川")
    assert ratings.freeze(chatted) != sha256


def test_a_row_is_never_changed(chatted: Store) -> None:
    give(chatted, "up", "1")
    for change in ("UPDATE ratings SET thumb = 'down'", "DELETE FROM ratings"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), chatted.write() as db:
            db.execute(change)
    with pytest.raises(sqlite3.IntegrityError), chatted.write() as db:
        ratings.insert_rating(db, 999, "local", "up", "k")


def test_a_home_from_before_thumbs_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "000[1-9]_*.sql", monkeypatch)
    with old.write() as db:
        db.execute("INSERT INTO users VALUES ('local', 'admin', '2026')")  # as it was written then
        registry.insert_promotion(db, registry.register(db, "policy", "policy", "models/policy", "test"), "test")
    monkeypatch.undo()
    new = Store.open(tmp_path / "home")
    give(new, "up", "1")
    assert stand(new) == [("local", "Rivers.", "up")]
    assert registry.require_promoted(new).name == "policy"
