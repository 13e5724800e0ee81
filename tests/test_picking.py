"""Which reward model picks the best of several answers in chat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alignment.picking import picker_in_chat, reads
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Model
from tests.conftest import add_pairs

TINY = {"<s>": 0, "a": 1, "b": 2}


def add_model(store: Store, name: str, kind: str, vocabulary: dict[str, int], fold: str = "train") -> Model:
    """A registered model of which there is only the tokenizer."""
    write_tokenizer(store.models / name, vocabulary)
    card = {"recipe": {"fold": fold}} if kind == "reward" else {}
    with store.write() as db:
        registry.register(db, name, kind, f"models/{name}", "test", card=card)
    return registry.by_name(store, name)


def write_tokenizer(folder: Path, vocabulary: dict[str, int]) -> Path:
    folder.mkdir(parents=True)
    model = {"type": "BPE", "vocab": vocabulary, "merges": []}
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "added_tokens": [], "model": model}))
    return folder


def test_the_newest_reward_model_of_the_same_vocabulary_picks(store: Store) -> None:
    policy = add_model(store, "policy", "policy", TINY)
    add_model(store, "older", "reward", TINY)
    add_model(store, "newer", "reward", {**TINY, "<pad>": 3})  # a token more, which the policy never writes
    add_model(store, "of-others", "reward", {**TINY, "b": 3, "c": 2})
    add_model(store, "judge", "reward", TINY, fold="judge")
    assert picker_in_chat(store, policy).name == "newer"
    stranger = add_model(store, "stranger", "policy", {"x": 0, "y": 1})
    with pytest.raises(UserError, match=r"^No reward model reads the vocabulary of stranger, .* start a round"):
        picker_in_chat(store, stranger)


def test_where_there_is_no_reward_model_one_sentence_says_what_to_do(store: Store) -> None:
    add_pairs(store, 1)
    sentence = "No reward model is there to pick the best of several answers: start a round, which trains one"
    with pytest.raises(UserError, match=sentence):
        picker_in_chat(store, registry.require_promoted(store))


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_tokenizer_that_cannot_be_read_has_no_vocabulary_in_common(tmp_path: Path, text: str | None) -> None:
    good, spoilt = write_tokenizer(tmp_path / "good", TINY), tmp_path / "spoilt"
    spoilt.mkdir()
    if text is not None:
        (spoilt / "tokenizer.json").write_text(text)
    assert reads(good, good)
    assert not reads(spoilt, spoilt)
    assert not reads(good, spoilt)
    assert not reads(spoilt, good)
