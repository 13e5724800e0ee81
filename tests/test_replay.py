"""Replays: what they refuse, that they read what the round itself made anew, and that a difference is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignment import rounds
from alignment.materialise import directory_of
from alignment.publish import publish
from alignment.round_commands import round_command
from storage import jobs, registry, snapshots
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.weights import settings_sha256, weights_sha256
from tests.test_rounds import add_heldout, add_votes

VERDICT = {"win_rate": 0.7, "low": 0.6, "high": 0.8, "prompts": 64}


def work(store: Store, weights: bytes = b"w", result: dict[str, Any] | None = None) -> jobs.Job:
    """Close the waiting job with these weights and figures."""
    job = jobs.claim(store, "w")
    assert job is not None
    directory = directory_of(store, job.job_id)
    (directory / "model").mkdir(parents=True)
    (directory / "model" / "model.safetensors").write_bytes(weights)
    publish(store, job, directory, VERDICT if job.kind == "evaluate" else result or {})
    return job


@pytest.fixture
def done(store: Store) -> Store:
    """A home with round 1, by PPO, at its end; it began from a policy named mine."""
    add_votes(store, 60)
    add_heldout(store, 8)
    mine = store.home / "models" / "mine"
    mine.mkdir(parents=True)
    (mine / "model.safetensors").write_bytes(b"mine")
    with store.write() as db:
        card = {"weights_sha256": weights_sha256(mine)}
        model_id = registry.register(db, "mine", "policy", "models/mine", "test", card=card)
        registry.insert_promotion(db, model_id, "test")
    rounds.start(store, "ppo", {"seed": 3}, "local")
    for _ in range(4):
        work(store, result={"accuracy": 0.8, "seconds": 1.0})
    return store


def test_a_replay_has_the_same_recipe_on_what_it_made_itself(done: Store) -> None:
    rounds.start_replay(done, 1, "local")
    again = [work(done, result={"accuracy": 0.8, "seconds": 9.0}) for _ in range(4)]
    first = jobs.of_round(done, 1)
    assert [job.spec["files"] for job in again] == [job.spec["files"] for job in first]
    reward, judge, policy, evaluation = (job.spec["recipe"] for job in again)
    assert (reward, judge) == (first[0].spec["recipe"], first[1].spec["recipe"])
    assert policy == {**first[2].spec["recipe"], "reward_model": {"job_id": again[0].job_id}}
    assert evaluation["policy"] == {"job_id": again[2].job_id}
    assert evaluation["judge"]["reward"] == {"job_id": again[1].job_id}
    assert evaluation["against"] == first[3].spec["recipe"]["against"]
    assert evaluation["run_snapshots"] == {"snapshots_of": again[2].job_id}
    assert round_rows.get(done, 2).status == "done"
    assert round_rows.stages_as_replayed(done, round_rows.get(done, 2)) == dict.fromkeys(
        ("reward", "judge", "policy", "evaluation"), True
    )


def test_other_weights_are_told(done: Store) -> None:
    rounds.start_replay(done, 1, "local")
    work(done)
    work(done, b"W")
    this = round_rows.get(done, 2)
    assert round_rows.stages_as_replayed(done, this) == {"reward": True, "judge": False}
    assert "Not the same as round 1: judge." in round_rows.replayed(done, this)


def test_a_batch_that_was_cut_down_for_want_of_memory_stays_so(done: Store) -> None:
    smaller = {"batch_size": 1, "accumulation": 16}
    with done.write() as db:
        db.execute("UPDATE jobs SET shrunk = json(?) WHERE stage = 'judge'", ['{"batch_size": 1, "accumulation": 16}'])
    rounds.start_replay(done, 1, "local")
    assert work(done).spec["recipe"]["batch_size"] != 1
    assert smaller.items() <= work(done).spec["recipe"].items()


def test_a_replay_takes_as_many_threads_and_says_what_is_otherwise(done: Store) -> None:
    with done.write() as db:
        had = '{"machine": {"threads": 3, "torch": "2.0"}}'
        db.execute("UPDATE jobs SET result = json(?) WHERE stage = 'reward'", [had])
    rounds.start_replay(done, 1, "local")
    again = work(done, b"W", {"machine": {"threads": 3, "torch": "2.1"}})
    assert again.spec["recipe"]["threads"] == 3
    said = round_rows.replayed(done, round_rows.get(done, 2))
    assert said == "Not the same as round 1: reward. What may be why: torch was 2.0 and is 2.1."


def refused(store: Store, round_id: int) -> str:
    before = store.rows("SELECT count(*) AS n FROM rounds"), store.rows("SELECT count(*) AS n FROM jobs")
    with pytest.raises(UserError) as refusal:
        rounds.start_replay(store, round_id, "local")
    assert before == (store.rows("SELECT count(*) AS n FROM rounds"), store.rows("SELECT count(*) AS n FROM jobs"))
    return str(refusal.value)


def test_a_round_whose_inputs_are_not_as_they_were_is_not_replayed(done: Store) -> None:
    snapshot = Path(snapshots.get(done, 1).path)
    kept = snapshot.read_bytes()
    snapshot.write_bytes(b"")
    assert "preferences.parquet of its reward is not what it was" in refused(done, 1)
    snapshot.write_bytes(kept)
    (done.home / "models" / "mine" / "model.safetensors").write_bytes(b"other")
    assert "the weights of mine are not those that it had" in refused(done, 1)


def test_a_round_whose_start_has_another_tokenizer_is_not_replayed(done: Store) -> None:
    mine = done.home / "models" / "mine"
    with done.write() as db:
        had = json.dumps({"read": {"policy": settings_sha256(mine)}})
        db.execute("UPDATE jobs SET result = json(?) WHERE stage = 'reward'", [had])
    (mine / "tokenizer.json").write_text("{}")
    assert "the configuration or the tokenizer of mine is not the one" in refused(done, 1)
    (mine / "tokenizer.json").unlink()
    rounds.start_replay(done, 1, "local")


def test_only_a_finished_round_is_replayed_and_a_replay_never(done: Store) -> None:
    assert "There is no round 7" in refused(done, 7)
    rounds.start_replay(done, 1, "local")
    assert "Round 2 is itself a replay: replay round 1" in refused(done, 2)
    assert "Round 2 is at work" in refused(done, 1)
    rounds.cancel(done, 2, "local")
    rounds.start(done, "dpo", {}, "local")
    rounds.cancel(done, 3, "local")
    assert "Round 3 is cancelled, and only a round that is done is replayed" in refused(done, 3)


def test_a_replay_takes_no_setting(done: Store) -> None:
    with pytest.raises(UserError, match="name no other setting"):
        round_command(replay=1, method="dpo", home=done.home)
