"""Davidson's model of ties: the loss against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from alignment.ties import preference_loss, tie_weight

ZERO = torch.zeros(1)
DECIDED, TIED = torch.tensor([False]), torch.tensor([True])


def loss(difference: float, tied: bool, weight: float, margin: float = 0.0) -> float:
    return preference_loss(torch.tensor([difference]), torch.tensor([margin]), torch.tensor([tied]), weight).item()


def test_equal_rewards_share_what_the_tie_leaves() -> None:
    # Z = 1 + 1 + 2, so P(a) = P(b) = 1/4 and P(tie) = 1/2
    assert loss(0.0, False, 2.0) == pytest.approx(math.log(4))
    assert loss(0.0, True, 2.0) == pytest.approx(math.log(2))


def test_a_reward_that_is_larger_wins_more_and_ties_less() -> None:
    # d = 2 ln 2: e^(d/2) = 2, e^(-d/2) = 1/2, nu = 1, Z = 3.5
    d = 2 * math.log(2)
    assert loss(d, False, 1.0) == pytest.approx(-math.log(2 / 3.5))
    assert loss(-d, False, 1.0) == pytest.approx(-math.log(0.5 / 3.5))
    assert loss(d, True, 1.0) == pytest.approx(-math.log(1 / 3.5))
    assert loss(-d, True, 1.0) == pytest.approx(loss(d, True, 1.0))


def test_without_ties_it_is_bradley_and_terry_with_a_margin() -> None:
    # -ln sigmoid(ln 3) = ln(4/3); with the margin ln 3, -ln sigmoid(0) = ln 2
    assert loss(math.log(3), False, 0.0) == pytest.approx(math.log(4 / 3))
    assert loss(math.log(3), False, 0.0, margin=math.log(3)) == pytest.approx(math.log(2))


def test_the_margin_leaves_the_chance_of_a_tie_alone() -> None:
    without, with_margin = (loss(1.0, False, 1.0, margin) for margin in (0.0, 0.5))
    sigmoids = [math.log(1 + math.exp(-difference)) for difference in (1.0, 0.5)]
    assert with_margin - without == pytest.approx(sigmoids[1] - sigmoids[0])


def test_a_tie_pulls_the_rewards_together_as_half_a_vote_for_each_at_most() -> None:
    difference = torch.tensor([2.0], requires_grad=True)
    preference_loss(difference, ZERO, TIED, 1.0).sum().backward()
    # sinh(1) / (2 cosh(1) + 1), less than that of a label of one half, tanh(1) / 2
    assert difference.grad is not None
    assert difference.grad.item() == pytest.approx(math.sinh(1) / (2 * math.cosh(1) + 1))
    assert 0 < difference.grad.item() < math.tanh(1) / 2


def test_rewards_far_apart_give_finite_losses_and_gradients() -> None:
    for tied in (False, True):
        for weight in (0.0, 0.5) if not tied else (0.5,):
            difference = torch.tensor([300.0, -300.0], requires_grad=True)
            total = preference_loss(difference, torch.zeros(2), torch.tensor([tied] * 2), weight)
            total.sum().backward()
            assert difference.grad is not None
            assert torch.isfinite(total).all()
            assert torch.isfinite(difference.grad).all()


def test_the_weight_makes_the_share_of_ties_what_it_is_among_equals() -> None:
    weight = tie_weight(ties=30, decided=70)
    assert math.exp(-loss(0.0, True, weight)) == pytest.approx(0.3)
    assert tie_weight(0, 5) == 0
    with pytest.raises(ValueError):
        tie_weight(3, 0)
