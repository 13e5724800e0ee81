"""An sft job: a policy from instructions, by TRL's SFTTrainer.

in: model, instructions      out: model/

The loss is on the answer and the eos that ends it; the prompt is only read. A step's loss is the mean over its answer
tokens, so long answers weigh by their length, and batches are drawn at random: of batches made of like lengths, those
of short answers would count each of their tokens for more, and the model would learn to be short.
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer

from alignment.chatformat import encode_answers, encode_prompts
from alignment.heldout import IGNORED, Example, heldout_loss
from alignment.instructions import Demonstration, read_instructions
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, length_limit, load_policy, save_model
from alignment.recipes.supervised import SftRecipe
from alignment.splits import hold_out
from alignment.training import train, training_arguments
from alignment.tuning import apply_tuning, merged, trainable_share
from storage.errors import UserError
from storage.records import Message

TRAINED = 0.95  # of the job's progress, when training ends


def run(job: JobDir, recipe: SftRecipe) -> dict[str, Any]:
    """Tune a model on demonstrations and measure the loss on others, before and after.

    Result: loss_before and loss_after (nats an answer token on held-out demonstrations), loss, parameters,
    trainable_share, records trained on, and how many were dropped for their length.
    """
    model, tokenizer = load_policy(job.resolve(recipe.model))
    parameters = count_parameters(model)
    limit = length_limit(model, recipe.max_length)
    demonstrations, heldout = _demonstrations(job, recipe)
    examples = within(encode_demonstrations(tokenizer, demonstrations), limit)
    unseen = within(encode_demonstrations(tokenizer, heldout), limit)
    if not examples or not unseen:
        raise UserError(
            f"None of {len(demonstrations)} demonstrations to train on, or of {len(heldout)} to measure on, "
            f"is at most {limit} tokens long: set max_length, or shorten them."
        )
    rate = recipe.learning_rate or default_learning_rate("sft", recipe.tuning, parameters)
    before = heldout_loss(model, unseen, tokenizer.pad_token_id, recipe.batch_size)
    job.log_metrics(0, heldout_loss=before.mean)
    model = apply_tuning(model, recipe, lora_dropout=recipe.lora_dropout)
    share = trainable_share(model)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            **training_arguments(job, recipe, rate), max_length=None, dataset_kwargs={"skip_prepare_dataset": True}
        ),
        train_dataset=Dataset.from_list([{"input_ids": e.input_ids, "labels": e.labels} for e in examples]),
        processing_class=tokenizer,
    )
    loss = train(trainer, job, recipe, end=TRAINED)
    model = merged(trainer.model)
    after = heldout_loss(model, unseen, tokenizer.pad_token_id, recipe.batch_size)
    job.log_metrics(trainer.state.global_step, heldout_loss=after.mean, progress=1.0)
    save_model(model.eval(), tokenizer, job.model, recipe.save_dtype)
    return {
        "loss_before": before.mean,
        "loss_after": after.mean,
        "loss": loss,
        "parameters": parameters,
        "trainable_share": share,
        "records": len(examples),
        "heldout_records": len(unseen),
        "heldout_tokens": after.tokens,
        "dropped": len(demonstrations) - len(examples) + len(heldout) - len(unseen),
        "learning_rate": rate,
    }


def encode_demonstrations(tokenizer: PreTrainedTokenizerBase, demonstrations: list[Demonstration]) -> list[Example]:
    """Prompt and answer of each as the policy reads and writes them; labels only on the answer and its eos."""
    prompts = [[Message(role="user", content=demonstration.prompt)] for demonstration in demonstrations]
    answers = encode_answers(tokenizer, prompts, [demonstration.answer for demonstration in demonstrations])
    return [
        Example([*prompt, *answer], [IGNORED] * len(prompt) + answer)
        for prompt, answer in zip(encode_prompts(tokenizer, prompts), answers, strict=True)
    ]


def within(examples: list[Example], limit: int) -> list[Example]:
    """Those of at most `limit` tokens: cut short, an answer would teach the policy not to end."""
    return [example for example in examples if len(example.input_ids) <= limit]


def _demonstrations(job: JobDir, recipe: SftRecipe) -> tuple[list[Demonstration], list[Demonstration]]:
    """Demonstrations to train on and to measure on: from a file of their own, or split off by prompt."""
    path = job.resolve(recipe.instructions)
    given = read_instructions(path)
    if recipe.heldout is not None:
        return given, read_instructions(job.resolve(recipe.heldout))
    sides = hold_out([demonstration.prompt for demonstration in given], recipe.heldout_share)
    kept = [demonstration for demonstration, side in zip(given, sides, strict=True) if side == "train"]
    heldout = [demonstration for demonstration, side in zip(given, sides, strict=True) if side == "heldout"]
    if not kept or not heldout:
        raise UserError(
            f"{path} has {len(given)} demonstrations: too few, or too much alike, to train on some and measure on "
            "others; bring more, or name a heldout file."
        )
    return kept, heldout
