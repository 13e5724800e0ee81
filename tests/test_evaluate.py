"""Evaluations: fair to both sides, judged by a reward model or a utility, with the interval over prompts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.errors import UserError
from tests.job_dirs import QUESTIONS, TOO_LONG, run_job
from tests.tiny_models import make_model

UTILITY = """
def words(prompt, completion):
    return len(completion.split())

def broken(prompt, completion):
    raise KeyError("no such thing")
"""


def evaluate(
    tmp_path: Path, name: str, policy: Path, against: Path, judge: dict[str, str], asked: Sequence[str] = QUESTIONS
) -> dict[str, object]:
    _, result = run_job(
        tmp_path / name,
        kind="evaluate",
        policy=str(policy),
        against=str(against),
        judge=judge,
        asked=asked,
        samples_per_prompt=4,
        max_new_tokens=16,
    )
    return result


def test_a_policy_against_itself_is_even_and_has_not_moved(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    twin = make_model("llama", tmp_path / "twin")
    (tmp_path / "u.py").write_text(UTILITY)
    result = evaluate(tmp_path, "job", policy, twin, {"utility": f"{tmp_path / 'u.py'}:words"})
    assert result["win_rate"] == 0.5  # the same seed draws the same answers from the same policy
    assert result["kl"] == pytest.approx(0, abs=1e-6)
    assert (result["prompts"], result["samples"]) == (8, 4)


def test_a_policy_that_moved_has_a_kl_and_a_verdict(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    settings = {"policy": str(policy), "reference": str(policy), "epochs": 10, "learning_rate": 0.01}
    moved, _ = run_job(tmp_path / "dpo", kind="dpo", **settings)
    judge, _ = run_job(tmp_path / "judge", kind="reward", policy=str(policy), fold="judge", epochs=10)
    result = evaluate(tmp_path, "job", moved.model, policy, {"reward": str(judge.model)})
    assert result["kl"] > 1  # type: ignore[operator]
    assert result["low"] <= result["win_rate"] <= result["high"]  # type: ignore[operator]
    assert len(result["examples"]) == 8  # type: ignore[arg-type]


def test_a_prompt_too_long_for_either_policy_is_left_out_and_counted(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    (tmp_path / "u.py").write_text(UTILITY)
    judge = {"utility": f"{tmp_path / 'u.py'}:words"}
    result = evaluate(tmp_path, "job", policy, policy, judge, [*QUESTIONS[:2], TOO_LONG])
    assert (result["prompts"], result["skipped"]) == (2, 1)
    with pytest.raises(UserError, match="All 1 held-out prompts are longer"):
        evaluate(tmp_path, "none", policy, policy, judge, [TOO_LONG])


def test_a_utility_that_is_not_there_is_told_before_anything_is_sampled(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    (tmp_path / "u.py").write_text(UTILITY)
    with pytest.raises(UserError, match="no function named 'wrods'"):
        evaluate(tmp_path, "job", policy, policy, {"utility": f"{tmp_path / 'u.py'}:wrods"})
    assert not (tmp_path / "job" / "metrics.jsonl").exists()


def test_a_utility_that_fails_is_one_sentence(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    (tmp_path / "u.py").write_text(UTILITY)
    with pytest.raises(UserError, match="The utility failed on an answer"):
        evaluate(tmp_path, "job", policy, policy, {"utility": f"{tmp_path / 'u.py'}:broken"})
