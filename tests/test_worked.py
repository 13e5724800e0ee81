"""How long a job has worked, over several processes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from alignment.jobdir import JobDir
from alignment.worked import begin, worked_before


def test_a_process_worked_until_the_last_that_it_told() -> None:
    # The first from 10 to 14, the second told nothing, the third from 30 to 31; the fourth is the one that asks.
    assert worked_before([10.0, 20.0, 30.0, 40.0], [11.0, 14.0, 30.5, 31.0, 41.0]) == 5.0
    assert worked_before([10.0], [11.0]) == 0.0


def test_it_is_read_from_the_directory_in_which_a_kill_tore_a_line(tmp_path: Path) -> None:
    job = JobDir(tmp_path)
    assert begin(job) == 0.0
    began = json.loads((tmp_path / "processes.jsonl").read_text())["time"]
    (tmp_path / "processes.jsonl").write_text(f'{{"time": {began - 9}}}\n{{"time": {began - 5}}}\n')
    (tmp_path / "metrics.jsonl").write_text(f'{{"step": 1, "time": {began - 7}}}\n{{"step": 2, "ti')
    job.log_metrics(3, loss=1.0)  # now, which is five seconds after the second process began
    time.sleep(0.01)
    assert begin(job) == pytest.approx(2 + 5, abs=1)
