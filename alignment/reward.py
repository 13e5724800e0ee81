"""A reward job: a reward model from votes, by TRL's RewardTrainer, starting from the policy.

in: policy, preferences.parquet      out: model/ (one score; its config records the mean that scores are less)
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import RewardConfig, RewardTrainer

from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_reward_model, save_model
from alignment.preference_figures import preference_figures
from alignment.preferences import Preference, Votes, other_fold, preferences_of, read_votes
from alignment.recipes.preferences import RewardRecipe
from alignment.scoring import encode, rewards
from alignment.statistics import correlation
from alignment.training import train, training_arguments
from alignment.tuning import apply_tuning, merged, trainable_share
from storage.errors import UserError
from storage.records import MARGINS

TRAINED = 0.9  # of the job's progress, when training ends


def run(job: JobDir, recipe: RewardRecipe) -> dict[str, Any]:
    """Train on the votes of one fold, centre the scores, and measure on the other fold.

    Result: accuracy with its interval, ece and length_correlation on the other fold, and what was trained on.
    """
    votes = read_votes(job.resolve(recipe.preferences))
    model, tokenizer = load_reward_model(job.resolve(recipe.policy), seed=recipe.seed)
    parameters = count_parameters(model)
    limit = length_limit(model, recipe.max_length)
    pairs = preferences_of(votes, recipe.fold)
    rows = [row for row in _tokenised(tokenizer, pairs, recipe.margin) if _length(row) <= limit]
    if not rows:
        raise UserError(
            f"No vote is left to train a reward model on: {len(pairs)} were given, longer than {limit} tokens."
        )
    rate = recipe.learning_rate or default_learning_rate("reward", recipe.tuning, parameters)
    model = apply_tuning(model, recipe, "SEQ_CLS")
    share = trainable_share(model)
    trainer = RewardTrainer(
        model=model,
        args=RewardConfig(**training_arguments(job, recipe, rate), max_length=None, disable_dropout=True),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    loss = train(trainer, job, recipe, end=TRAINED)
    model = merged(trainer.model).eval()
    _centre(model, tokenizer, pairs)
    figures = _figures(model, tokenizer, preferences_of(votes, other_fold(recipe.fold)))
    save_model(model, tokenizer, job.model, recipe.save_dtype)
    return {
        "parameters": parameters,
        "trainable_share": share,
        "train_pairs": len(rows),
        "dropped": len(pairs) - len(rows),
        **_left_out(votes),
        "loss": loss,
        "learning_rate": rate,
        "reward_mean": model.config.reward_mean,
        **figures,
    }


def _tokenised(tokenizer: PreTrainedTokenizerBase, pairs: list[Preference], use_margin: bool) -> list[dict[str, Any]]:
    """Rows as TRL's RewardTrainer takes them when they are tokenised already."""
    chosen = encode(tokenizer, [(pair.prompt, pair.chosen) for pair in pairs])
    rejected = encode(tokenizer, [(pair.prompt, pair.rejected) for pair in pairs])
    rows = [{"chosen_ids": c, "rejected_ids": r} for c, r in zip(chosen, rejected, strict=True)]
    if not use_margin:
        return rows
    return [{**row, "margin": MARGINS[pair.strength]} for row, pair in zip(rows, pairs, strict=True)]


def _length(row: dict[str, Any]) -> int:
    return max(len(row["chosen_ids"]), len(row["rejected_ids"]))


def _centre(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pairs: list[Preference]) -> None:
    """Record the mean score of the answers that were voted on, so that 0 means "as good as the policy's own".

    The loss fixes only differences, so a constant is free; the answers are the policy's own, chosen and rejected alike
    (Stiennon et al. 2020 normalise to a mean of 0 on reference answers).
    """
    model.config.reward_mean = 0.0
    answered = [(pair.prompt, text) for pair in pairs for text in (pair.chosen, pair.rejected)]
    scores = rewards(model, tokenizer, answered)
    model.config.reward_mean = sum(scores) / len(scores)


def _figures(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pairs: list[Preference]
) -> dict[str, float | int]:
    """How the model does on votes that it has not seen."""
    texts = [pair.chosen for pair in pairs] + [pair.rejected for pair in pairs]
    scores = rewards(model, tokenizer, list(zip([pair.prompt for pair in pairs] * 2, texts, strict=True)))
    margins = [c - r for c, r in zip(scores[: len(pairs)], scores[len(pairs) :], strict=True)]
    lengths = [len(text.split()) for text in texts]
    return {
        **preference_figures(margins, [pair.prompt_id for pair in pairs]),
        **({"length_correlation": correlation(scores, lengths)} if pairs else {}),
    }


def _left_out(votes: Votes) -> dict[str, int]:
    """Votes of a snapshot that say nothing about which answer is better; counted, not trained on."""
    verdicts = Counter(row["verdict"] for row in votes)
    return {"ties": verdicts["tie"], "both_bad": verdicts["both_bad"]}
