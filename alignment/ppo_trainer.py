"""Proximal policy optimisation with a critic, in the loop of TRL's GRPOTrainer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model
from torch import nn
from transformers import TrainerCallback
from trl import GRPOTrainer

from alignment.advantages import (
    adapted_kl_coef,
    clipped_policy_loss,
    clipped_value_loss,
    explained_variance,
    generalised_advantages,
    token_rewards,
    whiten,
)
from alignment.critic import FullCritic, HeadCritic
from alignment.online_trainer import Models, OnlineTrainer, Scored
from alignment.recipes.online import PpoRecipe
from alignment.rollouts import Batch, trimmed
from alignment.token_log_probs import token_log_probs
from storage.records import Message

CRITIC = "critic.safetensors"
HEAD_LEARNING_RATE = 2e-3


class PpoTrainer(OnlineTrainer, GRPOTrainer):
    """PPO (Schulman et al. 2017) as it is done on language models (Ziegler et al. 2019; Stiennon et al. 2020)."""

    recipe: PpoRecipe

    def __init__(self, models: Models, prompts: Sequence[Sequence[Message]], recipe: PpoRecipe, args: Any) -> None:
        super().__init__(models, prompts, recipe, args)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.critic = (HeadCritic if recipe.critic == "head" else FullCritic)(models.reward_model)
        self.add_callback(_TrainCritic(self.critic, recipe.max_gradient_norm))

    @torch.no_grad()
    def learning_signal(self, scored: Scored) -> Batch:
        """Values, advantages and returns, all (B, L)."""
        recipe, mask = self.recipe, scored.batch["action_mask"]
        values = self.critic(scored.batch) * mask
        rewards = token_rewards(scored.scores, scored.log_ratio, mask, self.kl_coef)
        if recipe.whiten_rewards:
            rewards = whiten(rewards, mask, shift_mean=False)
        advantages = generalised_advantages(rewards, values, mask, recipe.gamma, recipe.gae_lambda)
        returns = advantages + values
        self._note(explained_variance=explained_variance(values, returns, mask))
        if recipe.kl_target is not None:
            self.kl_coef = adapted_kl_coef(
                self.kl_coef, scored.kl, recipe.kl_target, recipe.rollout_size, recipe.kl_horizon
            )
        return {"values": values, "advantages": whiten(advantages, mask), "returns": returns}

    def features(self, states: torch.Tensor, part: Batch) -> Batch:
        """What the critic reads beside the batch itself."""
        return self.critic.features(states, part)

    def _compute_loss(self, model: nn.Module, inputs: Batch) -> torch.Tensor:
        """The clipped surrogate of the policy and the clipped squared error of the critic, means over tokens."""
        batch, recipe = trimmed(inputs), self.recipe
        mask = batch["action_mask"]
        log_probs = token_log_probs(model, batch, recipe.temperature)
        policy_loss, clip_fraction = clipped_policy_loss(
            log_probs - batch["old_log_probs"], batch["advantages"], mask, recipe.clip
        )
        value_loss = clipped_value_loss(self.critic(batch), batch["values"], batch["returns"], mask, recipe.value_clip)
        self._note(clip_fraction=clip_fraction.item(), value_loss=value_loss.item())
        return policy_loss + recipe.value_coef * value_loss

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """The policy's optimizer with the critic as one more group, at a rate of its own."""
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        rate = HEAD_LEARNING_RATE if self.recipe.critic == "head" else self.args.learning_rate
        rate = self.recipe.critic_learning_rate or rate
        optimizer.add_param_group({"params": [*self.critic.parameters()], "lr": rate, "weight_decay": 0.0})
        return optimizer

    def save_more(self, folder: Path) -> None:
        """The critic's weights; its moments are in the optimizer's state."""
        save_model(self.critic, str(folder / CRITIC))

    def load_more(self, folder: Path) -> None:
        """The critic as it was."""
        load_model(self.critic, folder / CRITIC)


class _TrainCritic(TrainerCallback):
    """Trainer clips and zeroes the gradients of its model alone."""

    def __init__(self, critic: nn.Module, max_norm: float) -> None:
        self._critic = critic
        self._max_norm = max_norm

    def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
        """Clip the critic's gradients to a norm of their own."""
        nn.utils.clip_grad_norm_(self._critic.parameters(), self._max_norm)

    def on_optimizer_step(self, *_: Any, **__: Any) -> None:
        """Forget them when they are used."""
        self._critic.zero_grad()
