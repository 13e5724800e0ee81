"""What PPO for language models has to mind, point by point, on the trainer itself: against arithmetic written out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import nn
from trl import GRPOConfig, RLOOConfig

from alignment.advantages import explained_variance
from alignment.config import load_recipe
from alignment.models import load_policy, load_reward_model, save_model
from alignment.online_trainer import Models, OnlineTrainer, Scored, loop_arguments
from alignment.ppo_trainer import PpoTrainer
from alignment.recipes.online import OnlineSettings, PpoRecipe
from alignment.rloo_trainer import RlooTrainer
from alignment.training import trainer_config
from tests.job_dirs import QUESTIONS, make_job, run_job
from tests.tiny_models import make_model

PROMPTS = [[{"role": "user", "content": text}] for text in QUESTIONS]
INPUTS = {"policy": "/p", "reference": "/p", "reward_model": "/p"}
SMALL = {
    "batch_size": 4,
    "rollout_size": 8,
    "rollouts": 2,
    "max_new_tokens": 6,
    "temperature": 0.7,
    "kl_coef": 0.05,
    "kl_budget": None,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2, which has dropout and absolute positions, as policy, as another reference, and as reward model."""
    root = tmp_path_factory.mktemp("models")
    model, tokenizer = load_policy(make_model("gpt2", root / "policy"))
    with torch.no_grad():  # so that some answers end within six tokens, and some do not
        model.transformer.ln_f.bias.add_(model.get_output_embeddings().weight[tokenizer.eos_token_id] * 160)
        save_model(model, tokenizer, root / "policy")
        model.transformer.wpe.weight.mul_(-3.0)
    save_model(model, tokenizer, root / "reference")
    reward_model, _ = load_reward_model(root / "policy", seed=1)
    with torch.no_grad():
        reward_model.score.weight.mul_(2)
    reward_model.config.reward_mean = 0.25
    save_model(reward_model, tokenizer, root / "reward")
    return root


def trainer_of(folder: Path, path: Path, kind: str = "ppo", prompts: Any = PROMPTS, **settings: Any) -> Any:
    """The trainer of such a job, before its first step."""
    job = make_job(path, kind=kind, **{**INPUTS, **SMALL, **settings})
    recipe = cast(OnlineSettings, job.recipe())
    policy, tokenizer = load_policy(folder / "policy")
    models = Models(policy, tokenizer, load_policy(folder / "reference")[0], load_reward_model(folder / "reward")[0])
    config: Any = GRPOConfig if kind == "ppo" else RLOOConfig
    arguments = trainer_config(config, job, recipe, 1e-3, **loop_arguments(recipe))
    return (PpoTrainer if kind == "ppo" else RlooTrainer)(models, prompts, recipe, arguments)  # type: ignore[arg-type]


def log_probs(model: nn.Module, batch: dict[str, torch.Tensor], row: int, temperature: float) -> torch.Tensor:
    """The log-distributions (l, V) that the tokens of one completion were drawn from, the sequence by itself."""
    start, length = int(batch["starts"][row]), int(batch["action_mask"][row].sum())
    ids = batch["input_ids"][row : row + 1, : start + length]
    return (model(input_ids=ids).logits[0, start - 1 : -1] / temperature).log_softmax(-1)


def prompts_in(batch: dict[str, torch.Tensor]) -> list[list[int]]:
    """The prompts' ids, row by row."""
    return [ids[:length].tolist() for ids, length in zip(batch["input_ids"], batch["starts"], strict=True)]


def test_the_defaults_are_those_of_the_literature() -> None:
    recipe = cast(PpoRecipe, load_recipe({"kind": "ppo", **INPUTS}))
    assert (recipe.gamma, recipe.gae_lambda, recipe.clip, recipe.epochs) == (1.0, 0.95, 0.2, 4)
    assert (recipe.value_coef, recipe.adam_epsilon, recipe.reward_clip) == (0.1, 1e-5, 10)
    assert not recipe.whiten_rewards


