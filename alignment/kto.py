"""A kto job: a policy from single answers, desirable or not, by TRL's KTOTrainer (Ethayarajh et al. 2024).

in: policy, reference, preferences.parquet, ratings.jsonl (if there are thumbs)      out: model/

An answer is worth what its log-ratio to the reference is above the mean KL of policy and reference. TRL estimates that
in every batch from answers put behind other prompts, so batches are fixed once, in an order shuffled by the seed.
"""

from __future__ import annotations

import random
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase
from trl import KTOConfig, KTOTrainer

from alignment.chatformat import encode_answers, encode_prompts
from alignment.desirability import JudgedAnswer, balancing_weights, judged_answers, read_ratings, thumbs_on
from alignment.jobdir import JobDir
from alignment.offline import Lesson, run_offline
from alignment.preferences import Votes
from alignment.recipes.preferences import KtoRecipe
from alignment.reference import is_in_one_piece, reference_log_probs
from storage.errors import UserError

Rows = list[dict[str, Any]]


class TokenisedKtoTrainer(KTOTrainer):
    """KTOTrainer on rows that are tokenised already, just as the policy reads and writes them when it generates."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        if not is_in_one_piece(self):
            return super()._precompute_ref_logps(dataset, name, batch_size)
        rows = dataset.to_list()
        columns = {"ref_logps": "completion_ids"}
        if self.calculate_KL:
            columns["ref_KL_logps"] = "KL_completion_ids"
        for column, answer in columns.items():
            # As the collator cuts what is too long, which only an answer behind another prompt can be.
            sides = [(row["prompt_ids"], row[answer][: self.args.max_length - len(row["prompt_ids"])]) for row in rows]
            dataset = dataset.add_column(column, reference_log_probs(self, sides))
        return dataset


def run(job: JobDir, recipe: KtoRecipe) -> dict[str, Any]:
    """Train by KTO on single answers; the result is `run_offline`'s, with counts of both kinds, weights and thumbs."""
    ratings = read_ratings(job.resolve(recipe.ratings)) if recipe.ratings else ()

    def lesson(votes: Votes, tokenizer: PreTrainedTokenizerBase, limit: int) -> Lesson:
        judged = judged_answers(votes, recipe.fold, recipe.pairs, ratings)
        rows = [row for row in _tokenised(tokenizer, judged) if len(row["prompt_ids"] + row["completion_ids"]) <= limit]
        if judged and not rows:
            raise UserError(
                f"None of {len(judged)} answers is left to train on: with their prompts they are longer than {limit} "
                "tokens."
            )
        random.Random(recipe.seed).shuffle(rows)
        counts = _counts(rows)
        weights = _weights(recipe, counts)
        figures = {**counts, **weights, **thumbs_on(ratings, recipe.fold), "dropped": len(judged) - len(rows)}
        return Lesson(with_mismatched(rows, recipe.batch_size), loss_arguments(recipe, weights, limit), figures)

    return run_offline(job, recipe, TokenisedKtoTrainer, KTOConfig, lesson)


def loss_arguments(recipe: KtoRecipe, weights: dict[str, float], limit: int) -> dict[str, Any]:
    """Arguments of KTOConfig beside those of every Trainer.

    `limit` cuts only answers behind other prompts, since longer rows were left out.
    """
    return {
        "beta": recipe.beta,
        "loss_type": recipe.loss_type,
        **weights,
        "precompute_ref_log_probs": True,
        "max_length": limit,
        "disable_dropout": True,
        "train_sampling_strategy": "sequential",
    }


def with_mismatched(rows: Rows, batch_size: int) -> Rows:
    """Rows with `KL_completion_ids`: of each batch, the completion of the row before, and the last one's for the first.

    A batch of one takes that of the row before it: with its own, its reward would be compared with itself.
    """
    found = []
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        before = batch[-1] if len(batch) > 1 else rows[start - 1]
        for row, other in zip(batch, [before, *batch], strict=False):
            found.append({**row, "KL_completion_ids": other["completion_ids"]})
    return found


def _tokenised(tokenizer: PreTrainedTokenizerBase, judged: list[JudgedAnswer]) -> Rows:
    """Rows as KTOTrainer's collator takes them."""
    prompts = [one.prompt for one in judged]
    return [
        {"prompt_ids": prompt, "completion_ids": completion, "label": one.desirable}
        for one, prompt, completion in zip(
            judged,
            encode_prompts(tokenizer, prompts),
            encode_answers(tokenizer, prompts, [one.answer for one in judged]),
            strict=True,
        )
    ]


def _counts(rows: Rows) -> dict[str, int]:
    """How many rows are desirable and undesirable. Raises UserError when either is none."""
    desirable = sum(row["label"] for row in rows)
    counts = {"desirable": desirable, "undesirable": len(rows) - desirable}
    for kind, count in counts.items():
        if count == 0:
            raise UserError(
                f"KTO needs answers of both kinds, and of {len(rows)} answers to train on none is {kind}: "
                "thumbs up and down give them, and with the setting pairs the votes for one side give both."
            )
    return counts


def _weights(recipe: KtoRecipe, counts: dict[str, int]) -> dict[str, float]:
    """The weights of the recipe, or where it leaves one open, the one that balances the counts."""
    desirable, undesirable = balancing_weights(counts["desirable"], counts["undesirable"])
    return {
        "desirable_weight": recipe.desirable_weight or desirable,
        "undesirable_weight": recipe.undesirable_weight or undesirable,
    }
