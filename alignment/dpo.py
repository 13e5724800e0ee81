"""A dpo job: a policy from votes, by TRL's DPOTrainer (Rafailov et al. 2023, and the losses that came after it).

in: policy, reference, preferences.parquet      out: model/

It learns from votes for one side. Ties and both-bad say nothing of which answer is better, so they are counted and
left out; `alignment.kto` learns from both-bad.
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase
from trl import DPOConfig, DPOTrainer

from alignment.implicit_reward import tokenised_pairs
from alignment.jobdir import JobDir
from alignment.offline import Lesson, run_offline
from alignment.preferences import Votes, preferences_to_learn
from alignment.recipes.preferences import DpoRecipe
from alignment.reference import is_in_one_piece, reference_log_probs
from storage.errors import UserError


class TokenisedDpoTrainer(DPOTrainer):
    """DPOTrainer on rows that are tokenised already, just as the policy reads and writes them when it generates."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        if not is_in_one_piece(self) or self.ld_alpha is not None:  # then it weighs an answer's tokens apart
            return super()._precompute_ref_logps(dataset, name, batch_size)
        rows = dataset.to_list()
        sides = [(row["prompt_ids"], row[side]) for side in ("chosen_ids", "rejected_ids") for row in rows]
        found = reference_log_probs(self, sides)
        chosen, rejected = found[: len(rows)], found[len(rows) :]
        return dataset.add_column("ref_chosen_logps", chosen).add_column("ref_rejected_logps", rejected)


def run(job: JobDir, recipe: DpoRecipe) -> dict[str, Any]:
    """Train by DPO on pairs; the result is `run_offline`'s, with what was trained on."""

    def lesson(votes: Votes, tokenizer: PreTrainedTokenizerBase, limit: int) -> Lesson:
        pairs = preferences_to_learn(votes, recipe.fold)
        rows = tokenised_pairs(tokenizer, pairs, limit)
        if not rows:
            raise UserError(
                f"None of {len(pairs)} votes is left to train on: their texts are longer than {limit} tokens."
            )
        figures = {"train_pairs": len(rows), "dropped": len(pairs) - len(rows)}
        return Lesson(rows, loss_arguments(recipe), figures)

    return run_offline(job, recipe, TokenisedDpoTrainer, DPOConfig, lesson)


def loss_arguments(recipe: DpoRecipe) -> dict[str, Any]:
    """Arguments of DPOConfig beside those of every Trainer.

    The reference's log-probabilities are computed once, before training.
    """
    return {
        "beta": recipe.beta,
        "loss_type": [recipe.loss_type, "sft"] if recipe.sft_weight else [recipe.loss_type],
        "loss_weights": [1.0, recipe.sft_weight] if recipe.sft_weight else None,
        "label_smoothing": recipe.label_smoothing,
        "precompute_ref_log_probs": True,
        "max_length": None,
        "disable_dropout": True,
    }
