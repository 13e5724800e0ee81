"""From a job on the queue to its hermetic directory: the recipe, and every input beside it.

After this the job needs no database: `python -m alignment.run DIR` has all it reads.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from alignment.jobdir import JobDir
from alignment.queue import resolve
from storage import frozen, jobs, registry, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.records import Job

PROMPT_SCHEMA = pa.schema(
    [
        ("prompt_id", pa.int64()),
        ("prompt", snapshots.CONVERSATION),
    ]
)


def directory_of(store: Store, job_id: int) -> Path:
    """Where a job lives."""
    return store.jobs / str(job_id)


def materialise(store: Store, job: Job) -> Path:
    """Write the job's directory, unless it is there already from an earlier attempt, and return it.

    The recipe is written last: a directory that has one is complete. What replaces settings of it for want of memory
    is in it at every attempt.
    """
    directory = directory_of(store, job.job_id)
    if (directory / "recipe.yaml").exists() and job.shrunk is None:
        return directory
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "recipe.yaml").exists():
        for name, source in job.spec["files"].items():
            _write_input(store, directory / name, source)
    recipe = resolve({**job.spec["recipe"], **(job.shrunk or {})}, lambda reference: _path_of(store, reference))
    partial = directory / "recipe.yaml.partial"
    partial.write_text(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True))
    with partial.open("rb") as handle:
        os.fsync(handle.fileno())
    partial.replace(directory / "recipe.yaml")
    return directory


def discard(store: Store, job_id: int) -> None:
    """Remove a job's directory, at once as far as the next attempt can see."""
    directory = directory_of(store, job_id)
    if directory.exists():
        aside = directory.with_name(f".{directory.name}.discarded")
        shutil.rmtree(aside, ignore_errors=True)
        directory.replace(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _path_of(store: Store, reference: dict[str, int]) -> str:
    if "model_id" in reference:
        return registry.get(store, reference["model_id"]).path
    if "snapshots_of" in reference:
        return str(JobDir(directory_of(store, reference["snapshots_of"])).snapshots)
    made_by = jobs.get(store, reference["job_id"])
    return str(directory_of(store, made_by.job_id) / "model")


def _write_input(store: Store, target: Path, source: dict[str, Any]) -> None:
    if "snapshot" in source:
        _copy_snapshot(store, source["snapshot"], target)
    elif "ratings" in source:
        _copy_ratings(store, source["ratings"], target)
    elif "prompt_ids" in source:
        pq.write_table(pa.Table.from_pylist(_prompt_rows(store, source["prompt_ids"]), PROMPT_SCHEMA), target)
    else:
        _copy(source["copy"], target)
        with target.open("rb") as handle:
            same = hashlib.file_digest(handle, "sha256").hexdigest() == source["sha256"]
        if not same:
            raise UserError(f"{source['copy']} is not as it was when this job was asked for: ask for it again.")


def _copy_snapshot(store: Store, sha256: str, target: Path) -> None:
    snapshot = store.snapshots / f"{sha256}.parquet"
    _copy(snapshot, target)
    if not snapshots.verify(target, sha256):
        raise UserError(
            f"The snapshot {snapshot} is damaged, so nothing was trained on it: start anew, to freeze the votes again."
        )


def _copy_ratings(store: Store, sha256: str, target: Path) -> None:
    path = frozen.path_of(store, "ratings", sha256)
    _copy(path, target)
    if not frozen.is_whole(target, sha256):
        raise UserError(f"The thumbs in {path} are damaged, so nothing was trained on them: start anew.")


def _copy(source: Path | str, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise UserError(f"{source} could not be copied for the job ({error.strerror}).") from error


def _prompt_rows(store: Store, prompt_ids: list[int]) -> list[dict[str, Any]]:
    found = {
        row["prompt_id"]: json.loads(row["messages"])
        for row in store.rows(
            "SELECT prompt_id, messages FROM prompts WHERE prompt_id IN (SELECT value FROM json_each(?))",
            [json.dumps(prompt_ids)],
        )
    }
    return [{"prompt_id": prompt_id, "prompt": found[prompt_id]} for prompt_id in prompt_ids]