@torch.no_grad()
def test_a_rollout_is_scored_by_the_policy_the_reference_and_the_reward_model(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", no_eos_score=-3.0, reward_clip=9.0)
    policy, reference, reward_model = trainer.model, trainer.models.reference, trainer.models.reward_model
    kept = trainer._generate_and_score_completions(None)
    found = trainer.roll_out(0)
    assert torch.equal(kept["actions"], found.batch["actions"])  # the same number gives the same rollout
    scores, mask = [], found.batch["action_mask"]
    for row in range(8):
        length = int(mask[row].sum())
        actions = found.batch["actions"][row, :length, None]
        own, held = (log_probs(model, found.batch, row, 0.7) for model in (policy, reference))
        assert torch.allclose(found.log_probs[row, :length], own.gather(-1, actions)[:, 0], atol=1e-4)
        ratio = (own - held).gather(-1, actions)[:, 0]
        assert torch.allclose(found.log_ratio[row, :length], ratio, atol=1e-3)
        assert torch.allclose(found.entropy[row, :length], -(own.exp() * own).sum(-1), atol=1e-4)
        ids = found.batch["input_ids"][row : row + 1, : int(found.batch["starts"][row]) + length]
        raw = reward_model(input_ids=ids).logits[0, 0].item() - 0.25
        ended = actions[-1, 0].item() == trainer.models.tokenizer.eos_token_id
        assert bool(found.batch["ended"][row]) == ended
        scores.append(min(max(raw, -9.0), 9.0) if ended else -3.0)
    assert {-3.0, 9.0} < set(scores)  # beside these, some are as they came
    assert found.scores.tolist() == pytest.approx(scores, abs=1e-4)
    # what the curves show, and what the loss is told of the policy that sampled
    notes = {name: values[0] for name, values in trainer._metrics["train"].items()}
    kl = float((found.log_ratio * mask).sum(1).mean())
    assert notes["kl"] == pytest.approx(kl, abs=1e-3)
    assert abs(kl) > 0.1
    assert notes["reward"] == pytest.approx(sum(scores) / 8, abs=1e-4)
    assert notes["reward_with_kl"] == pytest.approx(sum(scores) / 8 - 0.05 * kl, abs=1e-3)
    assert notes["entropy"] == pytest.approx(float(found.entropy[mask].mean()), abs=1e-4)
    assert notes["length"] == float(mask.sum()) / 8
    assert notes["ended"] == float(found.batch["ended"].float().mean())
    assert torch.allclose(kept["old_log_probs"], found.log_probs, atol=1e-5)


def test_nothing_drops_out_and_the_reference_and_the_critic_stay_in_eval_mode(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", critic="full")
    assert {module.p for module in trainer.model.modules() if isinstance(module, nn.Dropout)} == {0.0}
    trainer._generate_and_score_completions(None)
    for model in (trainer.models.reference, trainer.models.reward_model, trainer.critic.model):
        assert not model.training
    assert trainer.model.training
    assert trainer.beta == 0  # TRL has neither a reference of its own, nor a KL in the loss
    assert trainer.ref_model is None


def test_tokens_are_drawn_at_the_temperature_that_divides_the_logits(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", temperature=1e-4)
    found = trainer.roll_out(0)
    assert float(found.log_probs.exp()[found.batch["action_mask"]].min()) > 0.99


def test_each_rollout_asks_other_prompts_and_draws_other_tokens(folder: Path, tmp_path: Path) -> None:
    several = trainer_of(folder, tmp_path / "several", rollout_size=4)
    asked = [set(map(tuple, prompts_in(several.roll_out(number).batch))) for number in (0, 1)]
    assert not asked[0] & asked[1]
    one = trainer_of(folder, tmp_path / "one", prompts=PROMPTS[:1])
    first, second = (one.roll_out(n).batch["actions"] for n in (0, 1))
    assert first.shape != second.shape or not torch.equal(first, second)


def scored_by(trainer: OnlineTrainer) -> Scored:
    """A rollout with scores and log-ratios that are made up, so that nothing is small."""
    found = trainer.roll_out(0)
    generator = torch.Generator().manual_seed(5)
    mask = found.batch["action_mask"]
    ratio = torch.randn(mask.shape, generator=generator) * mask
    scores = torch.randn(len(mask), generator=generator) * 3
    return Scored(found.batch, found.log_probs, ratio, found.entropy, scores)


def advantages_by_hand(
    scored: Scored, values: torch.Tensor, kl_coef: float, gamma: float, lam: float, scale: bool
) -> list[list[float]]:
    """GAE of each completion, written out; `scale` divides rewards by their deviation and keeps their mean."""
    lengths = scored.batch["action_mask"].sum(1).tolist()
    rewards = [[-kl_coef * r for r in row[:n]] for row, n in zip(scored.log_ratio.tolist(), lengths, strict=True)]
    for row, value in zip(rewards, scored.scores.tolist(), strict=True):
        row[-1] += value
    if scale:
        every = [one for row in rewards for one in row]
        mean = sum(every) / len(every)
        deviation = math.sqrt(sum((one - mean) ** 2 for one in every) / len(every))
        rewards = [[(one - mean) / deviation + mean for one in row] for row in rewards]
    found = []
    for row, value, n in zip(rewards, values.tolist(), lengths, strict=True):
        value = [*value[:n], 0.0]
        deltas = [row[t] + gamma * value[t + 1] - value[t] for t in range(n)]
        found.append([sum((gamma * lam) ** (s - t) * deltas[s] for s in range(t, n)) for t in range(n)])
    return found


@pytest.mark.parametrize(
    ("critic", "settings"), [("full", {}), ("full", {"gamma": 0.9, "gae_lambda": 0.5, "whiten_rewards": True})]
)
@torch.no_grad()
def test_advantages_are_whitened_over_all_tokens_and_returns_are_not(
    folder: Path, tmp_path: Path, critic: str, settings: dict[str, Any]
) -> None:
    trainer = trainer_of(folder, tmp_path / "job", critic=critic, **settings)
    trainer.kl_coef = 0.3  # as it was adapted
    scored = scored_by(trainer)
    mask = scored.batch["action_mask"]
    signal = trainer.learning_signal(scored)
    values = trainer.critic(scored.batch)
    assert torch.equal(signal["values"], values * mask)
    assert float(values[mask].abs().min()) > 0
    gamma, lam = settings.get("gamma", 1.0), settings.get("gae_lambda", 0.95)
    raw = advantages_by_hand(scored, values, 0.3, gamma, lam, "whiten_rewards" in settings)
    flat = torch.tensor([one for row in raw for one in row])
    assert torch.allclose((signal["returns"] - values)[mask], flat, atol=1e-4)
    assert torch.allclose(signal["advantages"][mask], (flat - flat.mean()) / flat.std(correction=0), atol=1e-4)
    assert not signal["advantages"][~mask].any()
    noted = trainer._metrics["train"]["explained_variance"]
    assert noted == [pytest.approx(explained_variance(values, signal["returns"], mask))]


def test_the_weight_of_the_kl_is_adapted_after_the_rollout_that_it_was_used_on(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", kl_target=0.001, kl_horizon=16)
    found = scored_by(trainer)
    ratio = found.log_ratio.abs()  # far over the target: the error is clipped to 0.2
    trainer.learning_signal(Scored(found.batch, found.log_probs, ratio, found.entropy, found.scores))
    assert trainer.kl_coef == pytest.approx(0.05 * (1 + 0.2 * 8 / 16))
    fixed = trainer_of(folder, tmp_path / "fixed")
    fixed.learning_signal(scored_by(fixed))
    assert fixed.kl_coef == 0.05


def moved(trainer: Any) -> None:
    """Move the policy, so that its ratio to the one that sampled is not 1."""
    with torch.no_grad():
        trainer.model.transformer.wpe.weight.mul_(-9.0)


@torch.no_grad()
def test_the_loss_is_the_clipped_surrogate_and_a_tenth_of_the_clipped_value_loss(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", critic="full", value_clip=0.1)
    scored = scored_by(trainer)
    mask = scored.batch["action_mask"]
    batch = {**scored.batch, "old_log_probs": scored.log_probs, **trainer.learning_signal(scored)}
    moved(trainer)
    trainer.critic.model.score.weight.mul_(1.3)
    policy, value, clipped = 0.0, 0.0, 0
    values = trainer.critic(scored.batch)
    for row in range(8):
        own = log_probs(trainer.model, batch, row, 0.7)
        for place in range(int(mask[row].sum())):
            logp = own[place, batch["actions"][row, place]].item()
            ratio = math.exp(logp - batch["old_log_probs"][row, place].item())
            advantage = batch["advantages"][row, place].item()
            near = min(max(ratio, 0.8), 1.2)
            policy -= min(advantage * ratio, advantage * near)
            clipped += advantage * near < advantage * ratio
            old, wanted = batch["values"][row, place].item(), batch["returns"][row, place].item()
            free = values[row, place].item()
            held = min(max(free, old - 0.1), old + 0.1)
            value += 0.5 * max((free - wanted) ** 2, (held - wanted) ** 2)
    tokens = int(mask.sum())
    assert float(trainer._compute_loss(trainer.model, batch)) == pytest.approx(
        (policy + 0.1 * value) / tokens, abs=1e-4
    )
    assert clipped
    assert trainer._metrics["train"]["clip_fraction"] == [pytest.approx(clipped / tokens)]
    assert trainer._metrics["train"]["value_loss"] == [pytest.approx(value / tokens, abs=1e-3)]


@torch.no_grad()
def test_rloo_judges_whole_completions_against_their_siblings(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", "rloo", completions_per_prompt=4, rollout_size=8)
    scored = scored_by(trainer)
    prompts = prompts_in(scored.batch)
    assert prompts[0] == prompts[3] != prompts[4] == prompts[7]
    returns = (scored.scores - 0.05 * scored.log_ratio.sum(1)).tolist()
    wanted = [one - (sum(returns[at : at + 4]) - one) / 3 for at in (0, 4) for one in returns[at : at + 4]]
    signal = trainer.learning_signal(scored)
    assert signal["advantages"].tolist() == pytest.approx(wanted, abs=1e-4)
    batch = {**scored.batch, "old_log_probs": scored.log_probs, **signal}
    moved(trainer)
    loss, clipped = 0.0, 0
    for row in range(8):
        length = int(batch["action_mask"][row].sum())
        own = log_probs(trainer.model, batch, row, 0.7).gather(-1, batch["actions"][row, :length, None])
        ratio = math.exp(float(own.sum() - batch["old_log_probs"][row].sum()))
        near = min(max(ratio, 0.8), 1.2)
        loss -= min(wanted[row] * ratio, wanted[row] * near) / 8
        clipped += wanted[row] * near < wanted[row] * ratio
    assert clipped
    assert float(trainer._compute_loss(trainer.model, batch)) == pytest.approx(loss, abs=1e-3)


@pytest.mark.parametrize(
    ("settings", "rate"),
    [({}, 2e-3), ({"critic": "full"}, 1e-3), ({"critic": "full", "critic_learning_rate": 0.5}, 0.5)],
)
def test_the_optimizer_has_the_critic_at_a_rate_of_its_own(
    folder: Path, tmp_path: Path, settings: dict[str, Any], rate: float
) -> None:
    trainer = trainer_of(folder, tmp_path / "job", weight_decay=0.5, **settings)
    groups = trainer.create_optimizer().param_groups
    critic = {id(weight) for weight in trainer.critic.parameters()}
    own = [group for group in groups if {id(weight) for weight in group["params"]} & critic]
    assert len(own) == 1
    assert {id(weight) for weight in own[0]["params"]} == critic
    assert (own[0]["lr"], own[0]["weight_decay"]) == (rate, 0.0)
    assert {group["eps"] for group in groups} == {1e-5}
    # and it is no part of the policy, whose parameters are what is saved and served
    assert not critic & {id(weight) for weight in trainer.model.parameters()}


def test_the_critics_gradients_are_clipped_and_forgotten(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", max_gradient_norm=0.5)
    weights = [*trainer.critic.parameters()]
    for weight in weights:
        weight.grad = torch.full_like(weight, 100.0)
    told = (trainer.args, trainer.state, trainer.control)
    trainer.callback_handler.on_pre_optimizer_step(*told)
    norm = math.sqrt(sum(float((weight.grad**2).sum()) for weight in weights))
    assert norm == pytest.approx(0.5, abs=1e-3)
    trainer.callback_handler.on_optimizer_step(*told)
    assert not any(weight.grad is not None and weight.grad.any() for weight in weights)


def test_a_checkpoint_restores_the_critic_the_weight_of_the_kl_and_the_place_in_the_loop(
    folder: Path, tmp_path: Path
) -> None:
    settings = {"accumulation": 2, "kl_target": 1.0, "kl_budget": 100.0}
    saved, loaded = (trainer_of(folder, tmp_path / name, **settings) for name in ("saved", "loaded"))
    saved._keep()
    saved.kl_coef, saved.over_budget, saved.state.global_step = 0.3, True, 4
    with torch.no_grad():
        for weight in [*saved.critic.parameters(), *saved.model.parameters()]:
            weight.add_(0.5)
    for trainer in (saved, loaded):
        trainer.create_optimizer_and_scheduler(8)
    saved._save_checkpoint(saved.model, None)
    loaded._load_optimizer_and_scheduler(str(Path(saved.args.output_dir) / "checkpoint-4"))
    assert (loaded.kl_coef, loaded.over_budget, loaded._step) == (0.3, True, 8)
    for own, other in zip(saved.critic.parameters(), loaded.critic.parameters(), strict=True):
        assert torch.equal(own, other)
    assert loaded._kept.keys() == saved._kept.keys()
    assert all(torch.equal(weight, saved._kept[name]) for name, weight in loaded._kept.items())


def test_checkpoints_come_at_the_borders_of_rollouts(folder: Path, tmp_path: Path) -> None:
    models = {"policy": folder / "policy", "reference": folder / "policy", "reward_model": folder / "reward"}
    settings = {**SMALL, **{name: str(path) for name, path in models.items()}, "epochs": 2, "checkpoints": 40}
    job, _ = run_job(tmp_path / "job", kind="ppo", threads=1, **settings)  # 2 rollouts of 4 steps
    assert [path.name for path in job.checkpoints.iterdir()] == ["checkpoint-4"]


def test_the_policy_goes_back_to_where_it_was_within_the_budget(folder: Path, tmp_path: Path) -> None:
    trainer = trainer_of(folder, tmp_path / "job", kl_budget=1e3)
    trainer._generate_and_score_completions(None)
    within = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
    with torch.no_grad():
        for weight in trainer.model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    assert not trainer.over_budget
    trainer.recipe = trainer.recipe.model_copy(update={"kl_budget": 1e-6})
    trainer._generate_and_score_completions(None)
    assert trainer.over_budget
    trainer.over_budget = False  # as where only the last rollout's steps went beyond it
    assert trainer.settle()["stopped_by_kl_budget"]
    assert all(torch.equal(weight, within[name]) for name, weight in trainer.model.named_parameters())


def test_a_step_is_the_same_in_one_batch_and_in_two_that_accumulate(folder: Path, tmp_path: Path) -> None:
    """With answers of one token, whose means weigh alike, and an optimizer that knows no scale of its own."""
    models = {"policy": folder / "policy", "reference": folder / "policy", "reward_model": folder / "reward"}
    settings = {**SMALL, **{name: str(path) for name, path in models.items()}, "max_new_tokens": 1, "rollouts": 1}
    settings |= {"epochs": 1, "learning_rate": 0.1, "warmup": 0.0, "max_gradient_norm": 1e6, "critic": "full"}
    found = []
    for name, batch, accumulation in (("one", 8, 1), ("two", 4, 2)):
        more = {"batch_size": batch, "accumulation": accumulation, "trainer": {"optim": "sgd"}, "threads": 1}
        job, _ = run_job(tmp_path / name, kind="ppo", **{**settings, **more})
        found.append(load_policy(job.model)[0].state_dict())
    start = load_policy(folder / "policy")[0].state_dict()
    assert max(float((found[0][name] - start[name]).abs().max()) for name in start) > 1e-3
    for name, weight in found[0].items():
        assert torch.allclose(weight, found[1][name], atol=1e-5)
