"""How long a job has worked, over all the processes that it took. Imports no torch.

A process that is killed tells nobody how long it ran, so each notes when it begins; it ran at least until the last line
that it wrote into metrics.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from alignment.jobdir import JobDir


def begin(job: JobDir) -> float:
    """Note that a process begins on the job; returns the seconds that those before it worked."""
    job.log_beginning()
    return worked_before(_times(job.processes), _times(job.metrics))


def worked_before(beginnings: Sequence[float], told: Sequence[float]) -> float:
    """Seconds from each beginning but the last to the last time that something was told before the next beginning."""
    return sum(
        max((moment for moment in told if began <= moment < following), default=began) - began
        for began, following in pairwise(beginnings)
    )


def _times(path: Path) -> list[float]:
    """The time in every line of a file that is whole; a kill can tear the last one."""
    if not path.exists():
        return []
    return [row["time"] for line in path.read_text(encoding="utf-8").splitlines() if (row := _row(line)) is not None]


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("time"), float) else None
