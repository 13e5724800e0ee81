"""Answers: the same for the same seed, alike for the same prompt however it is padded, ended where they say so."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from alignment.chatformat import encode_answers, encode_prompts
from alignment.models import load_policy
from alignment.sampling import Sampling, end_tokens, sample
from alignment.scoring import sequence_log_probs
from storage.errors import UserError
from storage.records import Message
from tests.job_dirs import TOO_LONG, run_job
from tests.tiny_models import KINDS, make_model


def prompt(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


PROMPTS = [prompt("Tell me about the sea."), prompt("What is a good breakfast on a day as long as this one?")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_answers(tmp_path: Path, kind: str) -> None:
    model, tokenizer = load_policy(make_model(kind, tmp_path / "m"))
    sampling = Sampling(max_new_tokens=12)
    first = sample(model, tokenizer, PROMPTS * 4, sampling, seed=5)
    assert sample(model, tokenizer, PROMPTS * 4, sampling, seed=5) == first
    assert sample(model, tokenizer, PROMPTS * 4, sampling, seed=6) != first


@pytest.mark.parametrize("kind", KINDS)
def test_padding_does_not_change_a_greedy_answer(tmp_path: Path, kind: str) -> None:
    model, tokenizer = load_policy(make_model(kind, tmp_path / "m"))
    greedy = Sampling(temperature=0, max_new_tokens=12)
    together = sample(model, tokenizer, PROMPTS, greedy, seed=0)
    assert together == [sample(model, tokenizer, [one], greedy, seed=0)[0] for one in PROMPTS]


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_ended_says_so_and_holds_no_other_special_token(tmp_path: Path, kind: str) -> None:
    model, tokenizer = load_policy(make_model(kind, tmp_path / "m"))
    samples = sample(model, tokenizer, PROMPTS * 40, Sampling(temperature=2.0, max_new_tokens=24), seed=1)
    ends = end_tokens(model)
    assert {s.ended for s in samples} == {True, False}
    for s in samples:
        assert s.ended == (s.token_ids[-1] in ends)
        assert not set(s.token_ids[:-1]) & set(tokenizer.all_special_ids)


def test_an_answer_holds_no_character_that_votes_on_it_could_not_be_exported_with(tmp_path: Path) -> None:
    model, tokenizer = load_policy(make_model("gpt2", tmp_path / "m"))
    (nul,) = tokenizer("\0", add_special_tokens=False)["input_ids"]
    samples = sample(model, tokenizer, PROMPTS * 40, Sampling(temperature=2.0, max_new_tokens=24), seed=1)
    written = [one for one in samples if nul in one.token_ids]
    assert written
    assert all("\N{REPLACEMENT CHARACTER}" in one.text and "\0" not in one.text for one in written)


def test_the_models_own_settings_leave_the_draw_alone(tmp_path: Path) -> None:
    model, tokenizer = load_policy(make_model("llama", tmp_path / "m"))
    plain = sample(model, tokenizer, PROMPTS, Sampling(), seed=5)
    model.generation_config.update(repetition_penalty=1.8, min_p=0.5, no_repeat_ngram_size=2, min_length=200)
    assert sample(model, tokenizer, PROMPTS, Sampling(), seed=5) == plain
    assert model.generation_config.repetition_penalty == 1.8


def test_a_prompt_without_room_for_an_answer_is_skipped_and_counted(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "m")
    asked = ["Tell me about the sea", TOO_LONG, "Tell me about the dog"]
    job, result = run_job(tmp_path / "job", kind="generate", policy=str(policy), asked=asked, max_new_tokens=8)
    rows = pq.read_table(job.path / "completions.parquet").to_pylist()
    assert [row["prompt_id"] for row in rows] == [0, 0, 2, 2]
    assert result["skipped"] == 1


def test_without_a_prompt_that_leaves_room_there_is_nothing_to_generate(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "m")
    with pytest.raises(UserError, match="All 1 prompts are longer than the model takes"):
        run_job(tmp_path / "job", kind="generate", policy=str(policy), asked=[TOO_LONG])


@pytest.mark.parametrize("kind", KINDS)
def test_log_probs_count_the_answer_alone_and_any_padding_gives_the_same(tmp_path: Path, kind: str) -> None:
    model, tokenizer = load_policy(make_model(kind, tmp_path / "m"))
    prompts = encode_prompts(tokenizer, PROMPTS)
    answers = encode_answers(tokenizer, PROMPTS, ["It is wide and blue.", "Bread."])
    sequences = list(zip(prompts, answers, strict=True))
    together = sequence_log_probs(model, tokenizer.pad_token_id, sequences)
    for found, (first, second) in zip(together, sequences, strict=True):
        with torch.no_grad():
            log_probs = model(torch.tensor([first + second])).logits[0].log_softmax(-1)
        by_hand = sum(float(log_probs[len(first) - 1 + place, token]) for place, token in enumerate(second))
        assert found == pytest.approx(by_hand, abs=1e-3)


def test_a_generate_job_writes_two_answers_a_prompt(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "m")
    job, result = run_job(tmp_path / "job", kind="generate", policy=str(policy), max_new_tokens=8)
    rows = pq.read_table(job.path / "completions.parquet").to_pylist()
    assert [row["prompt_id"] for row in rows] == [n for n in range(8) for _ in range(2)]
    assert result["completions"] == 16
