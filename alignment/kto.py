"""A kto job: a policy from single answers, desirable or not, by TRL's KTOTrainer (Ethayarajh et al. 2024).

in: policy, reference, preferences.parquet      out: model/

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
from alignment.desirability import JudgedAnswer, balancing_weights, judged_answers
from alignment.implicit_reward import implicit_reward_figures, log_ratios, log_ratios_of, tokenised_pairs
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_policy, save_model
from alignment.preferences import other_fold, preferences_of, read_votes, undecided
from alignment.recipes.preferences import KtoRecipe
from alignment.reference import is_in_one_piece, reference_log_probs
from alignment.training import train, trainer_config
from alignment.tuning import apply_tuning, merged, trainable_share
from storage.errors import UserError

TRAINED = 0.9  # of the job's progress, when training ends
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
    """Train on the answers of one fold, and measure on the votes for one side of the other.

    Result: how many answers of either kind there were and what they weighed, and accuracy of the implicit reward
    log(policy / reference) with its interval. `reference` is parent where that is the policy which the training
    starts from, else initial.
    """
    votes = read_votes(job.resolve(recipe.preferences))
    model, tokenizer = load_policy(job.resolve(recipe.policy))
    parameters = count_parameters(model)
    limit = length_limit(model, recipe.max_length)
    judged = judged_answers(votes, recipe.fold, recipe.pairs)
    rows = [row for row in _tokenised(tokenizer, judged) if len(row["prompt_ids"] + row["completion_ids"]) <= limit]
    random.Random(recipe.seed).shuffle(rows)
    counts = _counts(rows)
    weights = _weights(recipe, counts)
    rate = recipe.learning_rate or default_learning_rate("kto", recipe.tuning, parameters)
    heldout = tokenised_pairs(tokenizer, preferences_of(votes, other_fold(recipe.fold)), limit)
    own_reference = job.resolve(recipe.reference) == job.resolve(recipe.policy)
    reference = None if own_reference else load_policy(job.resolve(recipe.reference))[0]
    model = apply_tuning(model, recipe)
    share = trainable_share(model)
    trainer = TokenisedKtoTrainer(
        model=model,
        ref_model=reference,
        args=trainer_config(KTOConfig, job, recipe, rate, **loss_arguments(recipe, weights, limit)),
        train_dataset=Dataset.from_list(with_mismatched(rows, recipe.batch_size)),
        processing_class=tokenizer,
    )
    loss = train(trainer, job, recipe, end=TRAINED)
    model = merged(trainer.model).eval()
    after = log_ratios(model, tokenizer, heldout)
    save_model(model, tokenizer, job.model, recipe.save_dtype)
    del model, reference, trainer  # to make room for the reference
    before = log_ratios_of(job.resolve(recipe.reference), heldout)
    return {
        "parameters": parameters,
        "trainable_share": share,
        **counts,
        **weights,
        "dropped": len(judged) - len(rows),
        **undecided(votes, recipe.fold),
        "reference": "parent" if own_reference else "initial",
        "loss": loss,
        "learning_rate": rate,
        **implicit_reward_figures(after, before, recipe.beta, heldout),
    }


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
                "with the setting pairs, the votes for one side give both."
            )
    return counts


def _weights(recipe: KtoRecipe, counts: dict[str, int]) -> dict[str, float]:
    """The weights of the recipe, or where it leaves one open, the one that balances the counts."""
    desirable, undesirable = balancing_weights(counts["desirable"], counts["undesirable"])
    return {
        "desirable_weight": recipe.desirable_weight or desirable,
        "undesirable_weight": recipe.undesirable_weight or undesirable,
    }
