"""Evaluations: fair to both sides, judged by a reward model or a utility, with the interval over prompts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from alignment.heldout_demonstrations import write_heldout
from alignment.statistics import best_of_n_kl
from storage.errors import UserError
from storage.exchange.demonstrations import Demonstration
from storage.exchange.shapes import Messages
from tests.job_dirs import QUESTIONS, TOO_LONG, make_job, run_job
from tests.tiny_models import make_model
from tests.votes import GOOD

UTILITY = """
def words(prompt, completion):
    return len(completion.split())

def broken(prompt, completion):
    raise KeyError("no such thing")
"""


def evaluate(
    tmp_path: Path,
    name: str,
    policy: Path,
    against: Path,
    judge: dict[str, Any],
    asked: Sequence[str] = QUESTIONS,
    **more: Any,
) -> dict[str, Any]:
    _, result = run_job(
        tmp_path / name,
        kind="evaluate",
        policy=str(policy),
        against=str(against),
        judge=judge,
        asked=asked,
        samples_per_prompt=4,
        max_new_tokens=16,
        **more,
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
    turns: Messages = ({"role": "user", "content": QUESTIONS[0]}, {"role": "assistant", "content": GOOD[0]})
    write_heldout(tmp_path / "shown.jsonl", [Demonstration(turns)])
    result = evaluate(
        tmp_path,
        "job",
        moved.model,
        policy,
        {"reward": str(judge.model), "agreement": 0.9, "agreement_prompts": 400},
        reward_model=str(judge.model),
        baseline_best_of=4,
        demonstrations=str(tmp_path / "shown.jsonl"),
    )
    assert result["kl"] > 1
    for share in ("", "length_controlled_", "voter_"):
        assert result[f"{share}low"] <= result[f"{share}win_rate"] <= result[f"{share}high"]
    assert len(result["examples"]) == 8
    assert result["sft_records"] == 1
    assert result["sft_loss"] < result["sft_loss_against"]  # of the very answers that it was taught to prefer
    assert result["baseline"]["win_rate"] > 0.6  # 4/5 of the couples, were the picker the judge of fresh samples alone
    assert result["baseline"]["beaten_low"] <= result["baseline"]["beaten"] <= result["baseline"]["beaten_high"]


def test_the_best_of_several_is_better_by_the_one_that_picks(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    picker, _ = run_job(tmp_path / "picker", kind="reward", policy=str(policy), max_steps=1)
    by_picker = {"reward": str(picker.model)}
    plain, best = (
        evaluate(tmp_path, f"best-of-{n}", policy, policy, by_picker, reward_model=str(picker.model), best_of=n)
        for n in (1, 8)
    )
    assert plain["win_rate"] == 0.5
    assert best["low"] > 0.5
    assert best["win_rate"] == pytest.approx(8 / 9, abs=0.08)  # the chance that the highest of nine is among the eight
    assert (best["kl"], best["kl_bound"]) == (None, best_of_n_kl(8))


def test_the_best_of_several_needs_somebody_who_picks(tmp_path: Path) -> None:
    settings = {"kind": "evaluate", "policy": "p", "against": "p", "judge": {"utility": "u.py:f"}, "best_of": 2}
    with pytest.raises(UserError, match="is picked by a reward model, and none is given"):
        make_job(tmp_path / "job", **settings).recipe()
    with pytest.raises(UserError, match="greedy samples are all the same"):
        make_job(tmp_path / "greedy", **settings, reward_model="r", temperature=0).recipe()


def test_answers_to_read_are_picked_by_the_seed_and_not_by_their_order(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    (tmp_path / "u.py").write_text(UTILITY)
    judge = {"utility": f"{tmp_path / 'u.py'}:words"}
    asked = [f"Tell me about the sea {n}" for n in range(24)]
    shown = [
        [
            one["prompt"]
            for one in evaluate(tmp_path, f"{n}-{seed}", policy, policy, judge, asked, seed=seed)["examples"]
        ]
        for n, seed in enumerate((1, 2))
    ]
    assert len(shown[0]) == 20
    assert shown[0] != shown[1]
    assert set(shown[0]) != set(asked[:20])


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
