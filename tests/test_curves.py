"""Where the points of a curve come to lie."""

from __future__ import annotations

from labeling.ui.curves import curve, interval, place


def test_the_largest_value_is_at_the_top_and_the_first_step_at_the_left() -> None:
    assert place([(0, 2.0), (5, 4.0), (10, 3.0)], width=100, height=10) == [(0, 10), (50, 0), (100, 5)]


def test_a_flat_line_is_in_the_middle() -> None:
    assert place([(1, 2.0), (2, 2.0)], width=100, height=10) == [(0, 5), (100, 5)]


def test_a_curve_says_its_last_value_and_its_range() -> None:
    assert "Loss: 0.25 at step 9, between 0.25 and 1" in curve("Loss", [(0, 1.0), (9, 0.25)])
    assert curve("Loss", []) == ""


def test_an_interval_lies_where_it_says() -> None:
    drawn = interval(0.6, 0.5, 0.75)
    assert "left:50.0%;width:25.0%" in drawn
    assert "left:60.0%" in drawn
