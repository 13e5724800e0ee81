"""Before a round starts: the whole recipe, saved recipes, and an estimate that is learned from past jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from alignment import rounds
from alignment.config import METHODS, load_round_recipe
from alignment.plans import as_yaml, plan, whole_round_recipe, without_effect
from alignment.recipe_commands import round_settings
from storage import jobs, recipes, registry, snapshots
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.estimates import judged, told
from tests.test_rounds import add_heldout, add_votes

MIB = 2**20


@pytest.mark.parametrize("method", METHODS)
def test_the_recipe_that_is_shown_is_the_one_that_runs(method: str) -> None:
    given = {"method": method, "seed": 3, method: {"learning_rate": 1e-5}, "trainer": {"optim": "adafactor"}}
    whole = whole_round_recipe(load_round_recipe(given))
    assert whole[method]["learning_rate"] == 1e-5
    assert whole[method]["trainer"] == {"optim": "adafactor"}
    assert {"batch_size", "epochs"} <= set(whole["reward"])
    assert whole["evaluate"]["max_prompts"] == 128
    again = load_round_recipe(yaml.safe_load(as_yaml(whole)))
    assert whole_round_recipe(again) == whole


def test_settings_of_a_method_that_does_not_run_are_named() -> None:
    other = {"dpo": {"beta": 0.2}, "kto": {"beta": 0.2}, "ppo": {"rollouts": 2}, "rloo": {}}
    assert without_effect("ppo", other) == "Its settings of dpo and kto have no effect on a round by ppo."
    assert without_effect("dpo", {"dpo": {"beta": 0.2}}) == ""


def test_a_saved_recipe_is_the_newest_of_its_name(store: Store) -> None:
    recipes.save(store, "strong", {"dpo": {"beta": 0.5}}, "test")
    recipes.save(store, "weak", {"method": "kto"}, "test")
    recipes.save(store, "strong", {"dpo": {"beta": 0.4, "epochs": 2}}, "test")
    assert [one.name for one in recipes.saved(store)] == ["strong", "weak"]
    assert round_settings(store, None, Path("strong"), ["dpo.beta=0.3", "seed=1"]) == {
        "dpo": {"beta": 0.3, "epochs": 2},
        "seed": 1,
    }
    assert round_settings(store, "dpo", Path("weak"), []) == {"method": "dpo"}
    with pytest.raises(UserError, match="There is no recipe 'none': there are strong, weak"):
        round_settings(store, None, Path("none"), [])
    with pytest.raises(UserError, match=r"The name of a recipe '\.\./x' cannot be used"):
        recipes.save(store, "../x", {}, "test")


def put_model(store: Store, mebibytes: int) -> None:
    """Give the promoted model weights of this size."""
    path = Path(registry.require_promoted(store).path)
    path.mkdir(parents=True, exist_ok=True)
    with (path / "model.safetensors").open("wb") as file:
        file.truncate(mebibytes * MIB)


def do(store: Store, kind: str, seconds: float, votes: int = 0, **recipe: Any) -> None:
    """A past job on the promoted model, and a snapshot of that many votes."""
    policy = {"model_id": registry.require_promoted(store).model_id}
    sha256 = f"{votes:064d}"
    with store.write() as db:
        db.execute(
            "INSERT OR IGNORE INTO snapshots (sha256, row_count, counts, created_at) VALUES (?, ?, '{}', '')",
            [sha256, votes],
        )
        files = {"preferences.parquet": {"snapshot": sha256}, "prompts.parquet": {"prompt_ids": list(range(10))}}
        jobs.enqueue(db, kind, {"recipe": {**recipe, "policy": policy, "seed": seconds}, "files": files}, "test")
    job = jobs.claim(store, "w")
    assert job is not None
    with store.write() as db:
        jobs.finish(db, job, {"seconds": seconds, "peak_memory": 700 * MIB})


@pytest.fixture
def voted(store: Store) -> Store:
    add_votes(store, 60)
    add_heldout(store, 20)
    put_model(store, 10)
    return store


def test_without_a_past_job_it_says_so(voted: Store) -> None:
    planned = plan(voted, {})
    assert planned["estimate"]["seconds"] is None
    assert planned["said"] == (
        "How long it takes cannot be told yet: there is no past job to learn from (reward, judge, policy, evaluation)."
    )


def test_seconds_go_with_the_examples_and_the_size_of_the_model(voted: Store) -> None:
    """60 votes stand. Each rate is seconds / (votes x share of the fold x epochs), on a model of 10 MiB."""
    do(voted, "reward", 20.0, votes=30, fold="train", epochs=1.0, batch_size=16, accumulation=1)  # 1 s an example
    do(voted, "dpo", 80.0, votes=60, fold="train", epochs=1.0, batch_size=16, accumulation=1)  # 2 s
    do(voted, "dpo", 160.0, votes=60, fold="train", epochs=2.0, batch_size=16, accumulation=1)  # 2 s
    do(voted, "dpo", 120.0, votes=60, fold="train", epochs=1.0, batch_size=16, accumulation=1)  # 3 s
    do(voted, "evaluate", 30.0, samples_per_prompt=3)  # 1 s for an answer to a prompt
    policy = registry.require_promoted(voted)
    settings = {"reward": {"epochs": 1}, "dpo": {"epochs": 2}, "evaluate": {"samples_per_prompt": 2}}
    estimate = plan(voted, settings)["estimate"]
    votes = snapshots.tally(voted).total()
    assert votes == 60
    reward, judge, dpo, evaluation = 40.0, 20.0, 2.0 * 40 * 2, 1.0 * 20 * 2
    assert estimate["seconds"] == pytest.approx(reward + judge + dpo + evaluation)
    assert estimate["high"] == pytest.approx(reward + judge + 3.0 * 40 * 2 + evaluation)
    assert estimate["low"] == estimate["seconds"]
    assert estimate["peak_memory"] == 700 * MIB
    assert (estimate["jobs"], estimate["unknown"]) == (6, [])
    larger = Path(policy.path).with_name("larger")
    larger.mkdir()
    (larger / "model.safetensors").write_bytes(b"\0" * (20 * MIB))
    with voted.write() as db:
        model_id = registry.register(db, "larger", "policy", str(larger), "test")
        registry.insert_promotion(db, model_id, "test")
    doubled = plan(voted, settings)["estimate"]
    assert doubled["seconds"] == pytest.approx(2 * estimate["seconds"])
    assert doubled["peak_memory"] == (700 + 4 * 10) * MIB


def test_a_round_keeps_its_estimate_and_is_held_to_it(voted: Store) -> None:
    do(voted, "reward", 60.0, votes=60, fold="train", epochs=3.0, batch_size=16, accumulation=1)
    round_id = rounds.start(voted, "dpo", {}, "test")
    this = round_rows.get(voted, round_id)
    assert this.estimate is not None
    assert this.estimate["seconds"] == pytest.approx(90.0)  # the judge learns from half as many votes
    assert this.estimate["unknown"] == ["policy", "evaluation"]
    assert "That leaves out policy, evaluation, of which there was none yet." in round_rows.estimated(voted, this)


def test_how_wrong_it_was_is_worked_out_by_hand() -> None:
    estimate = {"seconds": 80.0, "low": 70.0, "high": 90.0, "peak_memory": 2**30, "unknown": [], "jobs": 4}
    assert told(estimate) == "About 80 s of work (70 s to 90 s) and up to 1.0 GiB, by 4 past jobs."
    assert judged(estimate, 100.0, 0.8 * 2**30) == (
        "It took 2 min of work and 0.8 GiB; 80 s and 1.0 GiB were estimated: time 20% too low, memory 25% too high."
    )
    assert judged(estimate, 80.0, None) == ("It took 80 s of work; 80 s and 1.0 GiB were estimated: time right.")
