"""A learning-curve job: how much the votes teach a small head on the policy's frozen features.

in: policy, preferences.parquet      out: the curve, in result.json
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment.chatformat import encode_answers, encode_prompts
from alignment.heads import Votes, learning_curve
from alignment.jobdir import JobDir
from alignment.models import context_length, load_policy
from alignment.preferences import Preference, other_fold, preferences_of, preferences_to_learn, read_votes
from alignment.readiness import MIN_A_FOLD
from alignment.recipes.preferences import LearningCurveRecipe
from alignment.scoring import Answered
from storage.errors import UserError

AT_ONCE = 64  # answers between two notes of progress
MOST_TOKENS = 2**15  # of an answer with its prompt, where the model names no limit


def run(job: JobDir, recipe: LearningCurveRecipe) -> dict[str, Any]:
    """Measure it on the votes of the other fold. Result: points, more and gain of the curve, and how many votes.

    Raises UserError where there is no vote for one side to learn from, or too few to measure by.
    """
    votes = read_votes(job.resolve(recipe.preferences))
    seen, unseen = preferences_to_learn(votes, recipe.fold), preferences_of(votes, other_fold(recipe.fold))
    if len(unseen) < MIN_A_FOLD:
        raise UserError(
            f"Of the votes for one side only {len(unseen)} are on prompts that are kept unseen, and it takes "
            f"{MIN_A_FOLD}: rank some more pairs on other prompts."
        )
    model, tokenizer = load_policy(job.resolve(recipe.policy))
    job.in_batches = True
    to_learn = _differences(job, model, tokenizer, seen, 0.0)
    to_test = _differences(job, model, tokenizer, unseen, 0.5)
    more = max(1, round(recipe.more * len(seen) / (len(seen) + len(unseen))))
    curve = asdict(learning_curve(to_learn, to_test, more, recipe.seed))
    return {
        **curve,
        "more_labels": recipe.more,
        "labels": len(seen) + len(unseen),
        "unseen": len(unseen),
        "unseen_prompts": len({one.prompt_id for one in unseen}),
    }


def _differences(
    job: JobDir, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, votes: Sequence[Preference], begun: float
) -> Votes:
    """The votes' features; `begun` is how much of the job is done before."""
    answered = [(one.prompt, text) for one in votes for text in (one.chosen, one.rejected)]
    found = []
    for start in range(0, len(answered), AT_ONCE):
        found.append(features(model, tokenizer, answered[start : start + AT_ONCE]))
        job.log_progress(start, begun + start / len(answered) / 2)
    both = np.concatenate(found)
    return Votes(both[::2] - both[1::2], np.array([one.prompt_id for one in votes]))


@torch.inference_mode()
def features(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, answered: Sequence[Answered]
) -> npt.NDArray[np.float64]:
    """(answers, hidden + 1): the mean of the last hidden states over each answer's tokens, and the log of their number.

    As to a reward model, an answer too long for the model loses the front of its prompt first.
    """
    prompts = [prompt for prompt, _ in answered]
    answers = encode_answers(tokenizer, prompts, [answer for _, answer in answered])
    limit = context_length(model) or MOST_TOKENS
    rows = []
    for prompt, answer in zip(encode_prompts(tokenizer, prompts), answers, strict=True):
        ids = [*prompt, *answer][-limit:]
        count = min(len(answer), len(ids))
        hidden = model(torch.tensor([ids], device=model.device), output_hidden_states=True).hidden_states[-1][0]
        mean = hidden[len(ids) - count :].float().mean(dim=0).cpu().numpy()
        rows.append(np.append(mean, np.log(count)).astype(np.float64))
    return np.stack(rows)
