"""A reward job: a reward model from votes, by TRL's RewardTrainer, starting from the policy.

Votes for one side and ties are learned from (`alignment.ties`); both bad says nothing about which answer is better, so
it is counted, and its answers only help to say where zero is.

in: policy, preferences.parquet      out: model/ (one score; its config records the mean that scores are less), and
                                             in it report.json, on the votes of the other fold
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import RewardConfig

from alignment.jobdir import JobDir, write_json
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_reward_model, save_model
from alignment.preferences import (
    Preference,
    Votes,
    answers_of,
    other_fold,
    preferences_to_learn,
    read_votes,
    ties_of,
    undecided,
)
from alignment.recipes.preferences import RewardRecipe
from alignment.reward_report import headline
from alignment.reward_trainer import VoteTrainer
from alignment.score import measured
from alignment.scoring import encode, rewards
from alignment.ties import tie_weight
from alignment.training import train, trainer_config
from alignment.tuning import apply_tuning, merged, trainable_share
from storage.errors import UserError
from storage.records import MARGINS
from storage.reports import REPORT

TRAINED = 0.9  # of the job's progress, when training ends


def run(job: JobDir, recipe: RewardRecipe) -> dict[str, Any]:
    """Train on the votes of one fold, centre the scores, and measure on the other fold.

    Result: accuracy with its interval, ece and length_correlation on the other fold, and what was trained on.
    """
    votes = read_votes(job.resolve(recipe.preferences))
    model, tokenizer = load_reward_model(job.resolve(recipe.policy), seed=recipe.seed)
    parameters = count_parameters(model)
    limit = length_limit(model, recipe.max_length)
    given = preferences_to_learn(votes, recipe.fold) + (ties_of(votes, recipe.fold) if recipe.ties else [])
    rows = [row for row in _tokenised(tokenizer, given, recipe.margin) if _length(row) <= limit]
    ties = sum(row["tied"] for row in rows)
    if len(rows) == ties:
        raise UserError(
            "No vote for one side is left to train a reward model on: "
            f"of {len(given)} votes {ties} are ties, and the others are longer than {limit} tokens."
        )
    rate = recipe.learning_rate or default_learning_rate("reward", recipe.tuning, parameters)
    model = apply_tuning(model, recipe, "SEQ_CLS")
    share = trainable_share(model)
    trainer = VoteTrainer(
        model=model,
        args=trainer_config(RewardConfig, job, recipe, rate, max_length=None, disable_dropout=True),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        tie_weight=tie_weight(ties, len(rows) - ties),
    )
    loss = train(trainer, job, recipe, end=TRAINED)
    model = merged(trainer.model).eval()
    _centre(model, tokenizer, votes, recipe.fold)
    report = measured(model, tokenizer, votes, other_fold(recipe.fold))
    save_model(model, tokenizer, job.model, recipe.save_dtype)
    write_json(job.model / REPORT, report)
    return {
        "parameters": parameters,
        "trainable_share": share,
        "train_pairs": len(rows) - ties,
        "train_ties": ties,
        "dropped": len(given) - len(rows),
        **undecided(votes, recipe.fold),
        "loss": loss,
        "learning_rate": rate,
        "reward_mean": model.config.reward_mean,
        **headline(report),
    }


def _tokenised(tokenizer: PreTrainedTokenizerBase, votes: list[Preference], use_margin: bool) -> list[dict[str, Any]]:
    """Rows as `VoteTrainer` takes them."""
    chosen = encode(tokenizer, [(vote.prompt, vote.chosen) for vote in votes])
    rejected = encode(tokenizer, [(vote.prompt, vote.rejected) for vote in votes])
    return [
        {
            "prompt_id": vote.prompt_id,
            "chosen_ids": chosen_ids,
            "rejected_ids": rejected_ids,
            "margin": MARGINS[vote.strength] if use_margin else 0.0,
            "tied": vote.strength == 0,
            "weight": vote.weight,
        }
        for vote, chosen_ids, rejected_ids in zip(votes, chosen, rejected, strict=True)
    ]


def _length(row: dict[str, Any]) -> int:
    return max(len(row["chosen_ids"]), len(row["rejected_ids"]))


def _centre(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, votes: Votes, fold: str) -> None:
    """Record the mean score of the fold's answers, so that 0 means "as good as the policy's own".

    The loss fixes only differences, so a constant is free. The answers are the policy's own, each once, whatever was
    voted on them: without those that were both bad the mean would be too high (Stiennon et al. 2020 normalise to a
    mean of 0 on reference answers).
    """
    model.config.reward_mean = 0.0
    scores = rewards(model, tokenizer, answers_of(votes, fold))
    model.config.reward_mean = sum(scores) / len(scores)
