"""What a ppo and an rloo job do: load four models, train on rollouts, and measure what came of it."""

from __future__ import annotations

from typing import Any

from transformers import TrainingArguments

from alignment.chatformat import encode_prompts
from alignment.generate import read_prompts
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_policy, load_reference, load_reward_model, save_model
from alignment.online_trainer import Models, OnlineTrainer, loop_arguments
from alignment.recipes.online import OnlineSettings
from alignment.training import train, trainer_config
from alignment.tuning import apply_tuning, merged, trainable_share
from storage.errors import UserError

TRAINED = 0.97  # of the job's progress, when training ends


def run_online(
    job: JobDir, recipe: OnlineSettings, trainer_class: type[OnlineTrainer], config_class: type[TrainingArguments]
) -> dict[str, Any]:
    """Train the policy on rollouts; save it as it was last within the KL budget.

    Result: kl (nats a completion) and reward of the saved policy on prompts in turn, how many rollouts there were,
    whether the budget ended them, and what was left out. `reference` is parent where that is the policy which the
    training starts from, else initial.
    """
    models = _load(job, recipe)
    parameters = count_parameters(models.policy)
    prompts = [messages for _, messages in read_prompts(job.resolve(recipe.prompts))]
    limit = length_limit(models.policy, recipe.max_length)
    lengths = [len(ids) for ids in encode_prompts(models.tokenizer, prompts)]
    fitting = [one for one, length in zip(prompts, lengths, strict=True) if length + recipe.max_new_tokens <= limit]
    if not fitting:
        raise UserError(
            f"None of {len(prompts)} prompts leaves room for {recipe.max_new_tokens} tokens within {limit}: "
            "set a smaller max_new_tokens, or bring shorter prompts."
        )
    rate = recipe.learning_rate or default_learning_rate(recipe.kind, recipe.tuning, parameters)
    tuned = Models(apply_tuning(models.policy, recipe), models.tokenizer, models.reference, models.reward_model)
    share = trainable_share(tuned.policy)
    config = trainer_config(config_class, job, recipe, rate, **loop_arguments(recipe))
    trainer: Any = trainer_class(tuned, fitting, recipe, config)
    train(trainer, job, recipe, end=TRAINED, unit=recipe.steps_a_rollout)
    figures = trainer.settle()
    save_model(merged(trainer.model).eval(), models.tokenizer, job.model, recipe.save_dtype)
    return {
        "parameters": parameters,
        "trainable_share": share,
        "train_prompts": len(fitting),
        "dropped": len(prompts) - len(fitting),
        "reference": "parent" if _is_own_reference(job, recipe) else "initial",
        "learning_rate": rate,
        **figures,
    }


def _load(job: JobDir, recipe: OnlineSettings) -> Models:
    """The models, none of them in training. Raises UserError when one of them reads other tokens."""
    policy, tokenizer = load_policy(job.resolve(recipe.policy))
    reward_model, its_tokenizer = load_reward_model(job.resolve(recipe.reward_model))
    if its_tokenizer.get_vocab() != tokenizer.get_vocab():
        raise UserError(
            "The reward model's vocabulary is not the policy's, and it scores token ids: "
            "train a reward model from a policy with this vocabulary."
        )
    if _is_own_reference(job, recipe) and recipe.tuning == "lora":
        reference = None
    else:
        reference = load_reference(job.resolve(recipe.reference), tokenizer)
    return Models(policy, tokenizer, reference, reward_model.requires_grad_(False))


def _is_own_reference(job: JobDir, recipe: OnlineSettings) -> bool:
    return job.resolve(recipe.reference) == job.resolve(recipe.policy)
