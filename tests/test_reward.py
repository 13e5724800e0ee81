"""Reward models: they learn a preference, are centred, and read their score at the true end of an answer."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import RewardConfig, RewardTrainer

from alignment.models import load_reward_model
from alignment.reward_trainer import VoteTrainer
from alignment.scoring import encode, rewards
from alignment.ties import preference_loss
from alignment.training import training_arguments
from storage.records import Message
from tests.job_dirs import make_job, run_job
from tests.tiny_models import KINDS, make_model
from tests.votes import BAD, GOOD

PROMPT: list[Message] = [{"role": "user", "content": "Tell me about the sea, please. 99"}]
ROWS = [
    {
        "prompt_id": place,
        "chosen_ids": [5 + place, 9, 2],
        "rejected_ids": [7, 2],
        "margin": place / 3,
        "tied": False,
        "weight": 1.0,
    }
    for place in range(3)
]


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_which_answers_are_preferred(tmp_path: Path, kind: str) -> None:
    policy = make_model(kind, tmp_path / "policy")
    job, result = run_job(tmp_path / "job", kind="reward", policy=str(policy), epochs=10)
    model, tokenizer = load_reward_model(job.model)
    good = rewards(model, tokenizer, [(PROMPT, text) for text in GOOD])
    bad = rewards(model, tokenizer, [(PROMPT, text) for text in BAD])
    assert min(good) > max(bad)
    assert result["accuracy"] == 1
    assert (result["train_pairs"], result["heldout_pairs"]) == (18, 6)
    assert (result["ties"], result["both_bad"], result["dropped"]) == (0, 1, 0)


def test_its_report_is_that_of_a_job_which_scores_the_same_votes_later(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    job, result = run_job(tmp_path / "job", kind="reward", policy=str(policy), epochs=2)
    later, scored = run_job(tmp_path / "later", kind="score", reward_model=str(job.model))
    report, again = (json.loads((path / "report.json").read_text()) for path in (job.model, later.path))
    assert again == report
    assert scored.items() <= result.items()
    assert report["accuracy"]["votes"] == 6
    assert report["ties"] == 1  # on the other fold, where both bad is not
    assert [one["name"] for one in report["slices"]["round"]] == ["policy"]


def test_zero_means_as_good_as_the_answers_it_saw(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    job, _ = run_job(tmp_path / "job", kind="reward", policy=str(policy), epochs=3)
    model, tokenizer = load_reward_model(job.model)
    seen = [
        ([{"role": "user", "content": f"Tell me about the sea, please. {n}"}], text)
        for n in range(26)  # the last of which is both bad
        if n % 4
        for text in (GOOD[n % 3], BAD[n % 3])
    ]
    scores = rewards(model, tokenizer, seen)  # type: ignore[arg-type]
    assert sum(scores) / len(scores) == pytest.approx(0, abs=1e-4)


def test_ties_are_learned_from_unless_told_otherwise_and_both_bad_is_only_counted(tmp_path: Path) -> None:
    recipe = {"kind": "reward", "policy": str(make_model("llama", tmp_path / "policy")), "fold": "judge"}
    _, with_ties = run_job(tmp_path / "with", **recipe, max_steps=1)
    _, without = run_job(tmp_path / "without", **recipe, max_steps=1, ties=False)
    assert (with_ties["train_pairs"], with_ties["train_ties"]) == (6, 1)
    assert (without["train_pairs"], without["train_ties"]) == (6, 0)
    assert (with_ties["ties"], without["ties"]) == (1, 1)
    _, other = run_job(tmp_path / "other", **{**recipe, "fold": "train"}, max_steps=1)
    assert (other["train_pairs"], other["train_ties"], other["both_bad"]) == (18, 0, 1)


def test_without_ties_the_loss_is_that_of_trl(tmp_path: Path) -> None:
    model, tokenizer = load_reward_model(make_model("llama", tmp_path / "policy"), seed=0)
    trainer = VoteTrainer(
        model=model,
        args=RewardConfig(output_dir=str(tmp_path), report_to="none", use_cpu=True, adam_epsilon=1e-5),
        train_dataset=Dataset.from_list(ROWS),
        processing_class=tokenizer,
        tie_weight=0.0,
    )
    batch = next(iter(trainer.get_train_dataloader()))
    ours = trainer.compute_loss(model, dict(batch))
    theirs = RewardTrainer.compute_loss(trainer, model, {k: v for k, v in batch.items() if k not in ("tied", "weight")})
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-6)
    assert len(trainer._metrics["eval"]["accuracy"]) == 2  # each has written its own where TRL's log reads them


def test_a_batch_holds_all_pairs_of_a_prompt(tmp_path: Path) -> None:
    model, tokenizer = load_reward_model(make_model("llama", tmp_path / "policy"), seed=0)
    args = RewardConfig(output_dir=str(tmp_path), report_to="none", use_cpu=True, per_device_train_batch_size=4)
    rows = [{**row, "prompt_id": place % 3, "margin": float(place % 3)} for place, row in enumerate(ROWS * 5)]
    trainer = VoteTrainer(
        model=model, args=args, train_dataset=Dataset.from_list(rows), processing_class=tokenizer, tie_weight=0.0
    )
    batches = [set(batch["margin"].tolist()) for batch in trainer.get_train_dataloader()]
    assert sorted(batches, key=min) == [{0.0}, {1.0}, {2.0}]  # of five pairs each, though a batch is of four


@pytest.mark.parametrize("answers", [3, 7])
def test_the_pairs_of_a_ranking_are_in_one_batch_and_count_for_one_vote(tmp_path: Path, answers: int) -> None:
    model, tokenizer = load_reward_model(make_model("llama", tmp_path / "policy"), seed=0)
    args = RewardConfig(output_dir=str(tmp_path), report_to="none", use_cpu=True, per_device_train_batch_size=6)
    pairs = math.comb(answers, 2)
    ranked = [{**ROWS[0], "prompt_id": 9, "weight": 1 / pairs} for _ in range(pairs)]
    alone = [{**ROWS[0], "prompt_id": place} for place in range(5)]
    trainer = VoteTrainer(
        model=model.eval(),
        args=args,
        train_dataset=Dataset.from_list(ranked + alone),
        processing_class=tokenizer,
        tie_weight=0.0,
    )
    batches = list(trainer.get_train_dataloader())
    assert sum((batch["weight"] < 1).any().item() for batch in batches) == 1
    one = preference_loss(*_scored(model, ROWS[0]), torch.tensor([False]), 0.0).item()
    # Six votes in all, in as many batches as there are: the epoch's mean is that of six equal votes.
    assert sum(trainer.compute_loss(model, dict(batch)).item() for batch in batches) / len(batches) == pytest.approx(
        one
    )


def _scored(model: torch.nn.Module, row: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """The difference of a row's rewards, and its margin."""
    with torch.no_grad():
        scores = [model(input_ids=torch.tensor([row[side]])).logits.view(()) for side in ("chosen_ids", "rejected_ids")]
    return (scores[0] - scores[1]).view(1), torch.tensor([row["margin"]])


