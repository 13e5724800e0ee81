"""A pretrain job: a tokenizer and a small Llama-type model from scratch, on any text.

in: a text file      out: model/ (a base model with a chat template that it has not learned yet)

Simplified: the whole text is held in memory, and a document may attend to the one packed before it, which costs a
little quality at this size and saves a mask for every sequence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import TensorDataset
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase, Trainer, TrainingArguments

from alignment.bpe import train_tokenizer
from alignment.heldout import IGNORED, Example, heldout_loss
from alignment.jobdir import JobDir
from alignment.learning_rates import default_learning_rate
from alignment.models import count_parameters, default_device, save_model
from alignment.recipes.supervised import PretrainRecipe
from alignment.splits import hold_out
from alignment.time_budget import TimeBudget
from alignment.training import train, trainer_config
from storage.errors import UserError
from storage.exchange.reading import read_text

TRAINED = 0.97  # of the job's progress, when training ends
ENDLESS = 10**9  # steps, where time is what ends training


def run(job: JobDir, recipe: PretrainRecipe) -> dict[str, Any]:
    """Train on the text and measure perplexity on documents held out of it.

    Result: perplexity a token with heldout_tokens and heldout_documents, loss, parameters, vocabulary and tokens (those
    trained on, each pass counted).
    """
    path = job.resolve(recipe.text)
    documents, heldout = split_documents(read_text(path), recipe.heldout_share, path)
    tokenizer = train_tokenizer(documents, recipe.vocab_size, recipe.positions, job.path / "tokenizer.json")
    sequences = pack(encode(tokenizer, documents), tokenizer.eos_token_id, recipe.context)
    if not len(sequences):
        raise UserError(f"{path} is too short for one sequence of {recipe.context} tokens: bring more, or set context.")
    model = new_model(tokenizer, recipe)
    parameters = count_parameters(model)
    rate = recipe.learning_rate or default_learning_rate("pretrain", "full", parameters)
    trainer = _trainer(job, recipe, rate, model, sequences)
    loss = train(trainer, job, recipe, end=TRAINED)
    examples = heldout_examples(encode(tokenizer, heldout), tokenizer.eos_token_id, recipe.context)
    measured = heldout_loss(model, examples, tokenizer.pad_token_id, recipe.batch_size)
    save_model(model, tokenizer, job.model, recipe.save_dtype)
    job.log_metrics(trainer.state.global_step, heldout_loss=measured.mean, progress=1.0)
    return {
        "perplexity": math.exp(measured.mean),
        "heldout_tokens": measured.tokens,
        "heldout_documents": len(heldout),
        "loss": loss,
        "parameters": parameters,
        "vocabulary": len(tokenizer),
        "documents": len(documents),
        "tokens": int(trainer.state.epoch * sequences.numel()),
        "learning_rate": rate,
    }


def split_documents(text: str, heldout_share: float, path: Path) -> tuple[list[str], list[str]]:
    """Documents, parted by blank lines, to train on and held out; near-duplicates are on one side.

    Raises UserError when either side would be empty.
    """
    documents = [document for document in re.split(r"\n[^\S\n]*\n\s*", text.strip()) if document.strip()]
    sides = hold_out(documents, heldout_share)
    train = [document for document, side in zip(documents, sides, strict=True) if side == "train"]
    heldout = [document for document, side in zip(documents, sides, strict=True) if side == "heldout"]
    if not train or not heldout:
        raise UserError(
            f"{path} has {len(documents)} documents, parted by blank lines: too few, or too much alike, to train on "
            "some and measure on others; bring more text."
        )
    return train, heldout


def encode(tokenizer: PreTrainedTokenizerBase, documents: Sequence[str]) -> list[list[int]]:
    """Token ids of each document, no special ones added."""
    return tokenizer(list(documents), add_special_tokens=False, verbose=False)["input_ids"]


def pack(documents: Sequence[Sequence[int]], eos_id: int, context: int) -> torch.Tensor:
    """Documents in their order, an eos before each and after the last, cut into rows (N, context).

    What is left at the end, shorter than a row, is dropped.
    """
    stream = torch.tensor([eos_id, *chain.from_iterable((*document, eos_id) for document in documents)])
    rows = len(stream) // context
    return stream[: rows * context].view(rows, context)


def heldout_examples(documents: Sequence[Sequence[int]], eos_id: int, context: int) -> list[Example]:
    """Each document with an eos at both ends, cut so that every token but the first is predicted exactly once."""
    examples = []
    for document in documents:
        ids = [eos_id, *document, eos_id]
        for start in range(0, len(ids) - 1, context - 1):
            piece = ids[start : start + context]
            examples.append(Example(piece, [IGNORED, *piece[1:]]))
    return examples


def new_model(tokenizer: PreTrainedTokenizerBase, recipe: PretrainRecipe) -> LlamaForCausalLM:
    """A Llama-type model with random weights; the head is tied to the embeddings, most of a small model's weights."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden_size,
        intermediate_size=recipe.feed_forward or 16 * round(recipe.hidden_size * 8 / 3 / 16),
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=recipe.positions,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(recipe.seed)
    return LlamaForCausalLM(config).to(default_device())


def _trainer(
    job: JobDir, recipe: PretrainRecipe, rate: float, model: LlamaForCausalLM, sequences: torch.Tensor
) -> Trainer:
    endless = {"max_steps": ENDLESS} if recipe.minutes is not None else {}
    trainer = Trainer(
        model=model,
        args=trainer_config(TrainingArguments, job, recipe, rate, remove_unused_columns=False, **endless),
        train_dataset=TensorDataset(sequences),
        data_collator=_batch,
    )
    if recipe.minutes is not None:
        budget = TimeBudget(recipe.minutes, recipe.warmup, recipe.schedule)
        trainer.add_callback(budget)
        trainer.lr_scheduler = LambdaLR(trainer.create_optimizer(), budget)
    return trainer


def _batch(rows: Sequence[tuple[torch.Tensor]]) -> dict[str, torch.Tensor]:
    input_ids = torch.stack([row[0] for row in rows])
    return {"input_ids": input_ids, "labels": input_ids}
