"""DPO: the reference is the one that was asked for, the loss is the paper's, and preference moves the policy."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from alignment.chatformat import encode_answers, encode_prompts
from alignment.dpo import TokenisedDpoTrainer
from alignment.models import load_policy
from alignment.preferences import preferences_of, read_votes
from alignment.scoring import sequence_log_probs
from storage.errors import UserError
from storage.records import Message
from tests.job_dirs import run_job
from tests.tiny_models import KINDS, make_model
from tests.votes import BAD, GOOD

PROMPT: list[Message] = [{"role": "user", "content": "Tell me about the sea, please. 99"}]


def gaps(path: Path) -> list[float]:
    """log p(good) - log p(bad) of each good and bad answer."""
    model, tokenizer = load_policy(path)
    texts = GOOD + BAD
    ids = encode_answers(tokenizer, [PROMPT] * len(texts), texts)
    found = sequence_log_probs(
        model, tokenizer.pad_token_id, [(encode_prompts(tokenizer, [PROMPT])[0], one) for one in ids]
    )
    return [good - bad for good, bad in zip(found[: len(GOOD)], found[len(GOOD) :], strict=True)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tuning", ["full", "freeze", "lora"])
def test_it_raises_the_preferred_answers_over_the_others(tmp_path: Path, kind: str, tuning: str) -> None:
    policy = make_model(kind, tmp_path / "policy")
    job, result = run_job(
        tmp_path / "job",
        kind="dpo",
        policy=str(policy),
        reference=str(policy),
        epochs=6,
        tuning=tuning,
        unfrozen_blocks=1,
    )
    assert all(after > before for after, before in zip(gaps(job.model), gaps(policy), strict=True))
    assert result["accuracy"] == 1
    assert (result["trainable_share"] == 1) == (tuning == "full")


@pytest.mark.parametrize(("kind", "trainer"), [("llama", {}), ("gpt2", {"precompute_ref_log_probs": False})])
def test_the_first_loss_is_log_two_when_policy_and_reference_agree(
    tmp_path: Path, kind: str, trainer: dict[str, bool]
) -> None:
    """Also where the reference goes along: GPT-2's vocabulary has no pad, so both are enlarged when they are loaded."""
    policy = make_model(kind, tmp_path / "policy")
    _, result = run_job(
        tmp_path / "job",
        kind="dpo",
        policy=str(policy),
        reference=str(policy),
        max_steps=1,
        learning_rate=1e-9,
        sft_weight=0,
        trainer=trainer,
    )
    assert result["loss"] == pytest.approx(math.log(2), abs=1e-4)
    assert result["reference"] == "parent"


def test_the_weighted_loss_of_the_chosen_answers_is_their_mean_over_tokens(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    settings = {"policy": str(policy), "reference": str(policy), "max_steps": 1, "learning_rate": 1e-9}
    job, result = run_job(tmp_path / "job", kind="dpo", batch_size=64, sft_weight=0.5, **settings)
    model, tokenizer = load_policy(policy)
    pairs = preferences_of(read_votes(job.path / "preferences.parquet"), "train")
    assert result["train_pairs"] == len(pairs) <= 64
    prompts = [pair.prompt for pair in pairs]
    chosen = encode_answers(tokenizer, prompts, [pair.chosen for pair in pairs])
    sides = list(zip(encode_prompts(tokenizer, prompts), chosen, strict=True))
    loss = -sum(sequence_log_probs(model, tokenizer.pad_token_id, sides)) / sum(map(len, chosen))
    assert result["loss"] == pytest.approx(math.log(2) + 0.5 * loss, abs=1e-4)


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_the_reference_is_the_one_in_the_recipe(tmp_path: Path, tuning: str) -> None:
    first = make_model("llama", tmp_path / "first")
    second, _ = run_job(tmp_path / "second", kind="dpo", policy=str(first), reference=str(first), epochs=4)
    _, third = run_job(
        tmp_path / "third",
        kind="dpo",
        policy=str(second.model),
        reference=str(first),
        max_steps=1,
        batch_size=18,
        learning_rate=1e-9,
        sft_weight=0,
        tuning=tuning,
    )
    # -log sigmoid(beta * gap) of a policy that has moved from that reference towards the preferred answers
    assert third["loss"] < math.log(2) - 0.05
    assert third["accuracy"] == 1
    assert third["reference"] == "initial"


def test_frozen_weights_stay_as_they_were(tmp_path: Path) -> None:
    policy = make_model("llama", tmp_path / "policy")
    job, _ = run_job(
        tmp_path / "job",
        kind="dpo",
        policy=str(policy),
        reference=str(policy),
        epochs=1,
        tuning="freeze",
        unfrozen_blocks=1,
    )
    before, after = (dict(load_policy(path)[0].named_parameters()) for path in (policy, job.model))
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(".layers.1." in name for name in moved)
    assert not any(".layers.0." in name or "embed_tokens" in name for name in moved)


def test_without_votes_on_the_other_fold_it_trains_and_measures_nothing(tmp_path: Path) -> None:
    policy = str(make_model("llama", tmp_path / "policy"))
    votes = {"fold": "judge", "judge_every": 1, "max_steps": 1}
    _, result = run_job(tmp_path / "job", kind="dpo", policy=policy, reference=policy, **votes)
    assert (result["train_pairs"], result["heldout_pairs"]) == (24, 0)
    assert (result["ties"], result["both_bad"]) == (1, 1)
    assert "accuracy" not in result


@pytest.mark.parametrize("kind", ["dpo", "reward"])
def test_without_a_vote_on_its_own_fold_it_is_refused_and_not_blamed_on_length(tmp_path: Path, kind: str) -> None:
    policy = str(make_model("llama", tmp_path / "policy"))
    inputs = {"policy": policy, **({"reference": policy} if kind == "dpo" else {})}
    with pytest.raises(UserError, match="None of 26 votes is for one side and on a prompt of the train fold"):
        run_job(tmp_path / "job", kind=kind, **inputs, judge_every=1)


def test_what_is_overridden_in_trl_is_still_there() -> None:
    """TRL's trainer must hand its datasets to this method, or the votes would be tokenised in another way."""
    import inspect

    from trl import DPOTrainer

    parameters = list(inspect.signature(DPOTrainer._prepare_dataset).parameters)
    assert parameters == ["self", "dataset", "processing_class", "args", "dataset_name"]
    assert "self._prepare_dataset(train_dataset" in inspect.getsource(DPOTrainer.__init__)
    assert TokenisedDpoTrainer._prepare_dataset is not DPOTrainer._prepare_dataset
