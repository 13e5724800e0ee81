"""The commands about quality: what they answer on a home with votes, and without."""

from __future__ import annotations

import json

import pytest

from labeling import session
from labeling.quality_commands import adjudicate_command, ladder_command, quality_command
from storage import labels
from storage.database import Store
from storage.records import NewCompletion
from tests.conftest import add_pairs
from tests.test_adjudications import vote
from tests.test_registry import register


def test_quality_says_what_it_knows(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (pair_id, _) = add_pairs(store, 2)
    session.vote(store, "local", session.serve(store, "local", 2)[0].showing_id, "left", 2, "key")
    quality_command(store.home)
    said = capsys.readouterr().out
    assert "Nothing can be said of how far labelers agree" in said
    assert "100% (21 to 100) are for the left one" in said
    adjudicate_command(pair_id, "both_bad", "neither answers", home=store.home)
    assert f"Pair {pair_id} is ruled both_bad" in capsys.readouterr().out
    quality_command(store.home, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["votes"], found["enough"], found["labelers"][0]["name"]) == (1, False, "local")


def test_the_ladder_has_the_model_that_wins_on_top(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    ladder_command(store.home)
    assert capsys.readouterr().out == "No two models have met in a vote yet.\n"
    battle(store, wins=6, losses=2)
    ladder_command(store.home, as_json=True)
    rungs = json.loads(capsys.readouterr().out)["rungs"]
    assert [rung["model"] for rung in rungs] == ["new", "policy"]
    # Bradley and Terry: odds of 3 to 1 are 400 log10(3) points, half of it on either side of 1000
    assert rungs[0]["rating"]["value"] == pytest.approx(1000 + 95.4, abs=0.2)
    assert rungs[0]["rating"]["low"] < 1095 < rungs[0]["rating"]["high"]


def battle(store: Store, wins: int, losses: int, tag: str = "") -> tuple[int, int]:
    """A vote on each of so many prompts, of the model `new` against the promoted one, for which sides change."""
    add_pairs(store, wins + losses, "heldout", tag)
    register(store, f"new{tag}")
    ids = {row["name"]: row["model_id"] for row in store.rows("SELECT name, model_id FROM models")}
    new, old = ids[f"new{tag}"], ids[f"policy{tag}"]
    for number, row in enumerate(store.rows("SELECT * FROM pairs WHERE model_id = ?", [old])):
        first = number % 2 == 0
        models = (new, old) if first else (old, new)
        with store.write() as db:
            texts = [NewCompletion(row["prompt_id"], f"of {model}, {number}", model) for model in models]
            a, b = labels.insert_completions(db, texts)
            pair_id = labels.insert_pair(db, row["prompt_id"], a, b, "battle")
        vote(store, pair_id, "local", "a" if (number < wins) == first else "b")
    return new, old
