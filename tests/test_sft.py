"""Supervised fine-tuning: the loss is on the answer and nothing else, and only what is to be trained changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file
from transformers import PreTrainedModel

from alignment import sft
from alignment.heldout import IGNORED, heldout_loss
from alignment.instructions import Demonstration
from alignment.jobdir import JobDir
from alignment.models import load_policy, load_tokenizer
from alignment.recipes.supervised import SftRecipe
from alignment.splits import hold_out
from storage.errors import UserError
from tests.sft_jobs import records, sft_job
from tests.tiny_models import KINDS, make_model

DEMONSTRATIONS = [Demonstration("Say hello", "Hello, sea"), Demonstration("Say bye", " Bye ")]


def run(job: JobDir) -> dict[str, float]:
    recipe = job.recipe()
    assert isinstance(recipe, SftRecipe)
    return sft.run(job, recipe)


@pytest.mark.parametrize(
    ("kind", "prompt", "answer"),
    [
        ("llama", "<s>### User:\nSay hello\n\n### Assistant:\n", "Hello, sea</s>"),
        ("gpt2", "### User:\nSay hello\n\n### Assistant:\n", "Hello, sea<|endoftext|>"),
        ("qwen2", "<|im_start|>user\nSay hello<|im_end|>\n<|im_start|>assistant\n", "Hello, sea<|im_end|>"),
    ],
)
def test_labels_are_the_answer_and_its_end(tmp_path: Path, kind: str, prompt: str, answer: str) -> None:
    tokenizer = load_tokenizer(make_model(kind, tmp_path / "model"))
    example = sft.encode_demonstrations(tokenizer, DEMONSTRATIONS)[0]
    learned = [token for token in example.labels if token != IGNORED]
    read = len(example.labels) - len(learned)
    assert example.labels[:read] == [IGNORED] * read
    assert example.labels[read:] == example.input_ids[read:]
    assert tokenizer.decode(example.input_ids[:read]) == prompt
    assert tokenizer.decode(learned) == answer
    assert learned[-1] == tokenizer.eos_token_id


def test_the_trainers_first_loss_is_the_mean_over_answer_tokens(tmp_path: Path) -> None:
    model = make_model("llama", tmp_path / "model")
    job = sft_job(tmp_path / "job", model, heldout="records.json", batch_size=15, accumulation=2, max_steps=1)
    result = run(job)
    assert result["loss"] == pytest.approx(result["loss_before"], abs=1e-4)
    policy, tokenizer = load_policy(model)
    examples = sft.encode_demonstrations(tokenizer, [Demonstration(r["instruction"], r["output"]) for r in records()])
    measured = [heldout_loss(policy, examples, tokenizer.pad_token_id, size) for size in (1, 30)]
    assert result["loss"] == pytest.approx(measured[0].mean, abs=1e-4)
    assert measured[0].nats == pytest.approx(measured[1].nats, rel=1e-5)
    assert result["heldout_tokens"] == measured[0].tokens


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls_on_prompts_that_were_held_out(tmp_path: Path, kind: str) -> None:
    job = sft_job(tmp_path / "job", make_model(kind, tmp_path / "model"), epochs=8, learning_rate=1e-2)
    result = run(job)
    assert result["loss_after"] < result["loss_before"] - 1
    assert result["records"] + result["heldout_records"] == 30
    assert result["trainable_share"] == 1
    policy, tokenizer = load_policy(job.model)
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert policy.config.use_cache
    assert [json.loads(line) for line in job.metrics.read_text().splitlines()][-1]["progress"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_weights_stay_as_they_were_to_the_bit(tmp_path: Path, kind: str) -> None:
    model = make_model(kind, tmp_path / "model")
    job = sft_job(tmp_path / "job", model, tuning="freeze", unfrozen_blocks=1, max_steps=2)
    result = run(job)
    assert 0 < result["trainable_share"] < 1
    before, after = load_file(model / "model.safetensors"), load_file(job.model / "model.safetensors")
    first = [name for name in before if ".0." in name]
    last = [name for name in before if ".1." in name and name.endswith("weight") and "norm" not in name]
    assert first
    assert all(before[name].equal(after[name]) for name in first)
    assert last
    assert all(not before[name].equal(after[name]) for name in last)


@pytest.mark.parametrize("kind", KINDS)
def test_adapters_are_merged_into_a_plain_model(tmp_path: Path, kind: str) -> None:
    model = make_model(kind, tmp_path / "model")
    job = sft_job(tmp_path / "job", model, tuning="lora", lora_rank=4, epochs=4, learning_rate=1e-2)
    result = run(job)
    assert 0 < result["trainable_share"] < 0.5
    assert result["loss_after"] < result["loss_before"]
    policy, _ = load_policy(job.model)
    assert isinstance(policy, PreTrainedModel)
    names = set(load_file(model / "model.safetensors"))
    assert set(load_file(job.model / "model.safetensors")) == names
    assert {path.name for path in job.model.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}


def test_examples_that_are_too_long_are_dropped_and_counted(tmp_path: Path) -> None:
    model = make_model("llama", tmp_path / "model")
    job = sft_job(tmp_path / "job", model, max_steps=1)
    long = {"instruction": "Go on and on", "output": "word " * 300}  # the model takes 256 tokens
    (job.path / "records.json").write_text(json.dumps([*records(), long]))
    assert run(job)["dropped"] == 1
    with pytest.raises(UserError, match="at most 8 tokens"):
        run(sft_job(tmp_path / "short", model, max_length=8))


def test_near_duplicates_of_a_prompt_are_on_its_side() -> None:
    prompts = [f"Tell the story number {n} about a {n * n} year old tree in the garden" for n in range(40)]
    again = [prompt.upper() + "!" for prompt in prompts]
    sides = hold_out([*prompts, *again], 0.2)
    assert set(sides) == {"train", "heldout"}
    assert sides[:40] == sides[40:]


def test_too_few_demonstrations_are_refused(tmp_path: Path) -> None:
    job = sft_job(tmp_path / "job", make_model("llama", tmp_path / "model"))
    (job.path / "records.json").write_text(json.dumps(records()[:1]))
    with pytest.raises(UserError, match="has 1 demonstrations: too few"):
        run(job)
