"""An sft job: a policy from demonstrations, by TRL's SFTTrainer.

in: model, instructions and/or labelers' demonstrations
out: model/, heldout.jsonl (what it was measured on)

The loss is on each answer and the eos that ends it; the rest is only read. A step's loss is the mean over its answer
tokens, so long answers weigh by their length, and batches are drawn at random: of batches made of like lengths, those
of short answers would count each of their tokens for more, and the model would learn to be short.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer

from alignment.demonstrations import Curriculum, curriculum
from alignment.encoding import Encoded, encode_demonstrations
from alignment.heldout import Example, heldout_loss
from alignment.heldout_demonstrations import HELDOUT, write_heldout
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import length_limit, load_policy, load_policy_in_4_bits, save_model
from alignment.recipes.supervised import SftRecipe
from alignment.training import train, trainer_config
from alignment.tuning import apply_tuning, merged, merged_into, trainable_parameters, trainable_share
from storage.errors import UserError
from storage.exchange.demonstrations import read_demonstrations

TRAINED = 0.95  # of the job's progress, when training ends


def run(job: JobDir, recipe: SftRecipe) -> dict[str, Any]:
    """Tune a model on demonstrations and measure the loss on others, before and after.

    Result: loss_before and loss_after (nats an answer token on held-out demonstrations), loss, parameters of the model,
    trainable_parameters and trainable_share, records and tokens in a pass (what is repeated counts as often), how many
    records were cut or dropped for their length, and the share of the records that labelers wrote. With `four_bit` both
    losses are those of the model as it is trained, in 4 bits.
    """
    load = load_policy_in_4_bits if recipe.four_bit else load_policy
    model, tokenizer = load(job.resolve(recipe.model))
    parameters = int(model.num_parameters())
    sides = curriculum_of(job, recipe)
    learned, written, unseen = _encoded(tokenizer, sides, length_limit(model, recipe.max_length))
    examples = learned.examples + written.examples
    rate = recipe.learning_rate or default_learning_rate("sft", recipe.tuning, parameters)
    before = heldout_loss(model, unseen.examples, tokenizer.pad_token_id, recipe.batch_size)
    job.log_metrics(0, heldout_loss=before.mean)
    model = apply_tuning(model, recipe, lora_dropout=recipe.lora_dropout)
    trained, share = trainable_parameters(model), trainable_share(model)
    trainer = sft_trainer(job, recipe, rate, model, tokenizer, examples)
    loss = train(trainer, job, recipe, end=TRAINED)
    model = trainer.model if recipe.four_bit else merged(trainer.model)
    after = heldout_loss(model, unseen.examples, tokenizer.pad_token_id, recipe.batch_size)
    job.log_metrics(trainer.state.global_step, heldout_loss=after.mean, progress=1.0)
    if recipe.four_bit:
        base, _ = load_policy(job.resolve(recipe.model), device=torch.device("cpu"))
        model = merged_into(base, cast(PeftModel, model))
    save_model(model.eval(), tokenizer, job.model, recipe.save_dtype)
    write_heldout(job.path / HELDOUT, sides.heldout)
    parts = (learned, written, unseen)
    return {
        "loss_before": before.mean,
        "loss_after": after.mean,
        "loss": loss,
        "parameters": parameters,
        "trainable_parameters": trained,
        "trainable_share": share,
        "records": len(sides.instructions) + len(sides.written) - learned.dropped - written.dropped,
        "tokens": sum(example.answer_tokens for example in examples),
        "heldout_records": len(sides.heldout) - unseen.dropped,
        "heldout_tokens": after.tokens,
        "dropped": sum(part.dropped for part in parts),
        "cut": sum(part.cut for part in parts),
        "demonstrations": len(sides.written) - written.dropped,
        "demonstrations_share": len(written.examples) / len(examples),
        "learning_rate": rate,
    }


def curriculum_of(job: JobDir, recipe: SftRecipe) -> Curriculum:
    """What the recipe's files hold, split as it says."""
    instructions, written, heldout = (
        None if name is None else read_demonstrations(job.resolve(name))
        for name in (recipe.instructions, recipe.demonstrations, recipe.heldout)
    )
    return curriculum(instructions or [], written or [], heldout, recipe.heldout_share, recipe.demonstration_repeats)


def sft_trainer(
    job: JobDir,
    recipe: SftRecipe,
    rate: float,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    examples: list[Example],
) -> SFTTrainer:
    """TRL's trainer on examples whose labels are made already: it only shuffles, pads and learns."""
    return SFTTrainer(
        model=model,
        args=trainer_config(
            SFTConfig, job, recipe, rate, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}
        ),
        train_dataset=Dataset.from_list([{"input_ids": e.input_ids, "labels": e.labels} for e in examples]),
        processing_class=tokenizer,
    )


def _encoded(tokenizer: PreTrainedTokenizerBase, sides: Curriculum, limit: int) -> tuple[Encoded, Encoded, Encoded]:
    learned, written, unseen = (
        encode_demonstrations(tokenizer, part, limit) for part in (sides.instructions, sides.written, sides.heldout)
    )
    if not (learned.examples or written.examples) or not unseen.examples:
        raise UserError(
            f"None of {len(sides.instructions) + len(sides.written)} demonstrations to train on, or of "
            f"{len(sides.heldout)} to measure on, is at most {limit} tokens long: set max_length, or shorten them."
        )
    return learned, written, unseen
