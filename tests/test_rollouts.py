"""Rollouts as tensors: places, probabilities and scores are those that each completion has by itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment.critic import FullCritic, HeadCritic, score
from alignment.models import load_policy, load_reward_model
from alignment.rollouts import Batch, lay_out, pieces, trimmed, turns
from alignment.sampling import Sampling, sample
from alignment.scoring import sequence_log_probs
from alignment.token_log_probs import token_log_probs, token_log_probs_and_entropy
from tests.tiny_models import KINDS, make_model

TEMPERATURE = 0.7
PROMPTS = [[{"role": "user", "content": text}] for text in ("Sea?", "Tell me about the sea, please.", "A dog?")]


def rolled_out(kind: str, path: Path) -> tuple[Path, PreTrainedModel, PreTrainedTokenizerBase, Batch]:
    """A model with absolute or rotary positions, and its answers of different lengths."""
    directory = make_model(kind, path / kind)
    model, tokenizer = load_policy(directory)
    samples = sample(model, tokenizer, PROMPTS, Sampling(TEMPERATURE, 1.0, 12), seed=3)
    shorter = [samples[0], samples[1], type(samples[2])("", samples[2].prompt_ids, samples[2].token_ids[:4], False)]
    return directory, model, tokenizer, lay_out(shorter, tokenizer.pad_token_id, model.device)


@pytest.mark.parametrize("kind", KINDS)
def test_log_probs_are_those_of_each_completion_alone(tmp_path: Path, kind: str) -> None:
    _, model, tokenizer, batch = rolled_out(kind, tmp_path)
    found = token_log_probs(model, batch, TEMPERATURE)
    both, entropy = token_log_probs_and_entropy(model, batch, TEMPERATURE)
    mask = batch["action_mask"]
    for row in range(3):
        start, length = int(batch["starts"][row]), int(mask[row].sum())
        ids = batch["input_ids"][row, : start + length]
        logits = model(input_ids=ids.unsqueeze(0)).logits[0, start - 1 : -1] / TEMPERATURE
        alone = logits.log_softmax(-1)
        assert torch.allclose(found[row, :length], alone.gather(-1, ids[start:, None])[:, 0], atol=1e-4)
        assert torch.allclose(entropy[row, :length], -(alone.exp() * alone).sum(-1), atol=1e-4)
    assert torch.allclose(found, both, atol=1e-5)
    assert not found[~mask].any()
    sides = [
        (one.tolist()[:n], one.tolist()[n : n + int(m.sum())])
        for one, n, m in zip(batch["input_ids"], batch["starts"], mask, strict=True)
    ]
    whole = sequence_log_probs(model, tokenizer.pad_token_id, sides, TEMPERATURE)
    assert found.sum(1).tolist() == pytest.approx(whole, abs=1e-3)


def test_gradients_are_those_of_an_ordinary_log_softmax(tmp_path: Path) -> None:
    _, model, _, batch = rolled_out("llama", tmp_path)
    weight = model.get_input_embeddings().weight
    ours = token_log_probs(model, batch, TEMPERATURE)
    direction = torch.linspace(-1, 1, ours.numel()).view_as(ours)
    (gradient,) = torch.autograd.grad((ours * direction).sum(), weight)
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits / TEMPERATURE
    shifted = logits[:, :-1].log_softmax(-1).gather(-1, batch["input_ids"][:, 1:, None]).squeeze(-1)
    places = batch["starts"].unsqueeze(1) - 1 + torch.arange(ours.shape[1])
    plain = shifted.gather(1, places.clamp(max=shifted.shape[1] - 1)) * batch["action_mask"]
    (expected,) = torch.autograd.grad((plain * direction).sum(), weight)
    assert torch.allclose(gradient, expected, atol=1e-5)


def test_a_part_of_a_batch_loses_its_padding_and_nothing_else(tmp_path: Path) -> None:
    _, model, _, batch = rolled_out("gpt2", tmp_path)
    part = trimmed({name: tensor[2:] for name, tensor in batch.items()})
    assert part["actions"].shape == (1, 4)
    assert part["input_ids"].shape == (1, int(part["attention_mask"].sum()))
    found = token_log_probs(model, batch, TEMPERATURE)[2:, :4]
    assert torch.allclose(token_log_probs(model, part, TEMPERATURE), found, atol=1e-5)


def test_pieces_hold_every_row_once_the_short_ones_together(tmp_path: Path) -> None:
    _, _, _, batch = rolled_out("llama", tmp_path)
    lengths = batch["attention_mask"].sum(1)
    parts = pieces(batch, 2)
    assert torch.equal(torch.cat([rows for rows, _ in parts]), lengths.argsort())
    assert [part["input_ids"].shape[1] for _, part in parts] == [int(lengths[rows].max()) for rows, _ in parts]


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_is_read_at_the_token_that_ends_and_less_the_mean(tmp_path: Path, kind: str) -> None:
    directory, _, _, batch = rolled_out(kind, tmp_path)
    reward_model, _ = load_reward_model(directory, seed=1)
    reward_model.config.reward_mean = 0.25
    scores, _ = score(reward_model, batch)
    ours = reward_model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, 0]
    assert torch.allclose(scores, ours - 0.25, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_critic_starts_as_the_reward_model_and_sees_no_token_before_it_is_taken(
    tmp_path: Path, kind: str
) -> None:
    directory, _, _, batch = rolled_out(kind, tmp_path)
    reward_model, _ = load_reward_model(directory, seed=1)
    reward_model.config.reward_mean = 0.25
    values = FullCritic(reward_model)(batch)
    start = int(batch["starts"][1])
    for place in range(3):  # what the reward model says of all that was there before this token
        ids = batch["input_ids"][1:2, : start + place]
        prefix = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        assert values[1, place].item() == pytest.approx(score(reward_model, prefix)[0].item(), abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_starts_at_zero_and_reads_the_state_before_each_token(tmp_path: Path, kind: str) -> None:
    directory, _, _, batch = rolled_out(kind, tmp_path)
    reward_model, _ = load_reward_model(directory, seed=1)
    critic = HeadCritic(reward_model)
    _, states = score(reward_model, batch)
    features = critic.features(states, batch)
    assert not critic({**batch, **features}).any()
    start = int(batch["starts"][1])
    for place in range(3):
        ids = batch["input_ids"][1:2, : start + place]
        _, alone = score(reward_model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})
        assert torch.allclose(features["features"][1, place], alone[0, -1], atol=1e-4)


def test_a_full_critic_is_no_part_of_the_reward_model(tmp_path: Path) -> None:
    directory, _, _, batch = rolled_out("gpt2", tmp_path)
    reward_model, _ = load_reward_model(directory, seed=1)
    before = score(reward_model, batch)[0]
    critic = FullCritic(reward_model)
    optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
    first, again = critic(batch), critic(batch)
    assert torch.equal(first, again)  # GPT-2's dropout is off
    first.sum().backward()
    optimizer.step()
    assert not torch.allclose(critic(batch), again)
    assert torch.equal(score(reward_model, batch)[0], before)


def test_every_prompt_has_its_turn_before_any_comes_again() -> None:
    asked = [prompt for rollout in range(10) for prompt in turns(5, 2, rollout, seed=4)]
    assert Counter(asked) == dict.fromkeys(range(5), 4)
    assert all(sorted(asked[at : at + 5]) == list(range(5)) for at in range(0, 20, 5))
    assert turns(5, 2, 7, seed=4) == asked[14:16]
