"""A training process that is killed at any moment, and started again, ends with the weights it would have had."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from alignment.jobdir import JobDir
from alignment.models import load_reward_model, save_model
from alignment.runner import Runner
from tests.job_dirs import make_job
from tests.sft_jobs import sft_job, weights_of
from tests.tiny_models import make_model
from tests.warm import shared_runner

STEPS = 30


@pytest.fixture
def runner() -> Runner:
    return shared_runner()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2, because its dropout draws random numbers in every step."""
    policy = make_model("gpt2", tmp_path_factory.mktemp("model") / "gpt2")
    save_model(*load_reward_model(policy, seed=1), policy.with_name("reward"))
    return policy


def job_at(path: Path, model: Path, kind: str, tuning: str) -> JobDir:
    settings = {
        "tuning": tuning,
        "threads": 1,
        "max_steps": STEPS,
        "batch_size": 2,
        "accumulation": 2,
        "checkpoints": 20,
        "log_every": 1,
    }
    if kind == "sft":
        return sft_job(path, model, **settings)
    if kind in ("ppo", "rloo"):
        del settings["max_steps"]  # 7 rollouts, after each of which there may be a checkpoint
        settings |= {"rollouts": STEPS // 4, "rollout_size": 8, "epochs": 2, "max_new_tokens": 4, "kl_budget": 1e3}
        settings |= {"reference": str(model), "reward_model": str(model.with_name("reward"))}
        settings |= (
            {"completions_per_prompt": 4}
            if kind == "rloo"
            else {"critic": "full" if tuning == "full" else "head", "kl_target": 1.0}
        )
    models = {"policy": str(model), **({"reference": str(model)} if kind == "dpo" else {})}
    return make_job(path, kind=kind, **models, **settings)


def figures_of(job: JobDir) -> dict[str, float]:
    """All that came of a job but the time and the memory it took."""
    figures: dict[str, float] = json.loads(job.result.read_text())
    del figures["seconds"], figures["peak_memory"]
    return figures


def finish(runner: Runner, job: JobDir) -> None:
    child = runner.start(job.path)
    assert child.wait(120)
    assert child.exit_code == 0


def steps_of(job: JobDir) -> list[int]:
    """Steps of the whole rows so far."""
    text = job.metrics.read_text() if job.metrics.exists() else ""
    return [json.loads(line)["step"] for line in text.splitlines() if line.endswith("}")]


@pytest.mark.parametrize(
    ("kind", "tuning"),
    [*((kind, tuning) for kind in ("sft", "reward", "dpo", "ppo") for tuning in ("full", "lora")), ("rloo", "full")],
)
def test_killed_at_random_moments_it_ends_with_the_same_weights(
    tmp_path: Path, model: Path, runner: Runner, kind: str, tuning: str
) -> None:
    whole, killed = (job_at(tmp_path / name, model, kind, tuning) for name in ("whole", "killed"))
    finish(runner, whole)
    exits = []
    for step in sorted(random.sample(range(1, STEPS - 10), k=3)):
        rows = len(steps_of(killed))
        child = runner.start(killed.path)
        while max(steps_of(killed)[rows:], default=0) < step and not child.wait(0.001):
            pass
        time.sleep(random.uniform(0, 0.03))  # a step or a checkpoint takes about so long
        child.kill()
        assert child.wait(30)
        exits.append(child.exit_code)
    assert -signal.SIGKILL in exits
    finish(runner, killed)
    assert weights_of(killed) == weights_of(whole)
    assert figures_of(killed) == figures_of(whole)


def test_a_newest_checkpoint_that_is_torn_is_passed_over(tmp_path: Path, model: Path, runner: Runner) -> None:
    whole, torn = (job_at(tmp_path / name, model, "sft", "full") for name in ("whole", "torn"))
    finish(runner, whole)
    child = runner.start(torn.path)
    while not any(torn.checkpoints.glob("*/manifest.json")):
        assert not child.wait(0.005)
    child.kill()
    assert child.wait(30)
    sealed = sorted(int(path.parent.name.split("-")[1]) for path in torn.checkpoints.glob("*/manifest.json"))
    optimizer = torn.checkpoints / f"checkpoint-{sealed[-1]}" / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:-100])
    before = len(steps_of(torn))
    finish(runner, torn)
    older = sealed[-2] if len(sealed) > 1 else 0
    assert steps_of(torn)[before + 1 :][:2] == [older, older + 1]  # behind the row with the held-out loss
    assert weights_of(torn) == weights_of(whole)
