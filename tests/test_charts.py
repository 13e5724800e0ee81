"""Where the dots of a report's plots come to lie."""

from __future__ import annotations

from labeling.ui.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, calibration, scatter, share_bar


def test_a_model_that_is_sure_and_right_is_in_the_upper_right_corner() -> None:
    drawn = calibration([{"probability": 1.0, "won": 1.0, "votes": 16}, {"probability": 0.5, "won": 0.0, "votes": 4}])
    assert f'cx="{WIDTH - RIGHT:.1f}" cy="{TOP:.1f}" r="11.0"' in drawn
    assert f'cx="{LEFT:.1f}" cy="{HEIGHT - BOTTOM:.1f}" r="5.5"' in drawn  # a quarter of the votes, half the radius


def test_the_longest_and_best_answer_is_in_the_upper_right_corner() -> None:
    drawn = scatter([[5, -1.0], [25, 3.0]])
    assert f'cx="{WIDTH - RIGHT:.1f}" cy="{TOP:.1f}"' in drawn
    assert f'cx="{LEFT:.1f}" cy="{HEIGHT - BOTTOM:.1f}"' in drawn
    assert "2 answers of 5 to 25 words, scored -1 to 3" in drawn


def test_answers_that_are_all_alike_are_in_the_middle() -> None:
    assert f'cx="{(LEFT + WIDTH - RIGHT) / 2:.1f}" cy="{(TOP + HEIGHT - BOTTOM) / 2:.1f}"' in scatter([[4, 0.5]])


def test_a_share_has_its_ceiling_beside_it_where_that_is_known() -> None:
    assert 'class="ceiling" style="left:80.0%"' in share_bar(0.6, 0.5, 0.75, 0.8)
    assert "ceiling" not in share_bar(0.6, 0.5, 0.75, None)
