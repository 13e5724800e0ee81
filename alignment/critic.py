"""Critics: what return a policy may still expect before each token of a completion. Each starts from a reward model.

A critic is a module of its own, apart from the policy: what is saved and served walks the policy's parameters.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import nn
from transformers import PreTrainedModel

from alignment.models import reward_mean
from alignment.rollouts import Batch, before_actions, piece_size, pieces

WIDTH = 256  # of the hidden layer of a head


class HeadCritic(nn.Module):
    """A small MLP on features that the reward model's frozen body gives once a rollout.

    Optimisation then costs next to nothing, where a second model costs as much as the policy. The value begins at 0,
    which is the mean reward; the reward model's own head, read in the middle of a sentence, would be a worse start.
    """

    def __init__(self, reward_model: PreTrainedModel) -> None:
        super().__init__()
        head = _score_head(reward_model)
        self.value = nn.Sequential(
            nn.LayerNorm(head.in_features), nn.Linear(head.in_features, WIDTH), nn.GELU(), nn.Linear(WIDTH, 1)
        )
        for parameter in self.value[-1].parameters():
            nn.init.zeros_(parameter)
        self.to(head.weight.device)

    def features(self, states: torch.Tensor, batch: Batch) -> Batch:
        """What a batch must carry for this critic: the reward model's states (B, T, H) before each action."""
        return {"features": before_actions(states, batch).float()}

    def forward(self, batch: Batch) -> torch.Tensor:
        """Values (B, L)."""
        return cast(torch.Tensor, self.value(batch["features"])).squeeze(-1)


class FullCritic(nn.Module):
    """A copy of the whole reward model that is trained beside the policy (Stiennon et al. 2020)."""

    def __init__(self, reward_model: PreTrainedModel) -> None:
        super().__init__()
        self.model = copy.deepcopy(reward_model).float().requires_grad_(True).eval()  # eval: without dropout
        self.mean = reward_mean(reward_model)

    def features(self, states: torch.Tensor, batch: Batch) -> Batch:
        """Nothing: it reads the sequences themselves."""
        return {}

    def forward(self, batch: Batch) -> torch.Tensor:
        """Values (B, L)."""
        whole = torch.zeros(batch["action_mask"].shape, device=batch["starts"].device)
        for rows, part in pieces(batch, piece_size(batch)):
            states = before_actions(_states(self.model, part), part)
            found = cast(torch.Tensor, _score_head(self.model)(states)).squeeze(-1) - self.mean
            columns = torch.arange(found.shape[1], device=found.device)
            whole = whole.index_put((rows.unsqueeze(1), columns.unsqueeze(0)), found)
        return whole


def score(reward_model: PreTrainedModel, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores (B,) of a batch's sequences, read at their last token, less the recorded mean; and the states (B, T, H).

    On token ids, never on text: decoded and tokenised again, a completion would lose the token that ended it.
    """
    states = _states(reward_model, batch)
    last = batch["attention_mask"].sum(1) - 1
    rows = torch.arange(len(last), device=last.device)
    return _score_head(reward_model)(states[rows, last]).squeeze(-1).float() - reward_mean(reward_model), states


def _states(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    output = model.base_model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)
    return cast(torch.Tensor, output.last_hidden_state)


def _score_head(model: PreTrainedModel) -> nn.Linear:
    return cast(nn.Linear, model.score)
