"""Directories of small sft jobs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from alignment.jobdir import JobDir

THINGS = ["sea", "river", "dog", "garden", "bread", "letter", "winter", "friend", "wind", "house"]
ASKED = ["Describe the {} in a sentence", "Why do people like the {}", "Write a line for a card about the {}"]


def records() -> list[dict[str, str]]:
    """Thirty Alpaca records, no two of whose prompts are alike, with answers of one to three sentences."""
    return [
        {
            "instruction": asked.format(thing),
            "input": "",
            "output": " ".join([f"The {thing} is good to have."] * length),
        }
        for thing in THINGS
        for length, asked in enumerate(ASKED, start=1)
    ]


def sft_job(path: Path, model: Path, **settings: Any) -> JobDir:
    """A job that tunes `model` on those records, on one thread unless told otherwise."""
    path.mkdir(parents=True)
    (path / "records.json").write_text(json.dumps(records()))
    recipe = {"kind": "sft", "model": str(model), "instructions": "records.json", "threads": 1, "heldout_share": 0.2}
    (path / "recipe.yaml").write_text(yaml.safe_dump(recipe | settings))
    return JobDir(path)


def weights_of(job: JobDir) -> str:
    """A hash of the weights that came of a job."""
    return hashlib.sha256((job.model / "model.safetensors").read_bytes()).hexdigest()
