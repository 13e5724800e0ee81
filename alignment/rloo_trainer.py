"""REINFORCE with a leave-one-out baseline, in the loop of TRL's RLOOTrainer."""

from __future__ import annotations

import torch
from torch import nn
from trl import RLOOTrainer

from alignment.advantages import clipped_policy_loss, leave_one_out
from alignment.online_trainer import OnlineTrainer, Scored
from alignment.recipes.online import RlooRecipe
from alignment.rollouts import Batch, trimmed
from alignment.token_log_probs import token_log_probs


class RlooTrainer(OnlineTrainer, RLOOTrainer):
    """RLOO (Ahmadian et al. 2024): a whole completion is one action, judged against its siblings; no critic."""

    recipe: RlooRecipe

    def learning_signal(self, scored: Scored) -> Batch:
        """Advantages (B,)."""
        returns = scored.scores - self.kl_coef * scored.completion_log_ratio
        return {"advantages": leave_one_out(returns, self.recipe.completions_per_prompt)}

    def _compute_loss(self, model: nn.Module, inputs: Batch) -> torch.Tensor:
        """The clipped surrogate over whole completions, whose log-probability is the sum over their tokens."""
        batch = trimmed(inputs)
        log_probs = token_log_probs(model, batch, self.recipe.temperature)
        log_ratio = (log_probs - batch["old_log_probs"]).sum(1)
        loss, clip_fraction = clipped_policy_loss(
            log_ratio, batch["advantages"], torch.ones_like(log_ratio), self.recipe.clip
        )
        self._note(clip_fraction=clip_fraction.item())
        return loss
