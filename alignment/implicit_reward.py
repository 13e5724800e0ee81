"""The reward that a policy implies, beta x log(policy / reference) (Rafailov et al. 2023), on votes not trained on."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment.chatformat import encode_answers, encode_prompts
from alignment.models import load_policy
from alignment.preference_figures import preference_figures
from alignment.preferences import Preference
from alignment.scoring import sequence_log_probs


def tokenised_pairs(tokenizer: PreTrainedTokenizerBase, pairs: list[Preference], longest: int) -> list[dict[str, Any]]:
    """Rows of token ids as TRL's collator for preferences takes them, without those of more than `longest` tokens."""
    prompts = [pair.prompt for pair in pairs]
    rows = [
        {"prompt_id": pair.prompt_id, "prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected}
        for pair, prompt, chosen, rejected in zip(
            pairs,
            encode_prompts(tokenizer, prompts),
            encode_answers(tokenizer, prompts, [pair.chosen for pair in pairs]),
            encode_answers(tokenizer, prompts, [pair.rejected for pair in pairs]),
            strict=True,
        )
    ]
    return [row for row in rows if _length(row) <= longest]


def log_ratios(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: list[dict[str, Any]]) -> list[float]:
    """log p(chosen) - log p(rejected) of each row, in nats."""
    sides = [(row["prompt_ids"], row[side]) for side in ("chosen_ids", "rejected_ids") for row in rows]
    found = sequence_log_probs(model, tokenizer.pad_token_id, sides)
    return [chosen - rejected for chosen, rejected in zip(found[: len(rows)], found[len(rows) :], strict=True)]


def log_ratios_of(policy: Path, rows: list[dict[str, Any]]) -> list[float]:
    """The same under the policy in a directory, for which the memory of those that are gone is given back first.

    So the reference is measured when the training is over, and the training does not wait for it.
    """
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return log_ratios(*load_policy(policy), rows)


def implicit_reward_figures(
    policy: list[float], reference: list[float], beta: float, rows: list[dict[str, Any]]
) -> dict[str, float | int]:
    """Accuracy and calibration of the implicit reward, from the `log_ratios` of policy and reference on the rows."""
    margins = [beta * (after - before) for after, before in zip(policy, reference, strict=True)]
    return preference_figures(margins, [row["prompt_id"] for row in rows])


def _length(row: dict[str, Any]) -> int:
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))
