"""A dpo job: a policy from votes, by TRL's DPOTrainer (Rafailov et al. 2023).

in: policy, reference, preferences.parquet      out: model/
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import DPOConfig, DPOTrainer

from alignment.chatformat import encode_answers, encode_prompts
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_policy, save_model
from alignment.preference_figures import preference_figures
from alignment.preferences import Preference, other_fold, preferences_of, read_votes
from alignment.recipes.preferences import DpoRecipe
from alignment.scoring import sequence_log_probs
from alignment.training import train, training_arguments
from alignment.tuning import apply_tuning, merged, trainable_share
from storage.errors import UserError

TRAINED = 0.9  # of the job's progress, when training ends


class TokenisedDpoTrainer(DPOTrainer):
    """DPOTrainer on rows that are tokenised already, just as the policy reads and writes them when it generates."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset


def run(job: JobDir, recipe: DpoRecipe) -> dict[str, Any]:
    """Train on the votes of one fold and measure on the other.

    Result: accuracy of the implicit reward log(policy / reference) with its interval, and what was trained on.
    """
    votes = read_votes(job.resolve(recipe.preferences))
    model, tokenizer = load_policy(job.resolve(recipe.policy))
    parameters = count_parameters(model)
    limit = length_limit(model, recipe.max_length)
    pairs = preferences_of(votes, recipe.fold)
    rows = [row for row in _tokenised(tokenizer, pairs) if _length(row) <= limit]
    if not rows:
        raise UserError(f"None of {len(pairs)} votes is left to train on: their texts are longer than {limit} tokens.")
    rate = recipe.learning_rate or default_learning_rate("dpo", recipe.tuning, parameters)
    unseen = preferences_of(votes, other_fold(recipe.fold))
    heldout = [row for row in _tokenised(tokenizer, unseen) if _length(row) <= limit]
    own_reference = job.resolve(recipe.reference) == job.resolve(recipe.policy)
    reference = None if own_reference else load_policy(job.resolve(recipe.reference))[0]
    before = _log_probs(reference or model, tokenizer, heldout)
    model = apply_tuning(model, recipe)
    share = trainable_share(model)
    trainer = TokenisedDpoTrainer(
        model=model,
        ref_model=reference,
        args=DPOConfig(
            **training_arguments(job, recipe, rate),
            beta=recipe.beta,
            loss_type=[recipe.loss_type, "sft"] if recipe.sft_weight else [recipe.loss_type],
            loss_weights=[1.0, recipe.sft_weight] if recipe.sft_weight else None,
            label_smoothing=recipe.label_smoothing,
            precompute_ref_log_probs=True,
            max_length=None,
            disable_dropout=True,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    loss = train(trainer, job, recipe, end=TRAINED)
    model = merged(trainer.model).eval()
    after = _log_probs(model, tokenizer, heldout)
    margins = [(a[0] - b[0]) - (a[1] - b[1]) for a, b in zip(after, before, strict=True)]
    figures = preference_figures([recipe.beta * margin for margin in margins], [row["prompt_id"] for row in heldout])
    save_model(model, tokenizer, job.model, recipe.save_dtype)
    return {
        "parameters": parameters,
        "trainable_share": share,
        "train_pairs": len(rows),
        "dropped": len(pairs) - len(rows),
        "loss": loss,
        "learning_rate": rate,
        **figures,
    }


def _tokenised(tokenizer: PreTrainedTokenizerBase, pairs: list[Preference]) -> list[dict[str, Any]]:
    """Rows as DPOTrainer's collator takes them."""
    prompts = [pair.prompt for pair in pairs]
    return [
        {"prompt_id": pair.prompt_id, "prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected}
        for pair, prompt, chosen, rejected in zip(
            pairs,
            encode_prompts(tokenizer, prompts),
            encode_answers(tokenizer, prompts, [pair.chosen for pair in pairs]),
            encode_answers(tokenizer, prompts, [pair.rejected for pair in pairs]),
            strict=True,
        )
    ]


def _length(row: dict[str, Any]) -> int:
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))


def _log_probs(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: list[dict[str, Any]]
) -> list[tuple[float, float]]:
    """log p of (chosen, rejected) of each row."""
    sides = [(row["prompt_ids"], row[side]) for side in ("chosen_ids", "rejected_ids") for row in rows]
    found = sequence_log_probs(model, tokenizer.pad_token_id, sides)
    return list(zip(found[: len(rows)], found[len(rows) :], strict=True))
