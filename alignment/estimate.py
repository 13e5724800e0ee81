"""What a round will take, learned from past jobs. Imports no torch.

The model is the simplest that can be checked: a job's seconds are proportional to its work, and its work is examples
times bytes of the model. The rate is the median of the newest past jobs of the same kind that ran in one go; the
lowest and the highest of their rates give the range. It leaves out the lengths of the texts,
the thumbs that KTO learns from, and what a start costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from alignment.config import ONLINE, RoundRecipe, load_recipe, stage_inputs
from storage import jobs, prompts, registry, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.estimates import took
from storage.records import Job, Model

NEWEST = 8  # past jobs of a kind to learn from
FOLDS = {"train": 2 / 3, "judge": 1 / 3}  # share of the prompts on which each learns
MOMENTS = 4  # weights, gradients, and Adam's two moments


def estimate_round(store: Store, recipe: RoundRecipe, evaluated: dict[str, Any], parent: Model) -> dict[str, Any]:
    """Seconds of work with their range (low, high) and peak memory in bytes, all None where nothing is known of them.

    `evaluated` are the settings of a round's own evaluation. `unknown` names the stages that no past job tells of, and
    `jobs` is how many were learned from.
    """
    votes = snapshots.tally(store, recipe.exclude_labelers).total()
    heldout = len(prompts.prompts_of(store, "heldout"))
    size = _bytes(Path(parent.path))
    seconds, lows, highs, peaks, unknown, used = 0.0, 0.0, 0.0, [], [], 0
    for stage, kind, settings in _stages(recipe, evaluated):
        whole = load_recipe({"kind": kind, **stage_inputs()[kind], **settings}).model_dump()
        work = _work(kind, whole, votes, heldout)
        past = _past(store, kind)
        rates = [job_seconds / (job_work * bytes_) for job_seconds, job_work, bytes_, _ in past]
        if not rates or not size:
            unknown.append(stage)
            continue
        used += len(rates)
        seconds += median(rates) * work * size
        lows += min(rates) * work * size
        highs += max(rates) * work * size
        peaks += [peak + MOMENTS * (size - bytes_) for _, _, bytes_, peak in past if peak]
    known = used > 0
    return {
        "seconds": round(seconds, 1) if known else None,
        "low": round(lows, 1) if known else None,
        "high": round(highs, 1) if known else None,
        "peak_memory": int(max(peaks)) if peaks and max(peaks) > 0 else None,
        "unknown": unknown,
        "jobs": used,
    }


def as_it_took(done: Sequence[Job]) -> dict[str, Any]:
    """What it is likely to take to do these jobs again: as long as they took, in the terms of `estimate_round`."""
    seconds, peak = took(done)
    return {
        **dict.fromkeys(("seconds", "low", "high"), seconds),
        "peak_memory": peak,
        "unknown": [],
        "jobs": len(done),
    }


def _stages(recipe: RoundRecipe, evaluated: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Stage, kind of job and settings of each."""
    return [
        ("reward", "reward", {**recipe.reward, "fold": "train"}),
        ("judge", "reward", {**recipe.reward, "fold": "judge"}),
        ("policy", recipe.method, recipe.policy_settings()),
        ("evaluation", "evaluate", {**evaluated, **recipe.evaluate}),
    ]


def _work(kind: str, recipe: dict[str, Any], votes: int, asked: int) -> float:
    """Examples that a job goes over, up to a factor that is the same for all jobs of its kind."""
    if kind == "evaluate":
        return float(min(asked, recipe.get("max_prompts") or asked) * recipe["samples_per_prompt"])
    if kind in ONLINE:
        return float(recipe["rollouts"] * recipe["rollout_size"] * (1 + recipe["epochs"]))
    if recipe.get("max_steps"):
        return float(recipe["max_steps"] * recipe["batch_size"] * recipe["accumulation"])
    return float(votes * FOLDS[recipe["fold"]] * recipe["epochs"])


def _past(store: Store, kind: str) -> list[tuple[float, float, int, int | None]]:
    """Seconds, work, bytes of the model and peak memory of past jobs of this kind that ran in one go, newest first."""
    found = []
    for job in jobs.done_at_once(store, kind, NEWEST):
        work = _work(kind, job.spec["recipe"], _votes(store, job), _asked(job))
        size = _bytes(_policy(store, job))
        if work and size and job.result and job.result.get("seconds"):
            found.append((job.result["seconds"], work, size, job.result.get("peak_memory")))
    return found


def _votes(store: Store, job: Job) -> int:
    """Votes in the snapshot that a job learned from."""
    source = job.spec["files"].get("preferences.parquet", {})
    row = store.row("SELECT row_count FROM snapshots WHERE sha256 = ?", [source.get("snapshot")])
    return int(row["row_count"]) if row else 0


def _asked(job: Job) -> int:
    return len(job.spec["files"].get("prompts.parquet", {}).get("prompt_ids", []))


def _policy(store: Store, job: Job) -> Path:
    """Where the model that a job worked on lies."""
    try:
        return Path(registry.get(store, job.spec["recipe"]["policy"]["model_id"]).path)
    except (UserError, KeyError, TypeError):
        return Path("/nowhere")


def _bytes(model: Path) -> int:
    """Size of a model's weights on disk; 0 where there are none."""
    return sum(file.stat().st_size for file in model.glob("*.safetensors"))
