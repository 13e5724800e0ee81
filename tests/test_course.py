"""The course of a run: gains on one scale, over-optimisation told from chance, and the picture of it."""

from __future__ import annotations

import pytest

from alignment.course import Point, figures, gains, over_optimised
from labeling.ui.course_chart import course_chart, sentence


def test_a_gain_is_in_deviations_of_the_start_models_scores() -> None:
    # The start's scores 1, 3 have the mean 2 and the standard deviation 1
    assert gains([2.0, 5.0], [1.0, 3.0]) == [1.0, 2.0]
    assert gains([20.0, 50.0], [10.0, 30.0]) == [1.0, 2.0]  # whatever the scale of the reward model
    assert gains([4.0, 4.0], [3.0, 3.0]) == [1.0, 1.0]  # all alike: no scale, so the scores' own


def test_a_point_has_the_mean_gain_over_prompts_with_its_interval() -> None:
    (row,) = figures([Point(7, 1.5, [1.0, 1.0], [0.0, 1.0])])
    assert (row["step"], row["kl"], row["proxy"], row["proxy_low"], row["judge"]) == (7, 1.5, 1.0, 1.0, 0.5)
    assert row["judge_low"] < 0.5 < row["judge_high"]


def run(*judge: float, proxy: tuple[float, ...] = (0.0, 0.5, 1.0)) -> list[Point]:
    """Three points of 40 prompts, each prompt a little above or below the mean."""
    near = [0.1, -0.1] * 20
    return [
        Point(step, kl, [p + e for e in near], [j + e for e in near])
        for step, kl, p, j in zip((0, 10, None), (0.0, 2.0, 6.0), proxy, judge, strict=True)
    ]


def test_a_judge_that_turns_down_while_the_proxy_goes_on_shows_over_optimisation() -> None:
    found = over_optimised(run(0.0, 0.8, 0.3))
    assert found is not None
    assert (found["step"], found["drop"]) == (10, pytest.approx(0.5))
    assert found["low"] > 0


def test_a_judge_that_goes_along_shows_none() -> None:
    assert over_optimised(run(0.0, 0.5, 0.9)) is None


def test_a_policy_that_both_like_less_is_worse_and_not_over_optimised() -> None:
    assert over_optimised(run(0.0, 0.8, 0.3, proxy=(0.0, 0.9, 0.2))) is None


def test_a_drop_that_may_be_chance_is_none() -> None:
    wide = [3.0, -3.0] * 10
    points = [Point(0, 0.0, [0.0] * 20, [0.0] * 20), Point(5, 1.0, [0.1] * 20, [0.2 + e for e in wide])]
    assert over_optimised([*points, Point(None, 2.0, [0.2] * 20, [0.1 - e for e in wide])]) is None


def test_the_picture_says_in_words_what_it_shows() -> None:
    points = run(0.0, 0.8, 0.3)
    drawn = course_chart(figures(points), over_optimised(points))
    assert "the judge liked the policy best at step 10 (KL 2.0), and its end 0.50 standard deviations less" in drawn
    assert "KL 6.0: reward model +1.00, judge +0.30" in drawn
    assert drawn.count("<circle") == 6
    assert "no over-optimisation shows" in sentence(figures(points), None)


def test_a_run_without_snapshots_has_no_picture() -> None:
    assert course_chart([], None) == ""
