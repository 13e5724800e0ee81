"""A job's directory: the only thing that a job reads and writes. Imports no torch.

recipe.yaml     what to do                      model/        the weights that came of it
metrics.jsonl   one JSON object a line          checkpoints/  to resume from, snapshots/ to be scored
result.json     written last, or error.json     log.txt       what the process printed
processes.jsonl when each process began
"""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import yaml

from alignment.config import Recipe, load_recipe
from storage.durable import sync_directory
from storage.errors import UserError
from storage.failures import Failure


def job_environment() -> dict[str, str]:
    """Variables that a job's process must be started with: they are read when its libraries load.

    Trainers otherwise send telemetry; the allocator settings keep freed memory in the process, because handing it back
    after every step doubles the time of steps with a large vocabulary.
    """
    return {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
        "TRL_EXPERIMENTAL_SILENCE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "17179869184",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }


class JobDir:
    """The files of one job."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).resolve()
        self.model = self.path / "model"
        self.checkpoints = self.path / "checkpoints"
        self.snapshots = self.path / "snapshots"
        self.metrics = self.path / "metrics.jsonl"
        self.processes = self.path / "processes.jsonl"
        self.result = self.path / "result.json"
        self.error = self.path / "error.json"
        self.log = self.path / "log.txt"
        self.in_batches = False  # whether the process has come to work whose memory goes by the size of its batches
        self.has_stepped = False  # whether a step of a training has come to its end

    def recipe(self) -> Recipe:
        """The checked recipe. Raises UserError when it is missing, no YAML mapping, or wrong."""
        path = self.path / "recipe.yaml"
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UserError(f"The recipe {path} cannot be read ({str(error).splitlines()[0]}).") from error
        if not isinstance(values, dict):
            raise UserError(f"The recipe {path} is not a mapping of settings to values.")
        return load_recipe(values)

    def resolve(self, path: str) -> Path:
        """A path of the recipe, relative ones taken from this directory. Raises UserError when nothing is there."""
        found = self.path / path
        if not found.exists():
            raise UserError(f"The recipe names {path!r}, but there is no such file or directory in {self.path}.")
        return found

    def log_metrics(self, step: int, **values: float) -> None:
        """Append one line to metrics.jsonl; values that are not finite become null."""
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        _append(self.metrics, {"step": step, "time": round(time.time(), 3), **finite})

    def log_beginning(self) -> None:
        """Append to processes.jsonl that a process begins on the job now."""
        _append(self.processes, {"time": round(time.time(), 3)})

    def log_progress(self, step: int, progress: float) -> None:
        """Append how much of the work is done, 0 to 1."""
        self.log_metrics(step, progress=round(min(max(progress, 0.0), 1.0), 4))

    def write_result(self, result: dict[str, Any]) -> None:
        """Write result.json, which says that everything else is there: atomic and durable."""
        write_json(self.result, result)

    def write_error(self, failure: Failure, message: str, remedy: str) -> None:
        """Write error.json: one sentence on what happened and one on what to do."""
        hint = {"in_batches": self.in_batches} if failure == "out_of_memory" else {}
        write_json(self.error, {"class": failure, "message": message, "remedy": remedy, **hint})


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a file by a JSON object, so that at any moment the old or the new one is there whole, also on disk.

    Raises UserError for a number that is not finite: figures of a model that is none any more are never written.
    """
    if not _is_finite(value):
        raise UserError(f"Training diverged: {path.name} would hold no finite numbers; set a lower learning_rate.")
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as handle:
        json.dump(value, handle, indent=2, ensure_ascii=False, allow_nan=False)
        handle.write("\n")
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)
    sync_directory(path.parent)


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _append(path: Path, row: dict[str, Any]) -> None:
    """Append a JSON object as one line, by one write to a file opened for appending.

    It is there whole or, after a kill, torn at the end, and then the next line starts anew.
    """
    torn = path.exists() and not _ends_with_newline(path)
    with path.open("ab", buffering=0) as handle:
        handle.write((("\n" if torn else "") + json.dumps(row) + "\n").encode())


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as handle:
        if handle.seek(0, os.SEEK_END) == 0:
            return True
        handle.seek(-1, os.SEEK_END)
        return handle.read(1) == b"\n"
