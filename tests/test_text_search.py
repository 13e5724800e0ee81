"""What is typed into a search box: words, never syntax; and the indexes follow their tables."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling import session
from storage import browse, demonstrations
from storage.browse import DemonstrationListFilters, PairListFilters, PromptListFilters, VoteListFilters, paging
from storage.browse.text_search import match_of
from storage.database import Store
from storage.errors import UserError
from storage.prompts import NewPrompt, add_prompts
from storage.records import Details
from tests.conftest import add_pairs
from tests.older_homes import older_home


def prompts_with(store: Store, text: str) -> list[int]:
    return [prompt.prompt_id for prompt in browse.prompts(store, PromptListFilters(search=text)).rows]


@pytest.mark.parametrize(
    ("typed", "match"),
    [
        ("", ""),
        ("  ", ""),
        ("%", '""'),
        ("blue sky", '"blue" AND "sky"*'),
        ("blue sky ", '"blue" AND "sky"'),
        ('"blue sky" why', '"blue sky" AND "why"*'),
        ("sky OR NEAR(", '"sky" AND "OR" AND "NEAR("*'),
        ('unclosed "quote', '"unclosed" AND "quote"*'),
        ("is", '"is"'),
    ],
)
def test_what_is_typed_becomes_words_to_find(typed: str, match: str) -> None:
    assert match_of(typed) == match


@given(st.text())
def test_nothing_typed_is_a_mistake(typed: str) -> None:
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE t USING fts5 (text)")
    match = match_of(typed.encode("utf-8", "replace").decode())
    if match:
        index.execute("SELECT rowid FROM t WHERE t MATCH ?", [match]).fetchall()


def test_words_are_found_in_any_order_and_case_without_their_accents_and_by_their_beginning(store: Store) -> None:
    conversation = [("user", "Où est le CAFÉ bleu?"), ("assistant", "Ici."), ("user", "Merci beaucoup")]
    turns = tuple({"role": role, "content": text} for role, text in conversation)
    add_prompts(store, [NewPrompt(turns, "test", "train")])  # type: ignore[arg-type]
    for found in ("bleu cafe", "cafe", "beauc", '"cafe bleu"', "merci ici", "où"):
        assert prompts_with(store, found) == [1], found
    for missing in ('"bleu cafe"', "bea ", "assistant", "user", "café vert"):
        assert prompts_with(store, missing) == [], missing


def test_each_list_looks_into_all_the_texts_of_its_rows(store: Store) -> None:
    add_pairs(store, 3)
    (pair,) = session.serve(store, "local")
    session.vote(store, "local", pair.showing_id, "tie", 0, "key", details=Details(comment="A Zebra, really"))
    demonstrations.write(store, "local", pair.showing_id, "Write about the giraffe.")
    assert len(browse.votes(store, VoteListFilters(search="zebra")).rows) == 1
    assert len(browse.demonstrations(store, DemonstrationListFilters(search="giraffe")).rows) == 1
    assert len(browse.pairs(store, PairListFilters(search='"second answer 2"')).rows) == 1
    assert len(browse.pairs(store, PairListFilters(search="question 1")).rows) == 1
    assert browse.pairs(store, PairListFilters(search="zebra")).rows == []


def test_a_common_word_is_found_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many matches are not looked up one by one."""
    add_pairs(store, 5)
    for pair in session.serve(store, "local", 5):
        session.vote(store, "local", pair.showing_id, "tie", 0, f"key-{pair.showing_id}")
    monkeypatch.setattr("storage.browse.text_search.FEW", 2)
    assert len(browse.votes(store, VoteListFilters(search="answer")).rows) == 5
    assert len(browse.pairs(store, PairListFilters(search="question")).rows) == 5
    assert prompts_with(store, "question") == [5, 4, 3, 2, 1]


def test_what_was_there_before_the_indexes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = older_home(tmp_path, "000*.sql", monkeypatch)
    with old.write() as db:
        values = [json.dumps([{"role": "user", "content": "Where is the lighthouse?"}]), "0" * 64]
        db.execute(
            "INSERT INTO prompts (messages, sha256, split, source, created_at) VALUES (?, ?, 'train', 'test', '')",
            values,
        )
    monkeypatch.undo()
    assert prompts_with(Store.open(tmp_path / "home"), "lighthouse") == [1]


def test_a_question_that_takes_too_long_is_ended_with_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "STEPS", 1)
    with pytest.raises(UserError, match="Too few rows fit"), paging.patience(store, seconds=0):
        store.rows("SELECT * FROM sqlite_master")
    assert store.rows("SELECT 1 AS one") == [{"one": 1}]
