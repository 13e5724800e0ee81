"""PPO and RLOO jobs: rewards raise what they reward, within the budget, with each tuning and each critic."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from trl import GRPOTrainer, RLOOTrainer
from trl.trainer import grpo_trainer, rloo_trainer

from alignment import ppo, rloo
from alignment.chatformat import encode_prompts
from alignment.config import load_recipe
from alignment.heldout import IGNORED, Example, pad_batch, summed_loss
from alignment.jobdir import JobDir
from alignment.models import load_policy, load_reward_model, save_model
from storage.errors import UserError
from tests.job_dirs import QUESTIONS, TOO_LONG, make_job, run_job
from tests.tiny_models import make_model

SMALL = {"batch_size": 8, "rollout_size": 32, "max_new_tokens": 8, "kl_budget": None, "threads": 1}
EAGER = {"learning_rate": 1e-3, "kl_coef": 0.0, "rollouts": 8}
WORDS = ["sea", "dog", "tea", "egg", "cup", "wind"]


@pytest.fixture(scope="module")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with policies that answer with one of a few words, and reward models that like tea."""
    folder = tmp_path_factory.mktemp("speakers")
    for kind in ("llama", "qwen2"):
        model, tokenizer = load_policy(make_model(kind, folder / kind))
        prompts = encode_prompts(tokenizer, [[{"role": "user", "content": text}] for text in QUESTIONS])
        answers = [[*tokenizer(word, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id] for word in WORDS]
        examples = [Example([*p, *a], [IGNORED] * len(p) + a) for p in prompts for a in answers]
        input_ids, labels, mask = pad_batch(examples, tokenizer.pad_token_id)

        def answer_loss(model: Any, input_ids: Any = input_ids, labels: Any = labels, mask: Any = mask) -> torch.Tensor:
            logits = model(input_ids=input_ids, attention_mask=mask).logits[:, :-1]
            return summed_loss(logits, labels[:, 1:]) / (labels != IGNORED).sum()

        teach(model, answer_loss, 40, 1e-2)
        save_model(model, tokenizer, folder / kind)
        wanted = torch.tensor([1.0 if word == "tea" else -1.0 for _ in prompts for word in WORDS])

        def score_loss(model: Any, input_ids: Any = input_ids, mask: Any = mask, wanted: Any = wanted) -> torch.Tensor:
            return ((model(input_ids=input_ids, attention_mask=mask).logits[:, 0] - wanted) ** 2).mean()

        reward_model, _ = load_reward_model(folder / kind, seed=1)
        teach(reward_model, score_loss, 80, 2e-3)
        save_model(reward_model, tokenizer, folder / f"{kind}-reward")
    return folder


def teach(model: torch.nn.Module, loss: Callable[[torch.nn.Module], torch.Tensor], steps: int, rate: float) -> None:
    """So many steps of Adam on a loss."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model).backward()
        optimizer.step()


def run(
    speakers: Path, path: Path, kind: str = "ppo", model: str = "llama", **settings: Any
) -> tuple[JobDir, dict[str, Any]]:
    """Run a job on a policy that speaks and a reward model whose head is random."""
    policy = str(speakers / model)
    inputs = {"policy": policy, "reference": policy, "reward_model": f"{policy}-reward"}
    job = make_job(path, kind=kind, **{**inputs, **SMALL, **settings})
    return job, {"ppo": ppo, "rloo": rloo}[kind].run(job, job.recipe())  # type: ignore[arg-type]


def rows(job: JobDir, name: str) -> list[float]:
    """One curve of a job."""
    found = [json.loads(line) for line in job.metrics.read_text().splitlines()]
    return [row[name] for row in found if name in row]


@pytest.mark.parametrize(
    ("kind", "model", "more"),
    [
        ("ppo", "llama", {"critic": "head"}),
        ("ppo", "llama", {"critic": "full"}),
        ("ppo", "qwen2", {"tuning": "lora", "lora_rank": 8}),
        (
            "rloo",
            "llama",
            {"completions_per_prompt": 4, "tuning": "freeze", "unfrozen_blocks": 1, "learning_rate": 4e-3},
        ),
    ],
)
def test_it_learns_what_is_rewarded(
    speakers: Path, tmp_path: Path, kind: str, model: str, more: dict[str, Any]
) -> None:
    job, result = run(speakers, tmp_path / "job", kind, model, **{**EAGER, **more})
    rewards = rows(job, "reward")
    assert len(rewards) == result["rollouts"] == 8
    assert sum(rewards[-3:]) / 3 > rewards[0] + 0.4
    assert result["reward"] > rewards[0] + 0.4
    assert result["ended"] > 0.9
    assert (result["trainable_share"] == 1) == (more.get("tuning", "full") == "full")


def test_an_answer_that_does_not_end_is_what_the_penalty_says(speakers: Path, tmp_path: Path) -> None:
    job, result = run(speakers, tmp_path / "job", **EAGER, max_new_tokens=3, no_eos_score=-10.0)
    ended, rewards = rows(job, "ended"), rows(job, "reward")
    assert ended[0] < 0.9
    assert rewards[0] < -10 * (1 - ended[0]) + 1
    assert result["ended"] > ended[0]


def test_a_run_shows_all_its_curves(speakers: Path, tmp_path: Path) -> None:
    job, result = run(speakers, tmp_path / "job", rollouts=2, epochs=2)
    names = ["kl", "kl_coef", "reward", "reward_with_kl", "entropy", "length", "ended", "explained_variance"]
    assert all(len(rows(job, name)) == 2 for name in names)
    assert all(len(rows(job, name)) == 16 for name in ("loss", "clip_fraction", "value_loss"))
    assert rows(job, "kl")[0] == pytest.approx(0, abs=1e-4)  # the policy is its reference yet
    assert rows(job, "clip_fraction")[0] == 0  # and nothing has moved since the rollout
    assert rows(job, "reward_with_kl")[1] == pytest.approx(rows(job, "reward")[1] - 0.05 * rows(job, "kl")[1])
    assert {"kl", "reward", "dropped", "train_prompts"} <= result.keys()


def test_the_kl_budget_ends_a_run_and_gives_back_the_policy_that_was_within(speakers: Path, tmp_path: Path) -> None:
    job, result = run(speakers, tmp_path / "job", **EAGER, kl_budget=0.3)
    assert result["stopped_by_kl_budget"]
    assert result["rollouts"] < 8
    assert rows(job, "kl")[-1] > 0.3
    assert result["kl"] < 0.3


def test_a_kl_weight_that_is_adapted_rises_over_a_low_target(speakers: Path, tmp_path: Path) -> None:
    job, _ = run(speakers, tmp_path / "job", learning_rate=1e-2, rollouts=4, kl_target=0.01, kl_horizon=64)
    weights = rows(job, "kl_coef")
    assert weights[0] == pytest.approx(0.05)
    assert weights[-1] > 0.05


def test_a_heavy_kl_weight_holds_the_policy_to_its_reference(speakers: Path, tmp_path: Path) -> None:
    _, free = run(speakers, tmp_path / "free", **EAGER)
    _, held = run(speakers, tmp_path / "held", **{**EAGER, "kl_coef": 20.0})
    assert held["kl"] < free["kl"] / 2


def test_with_adapters_the_reference_is_the_policy_without_them(speakers: Path, tmp_path: Path) -> None:
    """The KL of the first rollout is 0 against the policy itself, and not against another reference."""
    model, tokenizer = load_policy(speakers / "llama")
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(1.5)
    save_model(model, tokenizer, tmp_path / "other")
    own, itself = run(speakers, tmp_path / "own", tuning="lora", rollouts=2)
    held, other = run(speakers, tmp_path / "held", tuning="lora", rollouts=1, reference=str(tmp_path / "other"))
    assert rows(own, "kl")[0] == pytest.approx(0, abs=1e-4)
    assert rows(own, "kl")[1] != pytest.approx(0, abs=1e-4)
    assert abs(rows(held, "kl")[0]) > 0.01
    assert (itself["reference"], other["reference"]) == ("parent", "initial")


def test_a_reward_model_of_another_vocabulary_is_refused(speakers: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="vocabulary is not the policy's"):
        run(speakers, tmp_path / "job", reward_model=str(speakers / "qwen2-reward"))


def test_a_reference_of_another_vocabulary_is_refused(speakers: Path, tmp_path: Path) -> None:
    other = str(speakers / "qwen2")
    with pytest.raises(UserError, match="is not the policy's: name one from the policy's line"):
        run(speakers, tmp_path / "online", reference=other)
    with pytest.raises(UserError, match="is not the policy's: name one from the policy's line"):
        run_job(tmp_path / "offline", kind="dpo", policy=str(speakers / "llama"), reference=other)


def test_prompts_without_room_are_left_out_and_counted_or_refused(speakers: Path, tmp_path: Path) -> None:
    asked = [*QUESTIONS, TOO_LONG]
    _, result = run(speakers, tmp_path / "some", rollouts=1, epochs=1, asked=asked)
    assert (result["dropped"], result["train_prompts"]) == (1, len(QUESTIONS))
    with pytest.raises(UserError, match="None of 8 prompts leaves room for 8 tokens within 8"):
        run(speakers, tmp_path / "none", max_length=8)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"batch_size": 5}, "no multiple of batch_size x accumulation"),
        ({"rollout_size": 32, "completions_per_prompt": 3}, "no multiple of completions_per_prompt"),
        ({"max_steps": 3}, "set rollouts"),
        ({"rollout_size": 31}, "multiple of 2"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(wrong: dict[str, Any], sentence: str) -> None:
    inputs = {"policy": "p", "reference": "p", "reward_model": "p"}
    with pytest.raises(UserError, match=sentence):
        load_recipe({"kind": "ppo", **inputs, **wrong})


def test_what_is_overridden_in_trl_is_still_there() -> None:
    """A TRL that paces its rollouts in another way must not be trained with unawares."""
    for trainer, module in ((GRPOTrainer, grpo_trainer), (RLOOTrainer, rloo_trainer)):
        pace = inspect.getsource(trainer._prepare_inputs)
        for part in (
            "self._step % generate_every == 0 or self._buffered_inputs is None",
            "self._generate_and_score_completions(generation_batch)",
            "shuffle_sequence_dict(",
            "split_tensor_dict(",
            "self._step % self.args.steps_per_generation",
            "self.args.steps_per_generation * self.num_iterations",
        ):
            assert part in pace, f"{trainer.__name__}._prepare_inputs lacks {part!r}"
        assert list(inspect.signature(trainer._compute_loss).parameters) == ["self", "model", "inputs"]
        assert "return self._compute_loss(model, inputs)" in inspect.getsource(trainer.compute_loss)
        assert "self._step += 1" in inspect.getsource(trainer.training_step)
        assert "self._metrics[mode].items()" in inspect.getsource(trainer.log)
        assert list(inspect.signature(trainer._save_checkpoint).parameters) == ["self", "model", "trial"]
        tensors = {"row": torch.arange(4), "flat": torch.arange(8).view(4, 2)}
        halves = module.split_tensor_dict(module.shuffle_sequence_dict(tensors), 2)
        assert [len(half["row"]) for half in halves] == [2, 2]
        assert all(torch.equal(half["flat"][:, 0], 2 * half["row"]) for half in halves)
