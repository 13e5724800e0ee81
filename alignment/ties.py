"""Davidson's model of paired comparisons with ties, as pure functions.

Bradley and Terry (1952) know no ties. Davidson (1970, "On Extending the Bradley-Terry Model to Accommodate Ties in
Paired Comparison Experiments", JASA 65) adds one parameter, nu >= 0. With d the reward of a less that of b,

    P(a wins) = e^(d/2) / Z,    P(b wins) = e^(-d/2) / Z,    P(tie) = nu / Z,    Z = e^(d/2) + e^(-d/2) + nu.

Among votes for one side the odds are e^d whatever nu is, so that a reward keeps its Bradley-Terry meaning and its
calibration; in the model of Rao and Kupper (1967), the other one in use, they are not. Where nobody ties, nu is 0 and
the loss is the one of Bradley and Terry; where nu goes to 0 with ties there, a tie is a label of one half.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import logsigmoid


def preference_loss(
    difference: torch.Tensor, margin: torch.Tensor, tied: torch.Tensor, tie_weight: float
) -> torch.Tensor:
    """-log likelihood of each vote, in nats: (B,) to (B,).

    `difference` is the reward of the chosen answer less that of the other, `tied` says where nobody was chosen and
    `tie_weight` is nu. The likelihood of a vote for one side is that of its not being a tie times Bradley and Terry's
    sigmoid(difference), from which `margin` is subtracted inside (Touvron et al. 2023, equation 2).
    """
    sides = torch.logaddexp(difference / 2, -difference / 2)
    log_weight = math.log(tie_weight) if tie_weight > 0 else -math.inf
    total = torch.logaddexp(sides, torch.full_like(sides, log_weight))
    decided = (total - sides) - logsigmoid(difference - margin)
    return torch.where(tied, total - log_weight, decided)


def tie_weight(ties: int, decided: int) -> float:
    """nu by maximum likelihood for answers of equal reward, 2 ties / decided: where a new head begins.

    It is a setting of the loss and not learned, so that a run resumes from the weights alone. Raises ValueError
    without a vote for one side.
    """
    if decided < 1:
        raise ValueError("without a vote for one side there is nothing to compare ties with")
    return 2 * ties / decided
