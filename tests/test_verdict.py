"""What the Align page says of a candidate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labeling.ui.verdict import against_best_of, baseline_wins, caution, figures, meanings, verdict
from storage.gate import may_promote
from storage.records import Evaluation


def evaluated(win_rate: float, low: float, high: float, **result: Any) -> Evaluation:
    return Evaluation(1, 2, 1, "reward model", 7, win_rate, low, high, 128, dict(result), "2026-01-01")


@pytest.mark.parametrize(
    ("win_rate", "low", "high", "sentence"),
    [
        (0.71, 0.66, 0.76, "Yes: {}71% against demo, and the whole 95% interval (66% to 76%) is above one half."),
        (0.55, 0.50, 0.60, "Not yet: {}55% against demo, and the 95% interval (50% to 60%) still holds one half."),
        (0.31, 0.25, 0.37, "No: {}31% against demo, and the whole 95% interval (25% to 37%) is below one half."),
    ],
)
def test_the_answer_hangs_on_the_interval(win_rate: float, low: float, high: float, sentence: str) -> None:
    evaluation = evaluated(win_rate, low, high)
    assert verdict(evaluation, "round-1", "demo") == sentence.format(
        "by its judge, on 128 held-out prompts, round-1 wins "
    )
    assert may_promote(evaluation) == sentence.startswith("Yes")


def test_a_win_on_a_few_prompts_is_no_yes() -> None:
    few = replace(evaluated(0.9, 0.8, 0.97), prompts=19)
    assert verdict(few, "x", "y").startswith("Not yet: by its judge, on 19 held-out prompts")
    assert verdict(few, "x", "y").endswith("but a verdict that promotes takes at least 20 prompts.")
    assert not may_promote(few)


def test_a_judge_that_may_err_too_often_is_not_enough() -> None:
    sure = evaluated(0.7, 0.6, 0.8, voter_win_rate=0.8, voter_low=0.6, voter_high=0.95)
    assert verdict(sure, "round-1", "demo").endswith(
        "Counting the judge's own errors, voters would prefer it in 80% (60 to 95)."
    )
    unsure = evaluated(0.7, 0.6, 0.8, voter_win_rate=0.9, voter_low=0.3, voter_high=1.0)
    assert verdict(unsure, "round-1", "demo").startswith("Not yet")
    assert "voters would prefer it in 90% (30 to 100), which still holds one half" in verdict(unsure, "x", "demo")
    assert (may_promote(sure), may_promote(unsure)) == (True, False)


def test_every_figure_that_is_no_plain_word_is_explained() -> None:
    baseline = {"best_of": 8, "win_rate": 0.75, "low": 0.7, "high": 0.8, "beaten": 0.4, "beaten_low": 0.3}
    measured = {"sft_loss": 0.2, "ended": 1.0, "repetition": 0.0, "distinct_2": 0.4, "kl": 2.0, "mean_words": 30.0}
    names = [
        name for name, _ in figures(evaluated(0.7, 0.6, 0.8, baseline=baseline, **measured), {"accuracy": 0.7}, {})
    ]
    told = [name for name, said in meanings([*names, "Its judge agrees with"]) if said.endswith(".")]
    assert set(names) - set(told) == {"Words an answer", "Judged by"}
    assert "Wins against that best of 8" in told


def test_best_of_n_stands_beside_the_candidate() -> None:
    baseline = {"best_of": 8, "win_rate": 0.75, "low": 0.7, "high": 0.8, "beaten": 0.4, "beaten_low": 0.3}
    rows = dict(figures(evaluated(0.7, 0.6, 0.8, baseline={**baseline, "beaten_high": 0.5}), {}, {}))
    assert rows["Win rate of its parent's best of 8"] == "75% (70 to 80)"
    assert rows["Wins against that best of 8"] == "40% (30 to 50)"


@pytest.mark.parametrize(
    ("beaten", "low", "high", "sentence"),
    [
        (0.6, 0.55, 0.65, "round-1 beats {}: against that it wins 60% (55 to 65)."),
        (0.4, 0.35, 0.45, "round-1 does not beat {}: against that it wins 40% (35 to 45)."),
        (0.55, 0.5, 0.6, "Whether round-1 beats {}, is open: against that it wins 55% (50 to 60)."),
        (0.45, 0.4, 0.5, "Whether round-1 beats {}, is open: against that it wins 45% (40 to 50)."),
    ],
)
def test_a_candidate_has_to_beat_the_best_of_n(beaten: float, low: float, high: float, sentence: str) -> None:
    baseline = {"best_of": 8, "win_rate": 0.75, "low": 0.7, "high": 0.8, "beaten": beaten, "beaten_low": low}
    evaluation = evaluated(0.7, 0.6, 0.8, baseline={**baseline, "beaten_high": high})
    said = against_best_of(evaluation, "round-1", "demo")
    assert said == sentence.format("the best of 8 answers of demo, which takes no training")
    assert baseline_wins(evaluation) == "the best of 8 wins 75% (70 to 80)"
    without = evaluated(0.7, 0.6, 0.8)
    assert (against_best_of(without, "round-1", "demo"), baseline_wins(without)) == ("", "")


def test_a_judge_that_may_be_guessing_is_named() -> None:
    assert "agrees with only 62% (49 to 72)" in caution({"accuracy": 0.62, "accuracy_low": 0.49, "accuracy_high": 0.72})
    assert caution({"accuracy": 0.8, "accuracy_low": 0.7, "accuracy_high": 0.9}) == ""
    assert caution({}) == ""


def test_figures_that_were_not_measured_are_left_out() -> None:
    assert figures(evaluated(0.7, 0.6, 0.8), {}, {}) == [("Judged by", "reward model")]


def test_figures_are_beside_those_of_the_parent() -> None:
    rows = dict(figures(evaluated(0.7, 0.6, 0.8, ended=0.98, ended_against=0.97, kl=1.5), {"accuracy": 0.66}, {}))
    assert rows["Answers that end"] == "98%, before 97%"
    assert rows["KL from its parent"] == "1.50 nats"
    assert rows["Agrees with unseen votes"] == "66%"
