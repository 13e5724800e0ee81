"""A generate job: answers of a policy to prompts, two by two for pairs.

in: policy, prompts.parquet      out: completions.parquet (prompt_id, text, seed, tokens, ended)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from alignment.jobdir import JobDir
from alignment.models import load_policy
from alignment.recipes.sampling import GenerateRecipe
from alignment.sampling import Sampling, have_room, sample
from storage.errors import UserError
from storage.records import Message

COMPLETIONS = pa.schema(
    [
        ("prompt_id", pa.int64()),
        ("text", pa.string()),
        ("seed", pa.int64()),
        ("tokens", pa.int64()),
        ("ended", pa.bool_()),
    ]
)


def run(job: JobDir, recipe: GenerateRecipe) -> dict[str, Any]:
    """Sample `per_prompt` answers to each prompt that leaves room for them.

    Result: completions, ended (share), mean_tokens, and how many prompts were skipped because they are too long.
    """
    prompts = read_prompts(job.resolve(recipe.prompts))
    model, tokenizer = load_policy(job.resolve(recipe.policy))
    room = have_room(model, tokenizer, [messages for _, messages in prompts])
    if not any(room):
        raise UserError(f"All {len(prompts)} prompts are longer than the model takes: shorten them, or bring others.")
    asked = [prompt for prompt, fits in zip(prompts, room, strict=True) if fits for _ in range(recipe.per_prompt)]
    job.in_batches = True
    sampling = Sampling(recipe.temperature, recipe.top_p, recipe.max_new_tokens, recipe.batch_size)
    samples = sample(
        model,
        tokenizer,
        [messages for _, messages in asked],
        sampling,
        recipe.seed,
        lambda done: job.log_progress(round(done * len(asked)), done),
    )
    rows = [
        {"prompt_id": asked_id, "text": s.text, "seed": recipe.seed, "tokens": len(s.token_ids), "ended": s.ended}
        for (asked_id, _), s in zip(asked, samples, strict=True)
    ]
    partial = job.path / "completions.parquet.partial"
    pq.write_table(pa.Table.from_pylist(rows, COMPLETIONS), partial)
    partial.replace(job.path / "completions.parquet")
    return {
        "completions": len(rows),
        "ended": sum(s.ended for s in samples) / len(samples),
        "mean_tokens": sum(len(s.token_ids) for s in samples) / len(samples),
        "skipped": room.count(False),
    }


def read_prompts(path: Path) -> list[tuple[int, tuple[Message, ...]]]:
    """(prompt_id, messages) of a prompts file. Raises UserError when it holds none."""
    rows = pq.read_table(path).to_pylist()
    if not rows:
        raise UserError(f"{path} holds no prompt, so there is nothing to answer.")
    return [(row["prompt_id"], tuple(row["prompt"])) for row in rows]
