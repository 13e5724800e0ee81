"""A score job: a reward model's report on the votes as they stand, without training it again.

in: reward_model, preferences.parquet      out: report.json
"""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment.jobdir import JobDir, write_json
from alignment.models import load_reward_model
from alignment.preferences import Votes, other_fold, read_votes, sides_of
from alignment.recipes.preferences import ScoreRecipe
from alignment.reward_report import Report, ScoredVote, headline, reward_report
from alignment.scoring import rewards
from storage.reports import REPORT


def run(job: JobDir, recipe: ScoreRecipe) -> dict[str, Any]:
    """Score the votes on prompts that the model was not trained on. Result: the report's main figures."""
    model, tokenizer = load_reward_model(job.resolve(recipe.reward_model))
    report = measured(model, tokenizer, read_votes(job.resolve(recipe.preferences)), other_fold(recipe.fold))
    write_json(job.path / REPORT, report)
    return headline(report)


def measured(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, votes: Votes, fold: str) -> Report:
    """The report on a reward model from the votes on `fold`, whose prompts it has not seen."""
    rows = [row for row in votes if row["fold"] == fold]
    scores = rewards(model, tokenizer, [(row["prompt"], text) for row in rows for text in sides_of(row)])
    scored = [ScoredVote(row, a, b) for row, a, b in zip(rows, scores[::2], scores[1::2], strict=True)]
    return reward_report(votes, scored)
