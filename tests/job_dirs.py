"""Hermetic job directories for tests that train a tiny model."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from alignment.jobdir import JobDir
from alignment.materialise import PROMPT_SCHEMA
from tests.tiny_models import POSITIONS
from tests.votes import write_votes

QUESTIONS = [f"Tell me about the sea {n}" for n in range(8)]
TOO_LONG = "word " * 2 * POSITIONS


def make_job(path: Path, judge_every: int = 4, asked: Sequence[str] = QUESTIONS, **recipe: Any) -> JobDir:
    """A directory with this recipe, a few votes and eight prompts, or those `asked`, beside it."""
    path.mkdir(parents=True)
    write_votes(path / "preferences.parquet", judge_every=judge_every)
    prompts = [{"prompt_id": n, "prompt": [{"role": "user", "content": text}]} for n, text in enumerate(asked)]
    pq.write_table(pa.Table.from_pylist(prompts, PROMPT_SCHEMA), path / "prompts.parquet")
    (path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return JobDir(path)


def run_job(path: Path, **recipe: Any) -> tuple[JobDir, dict[str, Any]]:
    """Run such a directory in this process; returns it and its result."""
    job = make_job(path, **recipe)
    return job, importlib.import_module(f"alignment.{recipe['kind']}").run(job, job.recipe())
