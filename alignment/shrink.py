"""Half the batch and twice the accumulation for a job that ran out of memory. Imports no torch.

An optimizer step goes over as many examples as before, so a run may change over in the middle, at a checkpoint.
"""

from __future__ import annotations

from typing import Any

from alignment.queue import whole_recipe
from storage.errors import UserError


def shrunk(recipe: dict[str, Any]) -> dict[str, int] | None:
    """The settings that replace those of a job's recipe, or None where its batch cannot be made smaller.

    The new batch is the largest at most half as large that leaves the product of batch and accumulation as it was.
    A job that only samples has no accumulation, and its batch is halved.
    """
    batch = recipe.get("batch_size", 1)
    if batch <= 1:
        return None
    if "accumulation" not in recipe:
        return {"batch_size": batch // 2}
    step = batch * recipe["accumulation"]
    smaller = next(size for size in range(batch // 2, 0, -1) if step % size == 0)
    changed = {"batch_size": smaller, "accumulation": step // smaller}
    try:
        whole_recipe({**recipe, **changed})
    except UserError:  # such as a loss that compares the pairs of a batch
        return None
    return changed
