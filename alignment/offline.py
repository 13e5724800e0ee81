"""What a dpo and a kto job do: train a policy on votes of one fold, held to a reference, and measure on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase, TrainingArguments

from alignment.implicit_reward import implicit_reward_figures, log_ratios, log_ratios_of, tokenised_pairs
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_policy, load_reference, save_model
from alignment.preferences import Votes, other_fold, preferences_of, read_votes, undecided
from alignment.recipes.preferences import VotesRecipe
from alignment.training import train, trainer_config
from alignment.tuning import apply_tuning, merged, trainable_share

TRAINED = 0.9  # of the job's progress, when training ends


@dataclass(frozen=True)
class Lesson:
    """What a method makes of the votes: rows as its trainer takes them, its loss's arguments, and figures to report."""

    rows: list[dict[str, Any]]
    loss_arguments: dict[str, Any]
    figures: dict[str, Any]


LessonOf = Callable[[Votes, PreTrainedTokenizerBase, int], Lesson]  # votes, tokenizer, longest row in tokens


def run_offline(
    job: JobDir, recipe: VotesRecipe, trainer_class: type, config_class: type[TrainingArguments], lesson_of: LessonOf
) -> dict[str, Any]:
    """Train on the lesson, and measure on the votes for one side of the other fold.

    Result: the lesson's figures, and accuracy of the implicit reward log(policy / reference) with its interval.
    `reference` is parent where that is the policy which the training starts from, else initial.
    """
    votes = read_votes(job.resolve(recipe.preferences))
    model, tokenizer = load_policy(job.resolve(recipe.policy))
    parameters = count_parameters(model)
    limit = length_limit(model, recipe.max_length)
    lesson = lesson_of(votes, tokenizer, limit)
    rate = recipe.learning_rate or default_learning_rate(recipe.kind, recipe.tuning, parameters)
    heldout = tokenised_pairs(tokenizer, preferences_of(votes, other_fold(recipe.fold)), limit)
    own_reference = job.resolve(recipe.reference) == job.resolve(recipe.policy)
    config: Any = trainer_config(config_class, job, recipe, rate, **lesson.loss_arguments)
    # Given none, TRL has the policy as it starts, or without its adapters; where it goes on to need more than that, it
    # reads the policy's directory by itself, and not as it is read here.
    has_it_still = config.precompute_ref_log_probs or recipe.tuning == "lora"
    reference = None if own_reference and has_it_still else load_reference(job.resolve(recipe.reference), tokenizer)
    model = apply_tuning(model, recipe)
    share = trainable_share(model)
    trainer = trainer_class(
        model=model,
        ref_model=reference,
        args=config,
        train_dataset=Dataset.from_list(lesson.rows),
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
        **lesson.figures,
        **undecided(votes, recipe.fold),
        "reference": "parent" if own_reference else "initial",
        "loss": loss,
        "learning_rate": rate,
        **implicit_reward_figures(after, before, recipe.beta, heldout),
    }
