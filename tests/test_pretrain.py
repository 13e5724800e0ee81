"""Pretraining: any text goes through the tokenizer unchanged, and the figures are about documents never trained on."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from alignment import pretrain
from alignment.bpe import train_tokenizer
from alignment.chatformat import render_answer, render_prompt
from alignment.heldout import IGNORED, heldout_loss
from alignment.jobdir import JobDir
from alignment.models import load_policy, load_tokenizer
from alignment.pretrain import heldout_examples, pack, split_documents
from alignment.recipes.supervised import PretrainRecipe
from alignment.time_budget import TimeBudget
from storage.errors import UserError

WORDS = ["the", "sea", "wind", "moves", "over", "blue", "water", "and", "boats", "come", "home", "at", "night"]
TINY = {"vocab_size": 330, "hidden_size": 32, "layers": 1, "heads": 2, "context": 32, "positions": 64, "threads": 1}


def text(documents: int) -> str:
    chance = random.Random(5)
    return "\n\n".join(" ".join(chance.choices(WORDS, k=20)) for _ in range(documents))


def pretrain_job(path: Path, content: str | bytes, **recipe: Any) -> JobDir:
    path.mkdir()
    (path / "text.txt").write_bytes(content.encode() if isinstance(content, str) else content)
    (path / "recipe.yaml").write_text(yaml.safe_dump({"kind": "pretrain", "text": "text.txt", **TINY, **recipe}))
    return JobDir(path)


def run(job: JobDir) -> dict[str, Any]:
    recipe = job.recipe()
    assert isinstance(recipe, PretrainRecipe)
    return pretrain.run(job, recipe)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[JobDir, dict[str, Any]]:
    job = pretrain_job(tmp_path_factory.mktemp("pretrain") / "job", text(120), save_dtype="bfloat16", heldout_share=0.1)
    return job, run(job)


def test_documents_are_packed_with_an_end_before_each_and_after_the_last() -> None:
    assert pack([[5, 6], [7], [8, 9, 10]], eos_id=1, context=4).tolist() == [[1, 5, 6, 1], [7, 1, 8, 9]]
    assert len(pack([[5]], eos_id=1, context=4)) == 0


def test_every_token_of_a_held_out_document_is_predicted_once() -> None:
    examples = heldout_examples([[5, 6, 7, 8], [9]], eos_id=1, context=4)
    assert [example.input_ids for example in examples] == [[1, 5, 6, 7], [7, 8, 1], [1, 9, 1]]
    assert [example.labels for example in examples] == [[IGNORED, 5, 6, 7], [IGNORED, 8, 1], [IGNORED, 9, 1]]


def test_documents_are_parted_by_blank_lines() -> None:
    train, heldout = split_documents("\n\na one\nmore\n \t\nb two\n\n\n\nc three\n\n你好\n", 0.3, Path("t"))
    assert sorted(train + heldout) == ["a one\nmore", "b two", "c three", "你好"]
    assert heldout


def test_the_result_is_what_the_saved_model_scores_on_documents_held_out(
    trained: tuple[JobDir, dict[str, Any]],
) -> None:
    job, result = trained
    model, tokenizer = load_policy(job.model)
    _, heldout = split_documents(text(120), 0.1, Path("t"))
    examples = heldout_examples(pretrain.encode(tokenizer, heldout), tokenizer.eos_token_id, 32)
    measured = heldout_loss(model, examples, tokenizer.pad_token_id, 4)
    assert result["heldout_tokens"] == measured.tokens
    assert result["heldout_documents"] == len(heldout)
    assert result["perplexity"] == pytest.approx(math.exp(measured.mean), rel=0.02)  # saved in bfloat16
    assert result["perplexity"] < 0.5 * result["vocabulary"]


def test_the_model_is_a_llama_with_tied_embeddings_and_a_pad_of_its_own(trained: tuple[JobDir, dict[str, Any]]) -> None:
    job, result = trained
    model, tokenizer = load_policy(job.model)
    weights = load_file(job.model / "model.safetensors")
    assert model.config.model_type == "llama"
    assert "lm_head.weight" not in weights
    assert {str(tensor.dtype) for tensor in weights.values()} == {"torch.bfloat16"}
    assert sum(tensor.numel() for tensor in weights.values()) == result["parameters"]
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert model.config.max_position_embeddings == 64


def test_the_template_marks_roles_and_ends_every_turn(trained: tuple[JobDir, dict[str, Any]]) -> None:
    tokenizer = load_tokenizer(trained[0].model)
    asked = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}]
    assert render_prompt(tokenizer, asked) == "<|system|>Be kind<|end|><|user|>Hi<|end|><|assistant|>"
    assert render_answer(tokenizer, asked, " Yes ") == "Yes<|end|>"


def test_the_saved_tokenizer_reads_as_the_trained_one(trained: tuple[JobDir, dict[str, Any]]) -> None:
    job, _ = trained
    saved = load_tokenizer(job.model)
    made = train_tokenizer([], 0, 64, job.path / "tokenizer.json")

    @settings(max_examples=200, deadline=None)
    @given(st.text())
    def round_trip(some: str) -> None:
        ids = made(some, add_special_tokens=False)["input_ids"]
        assert saved(some, add_special_tokens=False)["input_ids"] == ids
        assert saved.decode(ids, clean_up_tokenization_spaces=False) == some

    round_trip()


def test_a_budget_of_minutes_ends_training(tmp_path: Path) -> None:
    result = run(pretrain_job(tmp_path / "job", text(60), minutes=0.02, epochs=1000))
    assert result["tokens"] > 0


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [("cosine", [0, 0.5, 1, 0.5, 0]), ("linear", [0, 0.5, 1, 0.5, 0]), ("constant", [0, 0.5, 1, 1, 1])],
)
def test_the_learning_rate_follows_the_clock(schedule: str, factors: list[float]) -> None:
    budget = TimeBudget(minutes=1, warmup=0.2, schedule=schedule)
    found = []
    for budget.spent in (0, 6, 12, 36, 61):
        found.append(budget(0))
    assert found == pytest.approx(factors)


def test_the_time_that_is_spent_survives_in_a_checkpoint() -> None:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    before, after = (TimeBudget(minutes=1, warmup=0.2, schedule="linear") for _ in range(2))
    scheduler = LambdaLR(optimizer, before)
    before.spent = 36.0
    LambdaLR(optimizer, after).load_state_dict(scheduler.state_dict())
    assert after.spent == 36.0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "has 0 documents"),
        ("only one document, without a blank line", "has 1 documents"),
        ("one\n\ntwo\n\nthree", "too short for one sequence of 32 tokens"),
        (b"caf\xe9\n\nau lait", r"not UTF-8 text \(line 1\)"),
    ],
)
def test_text_that_cannot_be_trained_on_is_refused(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(UserError, match=says):
        run(pretrain_job(tmp_path / "job", content))
