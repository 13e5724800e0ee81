"""How far labelers agree, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from alignment.agreement import (
    ALL_AGREE,
    DIVIDED,
    ONCE,
    best_accuracy,
    between_labelers,
    comparison,
    levels,
    within_labelers,
)


def vote(prompt_id: int, labeler: str, verdict: str, sides: str = "xy") -> dict[str, Any]:
    return {
        "prompt_id": prompt_id,
        "labeler": labeler,
        "verdict": verdict,
        "completion_a": sides[0],
        "completion_b": sides[1],
    }


# Prompt 1: ann and bob say x, the second of them of a pair with the sides changed; eva says y. Two of the three couples
# differ. Prompt 2: ann and bob say x. Prompt 3: ann alone, twice, and not the same. Prompt 4: a tie says no side.
VOTES = [
    *(vote(1, "ann", "a"), vote(1, "bob", "b", "yx"), vote(1, "eva", "b")),
    *(vote(2, "ann", "a"), vote(2, "bob", "a")),
    *(vote(3, "ann", "a"), vote(3, "ann", "a", "yx")),
    *(vote(4, "ann", "a"), vote(4, "bob", "tie"), vote(5, "eva", "both_bad")),
]


def test_agreement_is_the_share_of_couples_that_name_the_same_winner() -> None:
    found = between_labelers(VOTES)
    assert found is not None
    assert found.share.value == pytest.approx((1 / 3 + 1) / 2)
    assert found.comparisons == 2
    assert found.share.low < found.share.value < found.share.high


def test_agreement_with_oneself_is_told_apart() -> None:
    found = within_labelers(VOTES)
    assert found is not None
    assert (found.share.value, found.comparisons) == (0, 1)


def test_where_nobody_judged_the_same_agreement_is_not_known() -> None:
    assert between_labelers([vote(1, "ann", "a"), vote(2, "bob", "a")]) is None
    assert within_labelers([vote(1, "ann", "a"), vote(1, "bob", "a")]) is None


def test_each_comparison_has_a_level() -> None:
    found = levels(VOTES)
    assert [found[comparison(vote(number, "", "a"))] for number in (1, 2, 3, 4)] == [DIVIDED, ALL_AGREE, DIVIDED, ONCE]
    assert comparison(vote(5, "", "a")) not in found


def test_the_best_accuracy_is_that_of_votes_which_agree_so_often() -> None:
    # votes right with 0.9 agree with 0.81 + 0.01
    assert best_accuracy(0.82) == pytest.approx(0.9)
    assert best_accuracy(1.0) == 1
    assert best_accuracy(0.4) == 0.5
