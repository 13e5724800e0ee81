"""The warm process: it stays fit to be forked, tells how its children ended, and never outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from alignment.runner import PROJECT, Runner
from tests.sft_jobs import sft_job
from tests.tiny_models import make_model
from tests.warm import shared_runner, warm_process

# A process that starts an endless job and says so, for a test to kill.
PARENT = """
import sys, time
from pathlib import Path
from alignment.runner import Runner
runner = Runner(Path(sys.argv[1]) / "runner.log")
child = runner.start(Path(sys.argv[1]) / "job")
while child.pid is None:
    time.sleep(0.01)
print(runner._warm._process.pid, child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("llama", tmp_path_factory.mktemp("model") / "llama")


@pytest.fixture
def shared() -> Runner:
    return shared_runner()


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """One whose warm process may be harmed."""
    started = Runner(tmp_path / "runner.log")
    yield started
    started.close()


def test_children_run_from_one_process_that_stays_single_threaded(tmp_path: Path, model: Path, shared: Runner) -> None:
    jobs = [sft_job(tmp_path / str(n), model, max_steps=1, threads=2) for n in range(2)]
    children = [shared.start(job.path) for job in jobs]
    for child, job in zip(children, jobs, strict=True):
        assert child.wait(120)
        assert child.exit_code == 0
        assert job.result.exists()
    warm = warm_process(shared)
    assert warm.num_threads() == 1
    assert not warm.children()


def test_a_child_is_a_group_of_its_own_and_its_signal_is_its_exit_code(
    tmp_path: Path, model: Path, shared: Runner
) -> None:
    child = shared.start(sft_job(tmp_path / "job", model, max_steps=10**6).path)
    assert _soon(lambda: child.pid is not None)
    assert os.getpgid(child.pid or 0) == child.pid
    child.kill()
    assert child.wait(30)
    assert child.exit_code == -signal.SIGKILL


def test_a_directory_that_is_gone_fails_and_the_next_job_runs(tmp_path: Path, model: Path, shared: Runner) -> None:
    gone = shared.start(tmp_path / "nowhere")
    after = shared.start(sft_job(tmp_path / "job", model, max_steps=1).path)
    assert gone.wait(120)
    assert gone.exit_code == 1
    assert after.wait(120)
    assert after.exit_code == 0


def test_when_the_warm_process_is_killed_its_child_is_reported_dead_and_another_serves(
    tmp_path: Path, model: Path, runner: Runner
) -> None:
    child = runner.start(sft_job(tmp_path / "endless", model, max_steps=10**6).path)
    assert _soon(lambda: child.pid is not None)
    warm_process(runner).kill()
    assert child.wait(30)
    assert child.exit_code == -signal.SIGKILL
    assert _soon(lambda: not _runs(child.pid or 0))
    after = runner.start(sft_job(tmp_path / "job", model, max_steps=1).path)
    assert after.wait(120)
    assert after.exit_code == 0


def test_a_death_that_is_noticed_late_ends_no_child_of_the_next_process(
    tmp_path: Path, model: Path, runner: Runner
) -> None:
    first = runner.start(sft_job(tmp_path / "endless", model, max_steps=10**6).path)
    assert _soon(lambda: first.pid is not None)
    warm = warm_process(runner)
    warm.kill()
    warm.wait()
    after = runner.start(sft_job(tmp_path / "job", model, max_steps=1).path)
    assert first.wait(30)
    assert after.wait(120)
    assert after.exit_code == 0


def test_two_children_in_one_directory_are_told_apart(tmp_path: Path, model: Path, shared: Runner) -> None:
    directory = sft_job(tmp_path / "endless", model, max_steps=10**6, checkpoints=0).path
    first, second = shared.start(directory), shared.start(directory)
    assert _soon(lambda: first.pid is not None and second.pid is not None)
    first.kill()
    assert first.wait(30)
    assert not second.wait(0)
    second.kill()
    assert second.wait(30)


def test_closing_ends_what_runs(tmp_path: Path, model: Path) -> None:
    runner = Runner(tmp_path / "runner.log")
    child = runner.start(sft_job(tmp_path / "endless", model, max_steps=10**6).path)
    assert _soon(lambda: child.pid is not None)
    warm = warm_process(runner)
    runner.close()
    assert child.wait(30)
    assert _soon(lambda: not _runs(child.pid or 0))
    assert not _runs(warm.pid)


def test_when_the_parent_is_killed_the_warm_process_and_its_child_end(tmp_path: Path, model: Path) -> None:
    sft_job(tmp_path / "job", model, max_steps=10**6)
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(_runs(pid) for pid in pids)
        parent.kill()
    assert _soon(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _soon(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds within a minute, however busy the machine."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()
