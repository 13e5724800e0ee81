"""How small a difference a test can find. Imports no torch."""

from __future__ import annotations

import math

Z_ALPHA = 1.959963984540054  # 97.5 % quantile of the normal distribution: two-sided at 5 %
Z_POWER = 0.8416212335729143  # its 80 % quantile
COIN = 0.5  # standard deviation of a prompt's share where one comparison decides it, at a win rate of one half


def detectable(prompts: int, spread: float = COIN) -> float:
    """By how much a win rate must be off one half to be found, with 80 % power at a level of 5 %.

    (z_0.975 + z_0.8) spread / sqrt(prompts), for a mean of so many independent prompts whose shares have this standard
    deviation (Cohen 1988, "Statistical power analysis for the behavioral sciences", section 2.4). More than 0.5 is
    never found.
    """
    if prompts < 1:
        return math.inf
    return (Z_ALPHA + Z_POWER) * spread / math.sqrt(prompts)


def as_voters(difference: float, agreement: float) -> float:
    """The difference that voters would find where a judge that agrees with them so often finds `difference`.

    The judge's errors pull a win rate towards one half by the factor 2 q - 1 (Rogan and Gladen 1978).
    """
    return difference / (2 * agreement - 1) if agreement > 0.5 else math.inf
