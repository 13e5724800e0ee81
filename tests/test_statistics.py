"""Figures against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from alignment import statistics
from alignment.preference_figures import preference_figures
from storage import statistics as estimates


def test_a_share_of_nine_in_ten() -> None:
    # Wilson (1927), n = 10, p = 0.9: centre (0.9 + 0.19207) / 1.38415, half-width 0.19195
    interval = estimates.wilson(9, 10)
    assert (interval.value, round(interval.low, 4), round(interval.high, 4)) == (0.9, 0.5958, 0.9821)


def test_a_share_of_all_is_still_uncertain() -> None:
    interval = estimates.wilson(4, 4)
    assert interval.high == 1
    assert interval.low == pytest.approx(4 / (4 + estimates.Z95**2))  # n / (n + z^2)


def test_a_mean_without_spread_has_no_width() -> None:
    assert estimates.bootstrap_mean([0.5, 0.5, 0.5]) == estimates.Interval(0.5, 0.5, 0.5)


def test_a_win_rate_on_prompts_that_all_agree_is_as_uncertain_as_so_many_trials() -> None:
    assert estimates.win_rate([1.0, 1.0]).low == pytest.approx(2 / (2 + estimates.Z95**2))
    tied = estimates.win_rate([0.5] * 4)
    assert (tied.value, tied.low) == (0.5, pytest.approx(1 - tied.high))
    assert estimates.win_rate([0.0, 1.0], seed=3) == estimates.bootstrap_mean([0.0, 1.0], seed=3)


def test_a_bootstrap_agrees_with_the_normal_interval_on_many_values() -> None:
    interval = estimates.bootstrap_mean([0.0, 1.0] * 200)
    half = estimates.Z95 * math.sqrt(0.25 / 400)
    assert interval.low == pytest.approx(0.5 - half, abs=0.005)
    assert interval.high == pytest.approx(0.5 + half, abs=0.005)


def test_without_a_vote_there_are_no_figures() -> None:
    assert preference_figures([], []) == {"heldout_pairs": 0}


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="no value"):
        estimates.bootstrap_mean([])
    with pytest.raises(ValueError, match="no trial"):
        estimates.wilson(0, 0)


def test_wins_are_counted_over_all_couples_with_ties_as_half() -> None:
    # 3 beats 1 and 2; 2 beats 1 and ties with 2: (1 + 1 + 1 + 0.5) / 4
    assert statistics.win_share([3, 2], [1, 2]) == 0.875
    assert statistics.win_share([1], [1]) == 0.5


def test_calibration_error_of_two_bins() -> None:
    # bin [0.2, 0.3): two predictions of 0.25, outcomes 0 and 1, gap 0.25; bin [0.9, 1]: 0.9, outcome 1, gap 0.1
    assert statistics.calibration_error([0.25, 0.25, 0.9], [0, 1, 1]) == pytest.approx(2 / 3 * 0.25 + 1 / 3 * 0.1)


def test_correlation() -> None:
    assert statistics.correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert statistics.correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert statistics.correlation([1, 2, 3], [5, 5, 5]) == 0


def prompts_of_one(wins: list[float], longer: list[float]) -> list[tuple[list[float], list[float]]]:
    return [([win], [difference]) for win, difference in zip(wins, longer, strict=True)]


def test_wins_that_length_explains_are_worth_nothing_at_equal_length() -> None:
    # The longer answer wins four times in five, whoever wrote it: s(a + bt) = 0.8 and s(a - bt) = 0.2, so a = 0
    wins = [1.0] * 60 + [0.0] * 15 + [1.0] * 5 + [0.0] * 20
    longer = [10.0] * 75 + [-10.0] * 25
    assert sum(wins) / 100 == 0.65
    found = statistics.length_controlled(prompts_of_one(wins, longer))
    assert found.value == pytest.approx(0.5, abs=0.01)
    assert found.low < 0.45 < 0.55 < found.high


def test_wins_at_equal_length_stay_as_they_are() -> None:
    # Without a length term the fit is the win rate, but for the ridge: 75 wins in 100, and its interval the bootstrap's
    wins = [1.0, 1.0, 1.0, 0.0] * 25
    found = statistics.length_controlled(prompts_of_one(wins, [0.0] * 100))
    plain = estimates.bootstrap_mean(wins)
    assert found.value == pytest.approx(0.75, abs=0.001)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=0.025)


def test_couples_of_one_prompt_are_no_more_certain_than_the_prompt() -> None:
    wins = [1.0, 0.0, 1.0, 1.0]
    once = statistics.length_controlled([([win], [0.0]) for win in wins])
    often = statistics.length_controlled([([win] * 9, [0.0] * 9) for win in wins])
    assert (often.low, often.high) == pytest.approx((once.low, once.high), abs=0.02)  # but for the ridge


def test_a_judge_that_errs_hides_part_of_the_difference() -> None:
    # q = 0.9: w = 0.66 comes of p with 0.9 p + 0.1 (1 - p) = 0.66, so p = 0.7
    found = statistics.as_voters_judge([0.66] * 50, 0.9, 100_000)
    assert found.value == pytest.approx(0.7)
    assert (found.low, found.high) == pytest.approx((0.7, 0.7), abs=0.005)


def test_a_judge_known_from_few_votes_is_less_sure_than_one_known_from_many() -> None:
    shares = [1.0, 1.0, 0.5, 0.0, 1.0, 0.5, 1.0, 0.5] * 16
    few, many = (statistics.as_voters_judge(shares, 0.75, trials) for trials in (12, 1200))
    assert few.low < many.low
    assert many.low > estimates.bootstrap_mean(shares).low  # the errors that are known for sure only hide wins


def test_a_judge_that_may_be_guessing_shows_nothing() -> None:
    found = statistics.as_voters_judge([0.9] * 200, 0.6, 8)
    assert found.low < 0.5 < found.high
    assert statistics.as_voters_judge([0.9] * 200, 0.5, 8).value == 0.5
    assert statistics.as_voters_judge([0.9] * 200, 0.9, 200).low > 0.5


def test_the_most_that_best_of_n_can_move_a_policy() -> None:
    assert statistics.best_of_n_kl(1) == 0
    assert statistics.best_of_n_kl(2) == pytest.approx(0.193147, abs=1e-6)  # log 2 - 1/2
    assert statistics.best_of_n_kl(8) == pytest.approx(1.204442, abs=1e-6)  # log 8 - 7/8


def test_repetition_and_distinct() -> None:
    assert statistics.repetition("a b c a b c") == pytest.approx(1 - 3 / 4)  # abc bca cab abc
    assert statistics.repetition("one two") == 0
    assert statistics.distinct(["a b a b"]) == pytest.approx(2 / 3)  # ab ba ab
    assert statistics.distinct([""]) == 0


def test_a_margin_of_zero_is_half_right_and_intervals_count_prompts() -> None:
    figures = preference_figures([1.0, 0.0, -1.0, 2.0], [1, 1, 2, 2])
    assert figures["accuracy"] == 0.625
    assert figures["heldout_pairs"] == 4
    assert (figures["accuracy_low"], figures["accuracy_high"]) == (
        estimates.wilson(1.25, 2).low,
        estimates.wilson(1.25, 2).high,
    )


def test_a_model_that_is_always_sure_and_half_wrong_is_badly_calibrated() -> None:
    assert preference_figures([50.0, -50.0], [1, 2])["ece"] == pytest.approx(0.5)
