"""Rounds without somebody's votes: who can be named, and that nothing of theirs is learned from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alignment import rounds
from alignment.plans import plan
from alignment.round_commands import round_command
from labeling import session
from labeling.accounts import ensure_user
from labeling.rating import rate
from storage import jobs, ratings, registry, snapshots
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.lineage_words import left_out
from storage.records import Message
from tests.conftest import add_pairs
from tests.test_reports import STALE, add_reward_model
from tests.test_rounds import add_heldout, refusal

ASKED: list[Message] = [{"role": "user", "content": "Question?"}]


def vote_on_half(store: Store, name: str) -> None:
    """Votes of this person on 40 pairs, left and right by turns, and a thumb."""
    ensure_user(store, name, "labeler")
    for number, showing in enumerate(session.serve(store, name, 40)):
        session.vote(store, name, showing.showing_id, ("left", "right")[number % 2], 3, f"{name}-{number}")
    rate(store, name, ASKED, 1, f"An answer for {name}", "up", "key")


@pytest.fixture
def voted(store: Store) -> Store:
    """A home where mia and tom have voted on 40 pairs each."""
    add_pairs(store, 80)
    add_heldout(store, 8)
    for name in ("mia", "tom"):
        vote_on_half(store, name)
    return store


def test_the_snapshot_is_the_one_that_there_would_be_had_they_not_voted(store: Store) -> None:
    add_pairs(store, 80)
    add_heldout(store, 8)
    vote_on_half(store, "mia")
    votes, thumbs = snapshots.take(store), ratings.freeze(store)
    vote_on_half(store, "tom")
    assert snapshots.take(store).rows == 2 * votes.rows
    assert snapshots.take(store, ["tom"]) == votes
    assert ratings.freeze(store, ["tom"]) == thumbs != ratings.freeze(store)
    assert ratings.tally(store, ["tom", "mia"]).total() == 0


def test_a_round_without_a_labeler_keeps_the_name_and_learns_from_the_others(voted: Store) -> None:
    round_id = rounds.start(voted, "kto", {"exclude_labelers": ["tom"]}, "local")
    this = round_rows.get(voted, round_id)
    assert this.recipe["exclude_labelers"] == ["tom"]
    assert this.snapshot_id == snapshots.take(voted, ["tom"]).snapshot_id
    assert this.ratings_sha256 == ratings.freeze(voted, ["tom"])
    assert {row["labeler"] for row in snapshots.current_rows(voted, ["tom"])} == {"mia"}


def test_some_of_the_votes_make_no_report_on_the_last_reward_model(voted: Store) -> None:
    add_reward_model(voted, "round-0-reward", "train", **STALE)
    rounds.cancel(voted, rounds.start(voted, "dpo", {"exclude_labelers": ["tom"]}, "local"), "local")
    assert jobs.newest(voted, "score") is None
    rounds.start(voted, "dpo", {}, "local")
    assert jobs.newest(voted, "score") is not None


def test_it_is_said_of_whom_the_start_had_learned_before(voted: Store) -> None:
    card = {"kind": "dpo", "inputs": {"preferences.parquet": {"snapshot": snapshots.take(voted, ["mia"]).sha256}}}
    with voted.write() as db:
        model_id = registry.register(db, "round-0", "policy", "models/round-0", "test", card=card)
    before = round_rows.get(voted, rounds.start(voted, "dpo", {"exclude_labelers": ["mia"]}, "local"))
    assert left_out(voted, before) == "It learns as if mia had not voted."
    rounds.cancel(voted, before.round_id, "local")
    with voted.write() as db:
        registry.insert_promotion(db, model_id, "test")
    after = round_rows.get(voted, rounds.start(voted, "dpo", {"exclude_labelers": ["tom"]}, "local"))
    assert left_out(voted, after) == (
        "It learns as if tom had not voted. round-0, which it starts from, had learned from tom before."
    )


def test_a_name_that_nobody_voted_under_is_refused_with_the_nearest(voted: Store) -> None:
    said = "There is no vote and no thumb of 'mya' to leave out. Did you mean 'mia'?"
    assert refusal(voted, exclude_labelers=["tom", "mya"]) == said
    with pytest.raises(UserError, match="Did you mean 'mia'"):
        plan(voted, {"exclude_labelers": ["mya"]})


def test_too_few_votes_of_the_others_are_refused(voted: Store) -> None:
    assert "there are 0 (0 more" in refusal(voted, exclude_labelers=["mia", "tom"])


def test_the_command_adds_to_those_that_a_recipe_leaves_out(
    voted: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("exclude_labelers: [mia]")
    round_command(recipe=recipe, exclude=["tom"], dry_run=True, home=voted.home, as_json=True)
    assert json.loads(capsys.readouterr().out)["recipe"]["exclude_labelers"] == ["mia", "tom"]
