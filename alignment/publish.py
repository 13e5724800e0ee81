"""What becomes of a job's result: answers to rank, a model, an evaluation, a comparison with what it replays.

All of it happens in the transaction that closes the job under its fence, so a result is published once or not at all.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlite_utils import Database

from alignment.battles import pair_up
from alignment.config import METHODS
from alignment.queue import free_model_name
from alignment.replay import same
from storage import answer_sets, jobs, labels, registry, rounds
from storage.database import Store
from storage.records import Job, NewCompletion
from storage.weights import weights_sha256

MODEL_KINDS = {"pretrain": "base", "sft": "policy", "reward": "reward", **dict.fromkeys(METHODS, "policy")}


def publish(store: Store, job: Job, directory: Path, result: dict[str, Any]) -> None:
    """Close the job as done and store what it made. Raises `jobs.LostLease` when the job is somebody else's by now."""
    from alignment.rounds import advance

    # Read before the write lock is taken: no vote is to wait for gigabytes of weights.
    sha256 = weights_sha256(directory / "model") if job.kind in MODEL_KINDS else ""
    with store.write() as db:
        if "replay_of" in job.spec["publish"]:
            result = {**result, "same": same(store, job.spec["publish"]["replay_of"], sha256, result)}
        elif job.kind == "generate":
            result = {**result, **_publish_answers(db, job, directory)}
        elif job.kind == "evaluate":
            _publish_evaluation(db, job, result)
        elif job.kind in MODEL_KINDS:
            _publish_model(store, db, job, directory, result, sha256)
        jobs.finish(db, job, result)  # raises when the fence has moved on, and then nothing above is kept
        if job.round_id is not None:
            advance(store, db, job.round_id)
    shutil.rmtree(directory / "checkpoints", ignore_errors=True)  # there is nothing left to resume


def _publish_evaluation(db: Database, job: Job, result: dict[str, Any]) -> None:
    where, judge = job.spec["publish"], job.spec["recipe"]["judge"]
    named = _name(db, judge["reward"]) if "reward" in judge else judge["utility"]
    rounds.insert_evaluation(db, where["model_id"], where["against_id"], named, job.job_id, result)


def _name(db: Database, reference: dict[str, int]) -> str:
    """The name of the model that a recipe refers to, by its id or by the job that made it."""
    ((column, value),) = reference.items()
    return str(next(iter(db.query(f"SELECT name FROM models WHERE {column} = ?", [value])))["name"])


def _publish_model(store: Store, db: Database, job: Job, directory: Path, result: dict[str, Any], sha256: str) -> None:
    where = job.spec["publish"]
    card = {
        "kind": job.kind,
        "stage": job.stage,
        "round_id": job.round_id,
        "recipe": {**job.spec["recipe"], **(job.shrunk or {})},
        "inputs": job.spec["files"],
        "figures": result,
        "weights_sha256": sha256,
    }
    model_id = registry.register(
        db,
        free_model_name(db, where["name"]),
        MODEL_KINDS[job.kind],
        str((directory / "model").relative_to(store.home)),
        actor="worker",
        parent_id=where["parent_id"],
        job_id=job.job_id,
        card=card,
    )
    if job.round_id is not None and job.stage == "policy":
        rounds.set_candidate(db, job.round_id, model_id)


def _publish_answers(db: Database, job: Job, directory: Path) -> dict[str, int]:
    """Make each prompt's answers things to rank, as many at a time as the recipe has `per_prompt`.

    Those that are empty, or the same as another one, are left out; two that are left make a pair, three or more a set.
    Those of one side of a battle are paired with the other's. Returns how many pairs and sets there are now.
    """
    made = {"pairs": 0, "sets": 0}
    model_id, per_prompt = job.spec["publish"]["model_id"], job.spec["recipe"]["per_prompt"]
    groups = _insert_answers(db, job, directory)
    if "battle_with" in job.spec["publish"]:
        return {"pairs": pair_up(db, job)}
    for prompt_id, answers in groups.items():
        for start in range(0, len(answers), per_prompt):
            different = _different(answers[start : start + per_prompt])
            if len(different) == 2:
                labels.insert_pair(db, prompt_id, different[0], different[1], "generated", model_id)
                made["pairs"] += 1
            elif len(different) > 2:
                answer_sets.insert_set(db, prompt_id, different[: answer_sets.MOST], model_id)
                made["sets"] += 1
    return made


def _insert_answers(db: Database, job: Job, directory: Path) -> dict[int, list[tuple[int, str]]]:
    """Store what a job wrote; returns the (completion_id, text) of each prompt's answers."""
    model_id, recipe = job.spec["publish"]["model_id"], job.spec["recipe"]
    sampling = {name: recipe[name] for name in ("temperature", "top_p", "max_new_tokens")}
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in pq.read_table(directory / "completions.parquet").to_pylist():
        groups.setdefault(row["prompt_id"], []).append(row)
    found = {}
    for prompt_id, rows in groups.items():
        new = [
            NewCompletion(
                prompt_id, row["text"], model_id, job.job_id, row["seed"], sampling, row["tokens"], row["ended"]
            )
            for row in rows
        ]
        ids = labels.insert_completions(db, new)
        found[prompt_id] = [(completion_id, row["text"]) for completion_id, row in zip(ids, rows, strict=True)]
    return found


def _different(answers: Sequence[tuple[int, str]]) -> list[int]:
    """The first completion of each text that is not empty."""
    first: dict[str, int] = {}
    for completion_id, text in answers:
        first.setdefault(text.strip(), completion_id)
    return [completion_id for text, completion_id in first.items() if text]
