"""Snapshots of a run: taken at even steps, read again as the policies they were, and scored in an evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from alignment.models import load_policy
from alignment.overoptimisation import snapshots_in
from alignment.snapshots import due, load_snapshot
from tests.job_dirs import run_job
from tests.tiny_models import make_model


def test_they_are_evenly_spread_between_beginning_and_end() -> None:
    assert due(100, 4) == {20, 40, 60, 80}
    assert due(2, 4) == {1}
    assert due(1, 4) == set()


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_run_is_scored_by_its_reward_model_and_the_judge(tmp_path: Path, tuning: str) -> None:
    policy = make_model("llama", tmp_path / "policy")
    settings = {"policy": str(policy), "reference": str(policy), "learning_rate": 0.01, "tuning": tuning}
    moved, _ = run_job(tmp_path / "dpo", kind="dpo", **settings, epochs=6, snapshots=2)
    kept = snapshots_in(moved.snapshots)
    start, end = (load_policy(path)[0].state_dict() for path in (policy, moved.model))
    (_, first), (_, second) = kept
    way = [_distance(start, load_snapshot(folder, policy).state_dict()) for folder in (first, second)]
    assert 0 < way[0] < way[1] < 1.5 * _distance(start, end)

    judge, _ = run_job(tmp_path / "judge", kind="reward", policy=str(policy), fold="judge", max_steps=2)
    _, result = run_job(
        tmp_path / "evaluate",
        kind="evaluate",
        policy=str(moved.model),
        against=str(policy),
        judge={"reward": str(judge.model)},
        reward_model=str(judge.model),
        run_snapshots=str(moved.snapshots),
        samples_per_prompt=1,
        max_new_tokens=16,
    )
    course = result["course"]
    assert [point["step"] for point in course] == [0, kept[0][0], kept[1][0], None]
    assert (course[0]["kl"], course[0]["proxy"], course[0]["judge"]) == (0, 0, 0)
    assert course[-1]["kl"] == pytest.approx(result["kl"])  # one sample a prompt, and so the same ones
    assert [point["proxy"] for point in course] == [point["judge"] for point in course]  # one model is both here


def _distance(start: dict[str, torch.Tensor], now: dict[str, torch.Tensor]) -> float:
    return sum(float((start[name] - weights).norm()) for name, weights in now.items())
