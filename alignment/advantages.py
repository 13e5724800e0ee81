"""The arithmetic of learning from rewards: advantages, clipped losses, and the weight of the KL. Pure functions.

Shapes: a rollout has B completions of at most L tokens. What belongs to tokens is (B, L) with a `mask` that is true on
the tokens of the completion, which come first; what is not under the mask counts nowhere.
"""

from __future__ import annotations

import torch


def masked_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens under the mask, each counted the same."""
    return (values * mask).sum() / mask.sum()


def whiten(values: torch.Tensor, mask: torch.Tensor, shift_mean: bool = True) -> torch.Tensor:
    """Values scaled to unit variance over all tokens under the mask, and shifted to mean 0 unless told otherwise."""
    mean = masked_mean(values, mask)
    variance = masked_mean((values - mean) ** 2, mask)
    scaled = (values - mean) / (variance + 1e-8).sqrt()
    return (scaled if shift_mean else scaled + mean) * mask


def final_scores(scores: torch.Tensor, ended: torch.Tensor, no_eos_score: float, clip: float) -> torch.Tensor:
    """Scores (B,) clipped to plus and minus `clip`; of a completion that did not end, `no_eos_score` in their place."""
    return torch.where(ended, scores.clamp(-clip, clip), torch.full_like(scores, no_eos_score))


def token_rewards(
    scores: torch.Tensor, log_ratio: torch.Tensor, mask: torch.Tensor, kl_coef: float | torch.Tensor
) -> torch.Tensor:
    """Reward of every token: less `kl_coef` times log(policy / reference), and the score (B,) on the last token.

    The log-ratio is not clamped at 0, which would make the sum over tokens a biased estimate of the KL (Ziegler et al.
    2019; Stiennon et al. 2020).
    """
    rewards = -kl_coef * log_ratio * mask
    last = mask.sum(1) - 1
    rewards[torch.arange(len(scores), device=scores.device), last] += scores
    return rewards


def generalised_advantages(
    rewards: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, gamma: float, lam: float
) -> torch.Tensor:
    """Generalised advantage estimates (Schulman et al. 2016).

    delta_t = r_t + gamma V_{t+1} - V_t and A_t = delta_t + gamma lambda A_{t+1}; behind the last token both are 0.
    """
    values = values * mask
    advantages = torch.zeros_like(values)
    following_value = following = torch.zeros_like(values[:, 0])
    for place in reversed(range(values.shape[1])):
        delta = rewards[:, place] + gamma * following_value - values[:, place]
        following = (delta + gamma * lam * following) * mask[:, place]
        following_value = values[:, place]
        advantages[:, place] = following
    return advantages


def leave_one_out(returns: torch.Tensor, group: int) -> torch.Tensor:
    """Return of each completion (B,) less the mean of the others to the same prompt, which are `group` neighbours.

    Kool et al. 2019; Ahmadian et al. 2024.
    """
    grouped = returns.view(-1, group)
    others = (grouped.sum(1, keepdim=True) - grouped) / (group - 1)
    return (grouped - others).flatten()


def clipped_policy_loss(
    log_ratio: torch.Tensor, advantages: torch.Tensor, mask: torch.Tensor, clip: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """PPO's clipped surrogate loss (Schulman et al. 2017), a mean over tokens, and the share where the clip acts.

    `log_ratio` is log(new / old) of the policy that is trained.
    """
    ratio = log_ratio.exp()
    free = -advantages * ratio
    clipped = -advantages * ratio.clamp(1 - clip, 1 + clip)
    return masked_mean(torch.maximum(free, clipped), mask), masked_mean((clipped > free).float(), mask)


def clipped_value_loss(
    values: torch.Tensor, old_values: torch.Tensor, returns: torch.Tensor, mask: torch.Tensor, clip: float | None
) -> torch.Tensor:
    """Half the squared error of a critic, a mean over tokens; a value that moved beyond `clip` gains nothing by it."""
    if clip is None:
        return 0.5 * masked_mean((values - returns) ** 2, mask)
    near = old_values + (values - old_values).clamp(-clip, clip)
    return 0.5 * masked_mean(torch.maximum((values - returns) ** 2, (near - returns) ** 2), mask)


def explained_variance(values: torch.Tensor, returns: torch.Tensor, mask: torch.Tensor) -> float:
    """1 - Var(returns - values) / Var(returns) over tokens: 1 is a perfect critic, 0 one that says the mean."""
    selected, errors = returns[mask.bool()], (returns - values)[mask.bool()]
    return float(1 - errors.var(correction=0) / (selected.var(correction=0) + 1e-8))


def adapted_kl_coef(kl_coef: float, kl: float, target: float, completions: int, horizon: int) -> float:
    """The weight of the KL after a rollout whose completions had `kl` nats each (Ziegler et al. 2019, section 2.2).

    It grows with the relative error kl / target - 1, clipped to plus and minus 0.2, over `horizon` completions.
    """
    error = min(max(kl / target - 1, -0.2), 0.2)
    return kl_coef * (1 + error * completions / horizon)