def test_adam_is_told_the_epsilon_of_the_original_work(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", kind="reward", policy="p")
    arguments = training_arguments(job, job.recipe(), 1e-4)  # type: ignore[arg-type]
    assert arguments["adam_epsilon"] == 1e-5


def test_a_new_head_is_drawn_as_it_should_be(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    heads = [load_reward_model(policy, seed=seed)[0].score for seed in (3, 3, 4)]
    assert heads[0].bias is None
    assert torch.equal(heads[0].weight, heads[1].weight)
    assert not torch.equal(heads[0].weight, heads[2].weight)
    width = heads[0].weight.shape[1]
    many = torch.cat([load_reward_model(policy, seed=seed)[0].score.weight for seed in range(20)])
    assert many.std().item() == pytest.approx(1 / math.sqrt(width + 1), rel=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_read_at_the_token_that_ends_the_answer(tmp_path: Path, kind: str) -> None:
    model, tokenizer = load_reward_model(make_model(kind, tmp_path / "policy"), seed=0)
    model.config.reward_mean = 0.0
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    answered = [(PROMPT, "Wide."), (PROMPT, "The sea is wide and blue, and the wind moves over it all day.")]
    padded = rewards(model, tokenizer, answered)
    for score, ids in zip(padded, encode(tokenizer, answered), strict=True):
        assert ids[-1] == tokenizer.eos_token_id
        with torch.no_grad():
            hidden = model.base_model(torch.tensor([ids])).last_hidden_state[0, -1]
            assert score == pytest.approx(model.score(hidden).item(), abs=1e-4)


def test_a_pair_that_is_too_long_is_counted(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    _, result = run_job(tmp_path / "all", kind="reward", policy=str(policy), epochs=1)
    _, cut = run_job(tmp_path / "cut", kind="reward", policy=str(policy), epochs=1, max_length=43)
    assert 0 < cut["dropped"] < result["train_pairs"]
    assert cut["train_pairs"] + cut["dropped"] == result["train_pairs"]


def test_without_votes_on_the_other_fold_it_trains_and_measures_nothing(tmp_path: Path) -> None:
    policy = str(make_model("llama", tmp_path / "policy"))
    _, result = run_job(tmp_path / "job", kind="reward", policy=policy, fold="judge", judge_every=1, max_steps=1)
    assert (result["train_pairs"], result["heldout_pairs"]) == (24, 0)
    assert "accuracy" not in result


def test_adapters_train_the_head_too(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    job, result = run_job(tmp_path / "job", kind="reward", policy=str(policy), tuning="lora", epochs=4)
    fresh = load_reward_model(policy, seed=0)[0].score.weight
    trained = load_reward_model(job.model)[0].score.weight
    assert result["trainable_share"] < 0.5
    assert not torch.equal(fresh, trained)


def test_strength_reaches_the_loss_as_a_margin(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    recipe = {"kind": "reward", "policy": str(policy), "max_steps": 1, "learning_rate": 1e-9, "batch_size": 18}
    _, with_margin = run_job(tmp_path / "with", **recipe)
    _, without = run_job(tmp_path / "without", margin=False, **recipe)
    # -log sigmoid(d - m) exceeds -log sigmoid(d) by less than m; the votes' margins 1/3, 2/3, 1 and no 0 average 2/3
    assert 0 < with_margin["loss"] - without["loss"] < 2 / 3
