"""What a round was estimated to take, in words, and how wrong that was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.records import Job

GIB = 2**30


def told(estimate: dict[str, Any]) -> str:
    """An estimate in a sentence or two; `seconds` is None in one that had nothing to learn from."""
    unknown = ", ".join(estimate["unknown"])
    if estimate["seconds"] is None:
        return f"How long it takes cannot be told yet: there is no past job to learn from ({unknown})."
    low, high = duration(estimate["low"]), duration(estimate["high"])
    said = (
        f"About {duration(estimate['seconds'])} of work{f' ({low} to {high})' if low != high else ''}"
        f"{_memory(estimate)}, by {estimate['jobs']} past jobs."
    )
    return f"{said} That leaves out {unknown}, of which there was none yet." if unknown else said


def took(jobs: Sequence[Job]) -> tuple[float, int | None]:
    """Seconds of work of some jobs in all, and the most memory in bytes that any took, None where none told."""
    results = [job.result or {} for job in jobs]
    peak = max((result.get("peak_memory", 0) for result in results), default=0)
    return sum(result.get("seconds", 0.0) for result in results), peak or None


def judged(estimate: dict[str, Any], seconds: float, peak_memory: float | None) -> str:
    """How wrong an estimate was, once it is known how many seconds of work and bytes of memory it was."""
    took = f"It took {duration(seconds)} of work"
    if peak_memory:
        took += f" and {peak_memory / GIB:.1f} GiB"
    if estimate["seconds"] is None or estimate["unknown"]:
        return f"{took}; the estimate did not cover all of it."
    said = f"{took}; {duration(estimate['seconds'])}{_memory(estimate, ' and ')} were estimated"
    off = [f"time {_off(estimate['seconds'], seconds)}"]
    if peak_memory and estimate["peak_memory"]:
        off.append(f"memory {_off(estimate['peak_memory'], peak_memory)}")
    return f"{said}: {', '.join(off)}."


def duration(seconds: float) -> str:
    """Seconds as a person says them, as in "40 s", "3 min" and "2.5 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


def _off(estimated: float, was: float) -> str:
    share = estimated / was - 1
    return f"{abs(share):.0%} too {'high' if share > 0 else 'low'}" if round(100 * share) else "right"


def _memory(estimate: dict[str, Any], joint: str = " and up to ") -> str:
    return f"{joint}{estimate['peak_memory'] / GIB:.1f} GiB" if estimate["peak_memory"] else ""
