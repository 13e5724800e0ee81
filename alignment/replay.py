"""A replay: a finished round's stages once more, on the very inputs they had, and what came of them beside the first.

On a CPU the same recipe, seed and inputs give the same weights to the last bit, so a replay shows that a round is what
its record says. It registers no model and no evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alignment.queue import resolve
from storage import frozen, jobs, registry, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.records import Job, Model, Round
from storage.weights import has_registered_weights, settings_sha256

MEASURED = ("seconds", "peak_memory", "machine", "read", "pairs", "sets", "same")  # of the run, not of what came of it


def check(store: Store, original: Round) -> None:
    """Raise UserError unless the round can be replayed: it is done, and all that it learned from is as it was."""
    if original.replay_of is not None:
        raise UserError(f"Round {original.round_id} is itself a replay: replay round {original.replay_of}.")
    if original.status != "done":
        raise UserError(f"Round {original.round_id} is {original.status}, and only a round that is done is replayed.")
    for job in jobs.of_round(store, original.round_id):
        for name, source in job.spec["files"].items():
            if not _is_as_it_was(store, source):
                raise UserError(
                    f"Round {original.round_id} cannot be replayed: {name} of its {job.stage} is not what it was "
                    "when the round ran, or is gone. `check` says more."
                )
    for model in _given(store, original):
        if not has_registered_weights(model):
            raise UserError(
                f"Round {original.round_id} cannot be replayed: the weights of {model.name} are not those that it had "
                "when the round ran."
            )
        if _read_of(store, original, model) - {settings_sha256(Path(model.path))}:
            raise UserError(
                f"Round {original.round_id} cannot be replayed: the configuration or the tokenizer of {model.name} is "
                "not the one that it had when the round ran."
            )


def stage(store: Store, this: Round, name: str, done: dict[str, int]) -> tuple[str, dict[str, Any]]:
    """The kind and spec of a replay's stage: the original's, with what the round itself made taken from the replay.

    It takes as many threads as the original had, for their number decides in which order numbers are added up.
    """
    first = {job.stage: job for job in jobs.of_round(store, this.replay_of or 0)}
    stages = {job.job_id: job.stage for job in first.values()}
    own = {model.model_id: stages[job_id] for model, job_id in _made(store, first.values())}

    def moved(reference: dict[str, int]) -> dict[str, int]:
        ((kind, number),) = reference.items()
        if kind == "model_id":
            return {"job_id": done[own[number]]} if number in own else reference
        return {kind: done[stages[number]]}

    job = first[name]
    threads = (job.result or {}).get("machine", {}).get("threads")
    had = {**job.spec["recipe"], **(job.shrunk or {}), **({"threads": threads} if threads else {})}
    spec = {
        "recipe": resolve(had, moved),
        "files": job.spec["files"],
        "publish": {"replay_of": job.job_id, "round_id": this.round_id},
    }
    return job.kind, spec


def same(store: Store, job_id: int, sha256: str, result: dict[str, Any]) -> bool:
    """Whether a stage gave what the job that it replays gave: the weights of this hash, or else the same figures."""
    made = registry.made_by(store, job_id)
    if made is not None:
        return bool(made.card["weights_sha256"] == sha256)
    first = jobs.get(store, job_id).result or {}
    return _figures(first) == _figures(result)


def _figures(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in MEASURED}


def _is_as_it_was(store: Store, source: dict[str, Any]) -> bool:
    if "snapshot" in source:
        return snapshots.verify(store.snapshots / f"{source['snapshot']}.parquet", source["snapshot"])
    if "ratings" in source:
        return frozen.is_whole(frozen.path_of(store, "ratings", source["ratings"]), source["ratings"])
    if "copy" in source:
        return frozen.is_whole(Path(source["copy"]), source["sha256"])
    return True  # prompts by their ids, which are never changed


def _read_of(store: Store, original: Round, model: Model) -> set[str]:
    """The hashes that a model's files besides its weights had when the round's jobs read them."""
    return {
        sha256
        for job in jobs.of_round(store, original.round_id)
        for name, sha256 in (job.result or {}).get("read", {}).items()
        if job.spec["recipe"].get(name) == {"model_id": model.model_id}
    }


def _given(store: Store, original: Round) -> list[Model]:
    """The models that the round read and did not make."""
    made = {model.model_id for model, _ in _made(store, jobs.of_round(store, original.round_id))}
    found: set[int] = set()
    for job in jobs.of_round(store, original.round_id):
        resolve(job.spec["recipe"], lambda reference: found.add(reference.get("model_id", 0)))
    return [registry.get(store, model_id) for model_id in sorted(found - made - {0})]


def _made(store: Store, stages: Iterable[Job]) -> list[tuple[Model, int]]:
    """The models that these jobs made, each with its job."""
    found = ((registry.made_by(store, job.job_id), job.job_id) for job in stages)
    return [(model, job_id) for model, job_id in found if model is not None]
