"""The arithmetic of PPO and RLOO against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from alignment import advantages

MASK = torch.tensor([[True, True, True], [True, False, False]])


def test_advantages_are_the_discounted_sum_of_errors() -> None:
    rewards = torch.tensor([[1.0, 0.0, 2.0]])
    values = torch.tensor([[0.5, 1.0, 1.5]])
    everywhere = torch.ones(1, 3, dtype=torch.bool)
    found = advantages.generalised_advantages(rewards, values, everywhere, gamma=0.9, lam=0.5)
    # deltas: 1 + .9*1 - .5 = 1.4; 0 + .9*1.5 - 1 = .35; 2 - 1.5 = .5
    # A3 = .5; A2 = .35 + .45*.5 = .575; A1 = 1.4 + .45*.575 = 1.65875
    assert found[0].tolist() == pytest.approx([1.65875, 0.575, 0.5])


def test_with_lambda_and_gamma_one_they_are_the_return_less_the_value() -> None:
    rewards = torch.tensor([[0.25, -0.5, 2.0]])
    values = torch.tensor([[3.0, -1.0, 0.5]])
    found = advantages.generalised_advantages(rewards, values, torch.ones(1, 3, dtype=torch.bool), 1.0, 1.0)
    assert found[0].tolist() == pytest.approx([1.75 - 3, 1.5 + 1, 2 - 0.5])


def test_what_lies_behind_the_last_token_changes_no_advantage() -> None:
    rewards = torch.tensor([[1.0, 0.0, 2.0], [1.0, 0.0, 0.0]])
    values = torch.tensor([[0.5, 1.0, 1.5], [0.25, 0.0, 0.0]])
    spoilt = torch.where(MASK, values, torch.tensor(99.0))
    clean = advantages.generalised_advantages(rewards, values, MASK, 1.0, 0.95)
    assert torch.equal(advantages.generalised_advantages(rewards, spoilt, MASK, 1.0, 0.95), clean)
    assert clean[1].tolist() == [0.75, 0, 0]


def test_the_score_comes_on_the_last_token_and_the_kl_on_every_one() -> None:
    log_ratio = torch.tensor([[0.5, -1.0, 2.0], [4.0, 7.0, 7.0]])
    found = advantages.token_rewards(torch.tensor([3.0, -2.0]), log_ratio, MASK, 0.1)
    # a token less likely than under the reference gains: the estimate is not clamped at 0
    assert found.flatten().tolist() == pytest.approx([-0.05, 0.1, 2.8, -2.4, 0, 0])


def test_scores_are_clipped_and_what_does_not_end_gets_its_penalty() -> None:
    scores = torch.tensor([12.0, -30.0, 4.0, 4.0])
    ended = torch.tensor([True, True, True, False])
    assert advantages.final_scores(scores, ended, -5.0, 10.0).tolist() == [10, -10, 4, -5]


def test_whitening_is_over_all_tokens_and_can_leave_the_mean() -> None:
    values = torch.tensor([[1.0, 2.0, 3.0], [6.0, 50.0, 50.0]])  # mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5
    deviation = math.sqrt(3.5)
    white = advantages.whiten(values, MASK)
    assert white.flatten().tolist() == pytest.approx([-2 / deviation, -1 / deviation, 0, 3 / deviation, 0, 0], abs=1e-6)
    kept = advantages.whiten(values, MASK, shift_mean=False)
    assert kept[0].tolist() == pytest.approx([3 - 2 / deviation, 3 - 1 / deviation, 3], abs=1e-6)


def test_the_policy_loss_is_clipped_only_against_the_gain() -> None:
    log_ratio = torch.tensor([[math.log(1.5), math.log(0.5), math.log(1.5)], [math.log(0.5), 9.0, 9.0]])
    signs = torch.tensor([[1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]])
    loss, fraction = advantages.clipped_policy_loss(log_ratio, signs, MASK, 0.2)
    # gains: 1.5 is cut to 1.2; 0.5 stays; losses: -1.5 stays; -0.5 is cut to -0.8
    assert float(loss) == pytest.approx((-1.2 - 0.5 + 1.5 + 0.8) / 4)
    assert float(fraction) == 0.5


def test_where_nothing_has_moved_the_gradient_is_that_of_reinforce() -> None:
    log_probs = torch.tensor([[-1.0, -2.0, -0.5], [-3.0, 0.0, 0.0]], requires_grad=True)
    signal = torch.tensor([[2.0, -1.0, 0.5], [4.0, 0.0, 0.0]])
    loss, _ = advantages.clipped_policy_loss(log_probs - log_probs.detach(), signal, MASK, 0.2)
    loss.backward()
    assert log_probs.grad is not None
    assert torch.allclose(log_probs.grad, -signal / 4)


def test_the_value_loss_counts_the_worse_of_the_free_and_the_clipped_value() -> None:
    old, returns = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), torch.tensor([[1.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    values = torch.tensor([[0.9, 0.1, 0.5], [-0.4, 9.0, 9.0]])
    loss = advantages.clipped_value_loss(values, old, returns, MASK, 0.2)
    # 0.9 is held to 0.2: .8**2; 0.1 is free: .9**2; 0.5 is free and worse: .25; -0.4: 2.4**2 beats 2.2**2
    assert float(loss) == pytest.approx(0.5 * (0.64 + 0.81 + 0.25 + 5.76) / 4)


def test_a_perfect_critic_explains_all_and_a_constant_one_nothing() -> None:
    returns = torch.tensor([[1.0, 2.0, 3.0], [6.0, 0.0, 0.0]])
    assert advantages.explained_variance(returns, returns, MASK) == pytest.approx(1)
    assert advantages.explained_variance(torch.full_like(returns, 7.0), returns, MASK) == pytest.approx(0)
    assert advantages.explained_variance(-returns, returns, MASK) == pytest.approx(-3)


def test_each_completion_is_judged_against_the_others_to_its_prompt() -> None:
    found = advantages.leave_one_out(torch.tensor([1.0, 2.0, 6.0, 5.0, 5.0, 5.0]), 3)
    assert found.tolist() == [1 - 4, 2 - 3.5, 6 - 1.5, 0, 0, 0]


@pytest.mark.parametrize(("kl", "factor"), [(6.3, 1 + 0.05 * 64 / 1000), (60, 1 + 0.2 * 64 / 1000), (0, 1 - 0.0128)])
def test_the_weight_of_the_kl_follows_its_relative_error(kl: float, factor: float) -> None:
    assert advantages.adapted_kl_coef(0.1, kl, 6.0, 64, 1000) == pytest.approx(0.1 * factor)
