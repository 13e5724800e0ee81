"""A dpo job: a policy from votes, by TRL's DPOTrainer (Rafailov et al. 2023, and the losses that came after it).

in: policy, reference, preferences.parquet      out: model/

It learns from votes for one side. Ties and both-bad say nothing of which answer is better, so they are counted and
left out; `alignment.kto` learns from both-bad.
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from alignment.implicit_reward import implicit_reward_figures, log_ratios, log_ratios_of, tokenised_pairs
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_policy, save_model
from alignment.preferences import other_fold, preferences_of, read_votes, undecided
from alignment.recipes.preferences import DpoRecipe
from alignment.reference import is_in_one_piece, reference_log_probs
from alignment.training import train, trainer_config
from alignment.tuning import apply_tuning, merged, trainable_share
from storage.errors import UserError

TRAINED = 0.9  # of the job's progress, when training ends


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
    """Train on the votes of one fold and measure on the other.

    Result: accuracy of the implicit reward log(policy / reference) with its interval, and what was trained on.
    `reference` is parent where that is the policy which the training starts from, else initial.
    """
    votes = read_votes(job.resolve(recipe.preferences))
    model, tokenizer = load_policy(job.resolve(recipe.policy))
    parameters = count_parameters(model)
    limit = length_limit(model, recipe.max_length)
    pairs = preferences_of(votes, recipe.fold)
    rows = tokenised_pairs(tokenizer, pairs, limit)
    if not rows:
        raise UserError(f"None of {len(pairs)} votes is left to train on: their texts are longer than {limit} tokens.")
    rate = recipe.learning_rate or default_learning_rate("dpo", recipe.tuning, parameters)
    heldout = tokenised_pairs(tokenizer, preferences_of(votes, other_fold(recipe.fold)), limit)
    own_reference = job.resolve(recipe.reference) == job.resolve(recipe.policy)
    reference = None if own_reference else load_policy(job.resolve(recipe.reference))[0]
    model = apply_tuning(model, recipe)
    share = trainable_share(model)
    trainer = TokenisedDpoTrainer(
        model=model,
        ref_model=reference,
        args=trainer_config(DPOConfig, job, recipe, rate, **loss_arguments(recipe)),
        train_dataset=Dataset.from_list(rows),
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
        "train_pairs": len(rows),
        "dropped": len(pairs) - len(rows),
        **undecided(votes, recipe.fold),
        "reference": "parent" if own_reference else "initial",
        "loss": loss,
        "learning_rate": rate,
        **implicit_reward_figures(after, before, recipe.beta, heldout),
    }


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
