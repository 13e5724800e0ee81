"""Ready to train: the learning curve, what can be detected, and what is said where nobody knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alignment import queue
from alignment.heads import Votes, expected_gain, head, learning_curve
from alignment.power import as_voters, detectable
from alignment.ready import agreement_on_sides, ready
from storage import jobs, registry
from storage.database import Store
from storage.errors import UserError
from storage.statistics import wilson
from tests.conftest import add_pairs
from tests.job_dirs import run_job
from tests.test_adjudications import vote
from tests.tiny_models import make_model

RESULT = {
    "points": [
        {"votes": 50, "accuracy": {"value": 0.6, "low": 0.5, "high": 0.7}},
        {"votes": 200, "accuracy": {"value": 0.75, "low": 0.66, "high": 0.83}},
    ],
    "more": 67,
    "gain": {"value": 0.012, "low": -0.004, "high": 0.03},
    "more_labels": 100,
    "labels": 300,
    "unseen": 100,
    "unseen_prompts": 90,
}


def drawn(count: int, seed: int, features: int = 8) -> Votes:
    """Votes by a Bradley-Terry model with a linear score, on prompts of two votes each."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, features))
    won = random.random(count) < 1 / (1 + np.exp(-x @ np.linspace(-1, 1, features)))
    return Votes(np.where(won[:, None], x, -x), np.arange(count) // 2)


def test_a_head_finds_the_direction_of_the_votes() -> None:
    found = head(drawn(4000, 0).difference)
    assert np.corrcoef(found, np.linspace(-1, 1, 8))[0, 1] > 0.99


def test_the_curve_rises_and_its_intervals_are_of_unseen_prompts() -> None:
    curve = learning_curve(drawn(800, 0), drawn(400, 1), more=100)
    votes = [point.votes for point in curve.points]
    assert votes == [100, 200, 400, 600, 800]
    accuracy = [point.accuracy for point in curve.points]
    assert accuracy[0].value < accuracy[-1].value
    assert all(one.low < one.value < one.high for one in accuracy)
    assert curve.gain.low < curve.gain.value < curve.gain.high
    assert 0 < curve.gain.value < 0.01
    assert curve == learning_curve(drawn(800, 0), drawn(400, 1), more=100)


def test_what_more_votes_add_is_read_off_a_line_in_one_over_the_root() -> None:
    counts = np.array([100, 400])  # 1/10 and 1/20: a slope of (0.6 - 0.7) / 0.05 = -2
    assert expected_gain(counts, np.array([[0.6, 0.7]]), 500)[0] == pytest.approx(-2 * (1 / 30 - 1 / 20))


def test_what_is_detectable_by_hand() -> None:
    # (1.96 + 0.8416) * 0.5 / 10 on a hundred prompts
    assert detectable(100) == pytest.approx(0.14008, abs=1e-5)
    assert detectable(400, spread=0.25) == pytest.approx(0.14008 / 4, abs=1e-5)
    assert detectable(0) == np.inf
    assert as_voters(0.1, 0.75) == pytest.approx(0.2)
    assert as_voters(0.1, 0.5) == np.inf


def test_what_is_said_to_be_detectable_is_detected_in_four_of_five_trials() -> None:
    random = np.random.default_rng(0)
    wins = random.random((4000, 200)) < 0.5 + detectable(200)
    share = wins.mean(axis=1)
    found = np.abs(share - 0.5) > 1.96 * np.sqrt(0.25 / 200)
    assert found.mean() == pytest.approx(0.8, abs=0.03)


def test_the_job_reads_the_policy_and_measures_on_the_other_fold(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    _, result = run_job(tmp_path / "job", kind="learning_curve", policy=str(policy))
    assert (result["labels"], result["unseen"], result["unseen_prompts"]) == (24, 6, 6)
    assert [point["votes"] for point in result["points"]][-1] == 18
    assert result["points"][-1]["accuracy"]["value"] == 1.0  # good answers and bad ones are easily told apart
    assert result["more"] == 75  # of a hundred labels, as many as are on prompts to learn from


def test_a_job_without_unseen_votes_says_so(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    with pytest.raises(UserError, match="only 1 are on prompts that are kept unseen, and it takes 4"):
        run_job(tmp_path / "job", kind="learning_curve", policy=str(policy), judge_every=1000)


def test_the_same_votes_are_measured_once(store: Store) -> None:
    (pair_id,) = add_pairs(store, 1)
    policy = registry.require_promoted(store)
    with pytest.raises(UserError, match="no preference to freeze"):
        queue.learning_curve(store, policy, "local")
    vote(store, pair_id, "local", "a")
    first = queue.learning_curve(store, policy, "local")
    assert queue.learning_curve(store, policy, "local") == first
    assert jobs.get(store, first).kind == "learning_curve"


def test_what_nobody_knows_is_said_to_be_unknown(store: Store) -> None:
    add_pairs(store, 3)
    found = ready(store)
    assert [found[name] for name in ("votes", "curve", "agreement", "detectable")] == [0, None, None, None]
    said = " ".join(found["said"])
    assert "A round needs 24 votes for one side" in said
    assert "the learning curve has not been measured" in said
    assert "nobody knows how far they agree" in said
    assert "On 0 held-out prompts no difference between two models could be detected" in said


def test_what_is_known_is_said_in_sentences(store: Store) -> None:
    pair_ids = add_pairs(store, 30)
    add_pairs(store, 100, "heldout", tag="unseen")
    for number, pair_id in enumerate(pair_ids):
        vote(store, pair_id, "local", "a")
        with store.write() as db:
            db.execute("INSERT OR IGNORE INTO users VALUES ('ann', 'labeler', '2026')")
        vote(store, pair_id, "ann", "b" if number < 6 else "a")
    with store.write() as db:
        job_id = jobs.enqueue(db, "learning_curve", {}, "test")
    job = jobs.claim(store, "w")
    assert job is not None
    assert job.job_id == job_id
    with store.write() as db:
        jobs.finish(db, job, RESULT)
    assert agreement_on_sides(store) == wilson(24, 30)
    said = ready(store)["said"]
    assert "taught with 200 votes, picks the chosen answer in 75% (66 to 83) of 100 unseen ones" in said[1]
    assert "Another 100 labels are expected to add 1.2 points (-0.4 to 3.0)" in said[2]
    assert said[2].endswith("that may be nothing.")
    assert "Two labelers agree in 80% (63 to 90) of pairs" in said[3]
    assert "would reach 89%" in said[3]  # (1 + sqrt(0.6)) / 2
    assert "On 100 held-out prompts a win rate of 64%" in said[4]
    assert "which is 78% as voters would find it" in said[4]  # 0.5 + 0.14 / (2 * 0.75 - 1)
