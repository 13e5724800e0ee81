"""How good the labels are: figures against values worked out by hand, and against crowds whose truth is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from labeling.quality import words
from labeling.quality.agreement import (
    Counts,
    agreement,
    alpha,
    bootstrap,
    grouped,
    interval,
    nominal,
    over_time,
    share_of_couples,
    with_others,
)
from labeling.quality.bias import bias, bias_by_labeler, longer_by_difference
from labeling.quality.consistency import self_consistency
from labeling.quality.contested import contested
from labeling.quality.reliability import reliability
from labeling.quality.report import of_votes
from storage.judgements import BOTH_BAD, FIRST, SECOND, TIE, Judgements
from storage.statistics import wilson
from tests.crowds import crowd, spearman, votes

ETAS = [0.55, 0.65, 0.75, 0.85, 0.95]
RANDOM = np.random.default_rng(0)


def cast(*who_pair_choice: tuple[int, int, int], people: int = 3, **columns: list[int]) -> Judgements:
    who, pair, choice = zip(*who_pair_choice, strict=True)
    made = votes(who, pair, choice, np.random.default_rng(0), people)
    return dataclasses.replace(made, **{name: np.asarray(value) for name, value in columns.items()})


# Two comparisons on which both say the first, one on which both say the second, one on which they part.
FOUR = cast(
    *[(0, pair, choice) for pair, choice in enumerate([FIRST, FIRST, SECOND, FIRST])],
    *[(1, pair, choice) for pair, choice in enumerate([FIRST, FIRST, SECOND, SECOND])],
)


def test_alpha_of_four_comparisons() -> None:
    # 5 votes for the first and 3 for the second; 2 couples differ, 2 * 5 * 3 = 30 would: 1 - 2 * (8 - 1) / 30
    found = grouped(FOUR.comparison, FOUR.choice, 4)
    assert found.comparisons == 4
    assert alpha(found.counts, found.times[None, :], nominal(4))[0] == pytest.approx(1 - 14 / 30)


def test_alpha_by_distance_minds_how_far_two_votes_are_apart() -> None:
    # values 0, 0 / 2, 2 / 0, 1: couples 2 * 1; totals 3, 1, 2: 2 * (3 * 1 * 1 + 3 * 2 * 4 + 1 * 2 * 1) = 58
    counts = np.array([[2.0, 0, 0], [0, 0, 2], [1, 1, 0]])
    assert alpha(counts, np.ones((1, 3)), interval(3))[0] == pytest.approx(1 - 2 * 5 / 58)


def test_a_comparison_of_three_counts_its_three_couples_once() -> None:
    counts = np.array([[2.0, 1.0], [3.0, 0.0]])  # 1 of 3 couples the same; 3 of 3
    assert share_of_couples(counts, np.ones((1, 2)))[0] == pytest.approx((1 / 3 + 1) / 2)


def test_agreement_without_ties_leaves_out_who_tied() -> None:
    parted = cast((0, 0, FIRST), (1, 0, TIE), (0, 1, FIRST), (1, 1, FIRST))
    found = agreement(parted)
    assert (found.same and found.same.value, found.same_side and found.same_side.value) == (0.5, 1.0)
    assert found.same_side == wilson(1, 1)  # all alike, where a bootstrap would have no width


def test_the_bootstrap_draws_comparisons() -> None:
    # As many alike as not: the share of couples is that of a coin, whose normal interval is known.
    half = Counts(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([200.0, 200.0]))
    found = bootstrap(half, share_of_couples, seed=1)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.451, abs=0.006), pytest.approx(0.549, abs=0.006))
    assert found == bootstrap(half, share_of_couples, seed=1)


def test_nothing_is_said_of_agreement_on_a_few_pairs() -> None:
    found = of_votes(FOUR)
    assert not found.enough
    assert "Nothing can be said of how far labelers agree: 4 pairs were judged" in words.on_agreement(found)
    assert agreement(cast((0, 0, FIRST), (0, 1, SECOND))).alpha is None


def test_votes_that_are_all_the_same_have_no_alpha() -> None:
    found = of_votes(cast(*[(who, pair, FIRST) for pair in range(30) for who in range(2)]))
    assert found.agreement.alpha is None
    assert "nothing can be said beyond chance" in words.on_agreement(found)


def test_agreement_by_week_is_of_the_week_of_the_last_vote() -> None:
    monday = 2451547  # Julian day of the third of January 2000
    found = over_time(dataclasses.replace(FOUR, day=np.array([monday] * 4 + [monday, monday, monday, monday + 7])))
    assert [(day, one.comparisons) for day, one in found] == [(monday, 3), (monday + 7, 1)]


def test_a_labelers_agreement_is_with_the_others_on_the_same_comparison() -> None:
    three = cast((0, 0, FIRST), (1, 0, FIRST), (2, 0, SECOND), (0, 1, TIE))
    found = with_others(three)
    assert [(count, share and share.value) for count, share in found] == [(1, 0.5), (1, 0.5), (1, 0.0)]


def test_a_repeat_is_held_against_the_first_vote_of_its_labeler() -> None:
    again = cast(
        (0, 0, FIRST), (0, 1, TIE), (1, 0, SECOND), (0, 0, FIRST), (0, 1, FIRST), (1, 2, FIRST), people=2,
        repeat=[False, False, False, True, True, True],
    )  # fmt: skip
    overall, each = self_consistency(again)
    assert overall == wilson(1, 2)  # the last repeat has nothing to be held against
    assert each == [wilson(1, 2), None]


def test_the_bias_for_a_side_and_for_length() -> None:
    four = cast(
        (0, 0, FIRST), (0, 1, SECOND), (0, 2, SECOND), (1, 3, FIRST), (1, 4, BOTH_BAD), people=2,
        left=[True, True, False, True, False], longer=[100, 40, -300, 0, 500],
    )  # fmt: skip
    found = bias_by_labeler(four)
    assert (found[0].left, found[0].longer) == (wilson(2, 3), wilson(2, 3))
    assert (found[1].left, found[1].longer, found[1].slope) == (wilson(1, 1), None, None)
    assert [(low, high, share.value) for low, high, share in longer_by_difference(four)] == [
        (1, 50, 0.0),
        (51, 200, 1.0),
        (201, None, 1.0),
    ]


def test_the_slope_is_found_again_that_the_votes_were_drawn_with() -> None:
    random = np.random.default_rng(0)
    longer = random.integers(-400, 400, 4000)
    first = random.random(4000) < 1 / (1 + np.exp(-0.5 * longer / 100))
    drawn = cast(*[(0, number, FIRST if won else SECOND) for number, won in enumerate(first)], longer=longer)
    slope = bias(drawn).slope
    assert slope is not None
    assert slope.low < 0.5 < slope.high
    assert slope.high - slope.low < 0.15


@pytest.mark.parametrize("seed", range(3))
def test_reliability_puts_labelers_in_their_order(seed: int) -> None:
    found = [eta.value for eta in reliability(crowd(ETAS, 2000, 3, seed)).eta if eta]
    assert spearman(found, ETAS) == 1


@pytest.mark.parametrize("seed", range(3))
def test_reliability_tells_who_votes_against_the_others(seed: int) -> None:
    against = [0.2, 0.65, 0.75, 0.85, 0.95]
    eta = reliability(crowd(against, 2000, 2, seed)).eta
    assert eta[0] is not None
    assert eta[0].high < 0.5
    assert spearman([one.value for one in eta if one], against) >= 0.9


def test_the_interval_of_a_reliability_holds_the_truth_about_as_often_as_it_says() -> None:
    inside = [
        eta.low <= truth <= eta.high
        for seed in range(20)
        for eta, truth in zip(reliability(crowd(ETAS, 600, 3, seed)).eta, ETAS, strict=True)
        if eta
    ]
    assert 0.85 <= np.mean(inside) <= 1.0


def test_nothing_is_known_of_who_shares_no_pair() -> None:
    assert reliability(cast((0, 0, FIRST), (1, 1, FIRST), (1, 2, TIE), (2, 2, FIRST))).eta == [None, None, None]


def test_the_most_contested_pair_comes_first() -> None:
    three = cast(
        (0, 0, FIRST), (1, 0, FIRST), (2, 0, SECOND),
        (0, 1, FIRST), (1, 1, SECOND),
        (0, 2, TIE), (1, 2, TIE),
        (0, 3, FIRST), (1, 3, SECOND), (2, 3, TIE),
    )  # fmt: skip
    found = contested(three)
    assert [one.pair_id for one in found] == [3, 1, 0]
    assert [one.entropy for one in found] == [pytest.approx(np.log2(3)), 1.0, pytest.approx(0.9183, abs=1e-4)]


def test_a_report_without_a_vote_says_so() -> None:
    nothing = of_votes(votes([], [], [], RANDOM, 2))
    assert (nothing.votes, nothing.labelers, nothing.contested, nothing.weeks) == (0, [], [], [])
    assert words.on_bias(nothing.bias) == "There is no vote for one side yet."
