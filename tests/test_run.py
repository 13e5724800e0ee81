"""A job's process: what it leaves behind when it is done, refused, told to stop, or crashes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from alignment.jobdir import JobDir, job_environment
from alignment.run import _explain, _use_one_gpu
from alignment.runner import PROJECT, Child, Runner
from tests.job_dirs import make_job
from tests.sft_jobs import sft_job, weights_of
from tests.tiny_models import make_model
from tests.warm import shared_runner


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("llama", tmp_path_factory.mktemp("model") / "llama")


@pytest.fixture
def runner() -> Runner:
    return shared_runner()


def exit_code(child: Child) -> int | None:
    assert child.wait(120)
    return child.exit_code


def error_of(job: JobDir) -> dict[str, Any]:
    assert not job.result.exists()
    return json.loads(job.error.read_text())


def test_a_job_from_the_command_line_and_from_the_warm_process_is_the_same_to_the_bit(
    tmp_path: Path, model: Path, runner: Runner
) -> None:
    jobs = [sft_job(tmp_path / name, model, max_steps=3, threads=2) for name in ("cold", "warm")]
    jobs[0].error.write_text("{}")  # of an attempt before this one
    clean = {name: value for name, value in os.environ.items() if name not in job_environment()}
    command = [sys.executable, "-m", "alignment.run", str(jobs[0].path)]
    done = subprocess.run(command, cwd=PROJECT, env=clean, capture_output=True, text=True)
    assert done.returncode == 0
    assert exit_code(runner.start(jobs[1].path)) == 0
    assert weights_of(jobs[0]) == weights_of(jobs[1])
    cold, warm = (json.loads(job.result.read_text()) for job in jobs)
    assert json.loads(done.stderr) == cold
    assert cold.pop("seconds") > 0
    assert warm.pop("seconds") > 0
    assert cold.pop("peak_memory") > 1e8
    assert warm.pop("peak_memory") > 1e8
    assert cold == warm
    assert not jobs[0].error.exists()
    assert "'train_loss'" in jobs[0].log.read_text()


def test_a_job_writes_nothing_outside_its_directory(tmp_path: Path, model: Path) -> None:
    job = make_job(tmp_path / "job", kind="dpo", policy=str(model), reference=str(model), max_steps=1)
    outside = tmp_path / "outside"
    outside.mkdir()
    places = {name: str(outside) for name in ("HOME", "XDG_CACHE_HOME", "HF_HOME", "TMPDIR")}
    command = [sys.executable, "-m", "alignment.run", str(job.path)]
    done = subprocess.run(command, cwd=PROJECT, env={**os.environ, **places}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(outside.rglob("*"))
    assert not (job.path / "tmp").exists()


def test_a_job_that_is_done_is_left_as_it_is(tmp_path: Path, model: Path, runner: Runner) -> None:
    job = sft_job(tmp_path / "job", model)
    job.write_result({"loss": 1})
    assert exit_code(runner.start(job.path)) == 0
    assert json.loads(job.result.read_text()) == {"loss": 1}
    assert not job.model.exists()


def test_a_wrong_recipe_is_refused_in_a_sentence(tmp_path: Path, model: Path, runner: Runner) -> None:
    job = sft_job(tmp_path / "job", model, learning_rat=1)
    assert exit_code(runner.start(job.path)) == 2
    assert error_of(job) == {
        "class": "bad_data",
        "message": "The sft recipe has no setting 'learning_rat'. Did you mean 'learning_rate'?",
        "remedy": "",
    }


def test_wrong_data_is_refused_in_a_sentence(tmp_path: Path, model: Path, runner: Runner) -> None:
    job = sft_job(tmp_path / "job", model)
    (job.path / "records.json").write_text('{"instruction": "x"}')
    assert exit_code(runner.start(job.path)) == 2
    assert error_of(job)["message"].startswith("Line 1 of ")
    assert error_of(job)["class"] == "bad_data"


def test_a_loss_that_explodes_is_told_as_such(tmp_path: Path, model: Path, runner: Runner) -> None:
    job = sft_job(tmp_path / "job", model, learning_rate=1e30, warmup=0, max_gradient_norm=1e30)
    assert exit_code(runner.start(job.path)) == 2
    assert "Training diverged" in error_of(job)["message"]


def test_a_last_step_that_explodes_is_told_as_such(tmp_path: Path, model: Path, runner: Runner) -> None:
    """Its loss was computed before it, so that only what is measured afterwards shows what became of the model."""
    job = sft_job(tmp_path / "job", model, learning_rate=1e30, warmup=0, max_gradient_norm=1e30, max_steps=1)
    assert exit_code(runner.start(job.path)) == 2
    assert "result.json would hold no finite numbers; set a lower learning_rate" in error_of(job)["message"]
    assert error_of(job)["class"] == "bad_data"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        Exception("Error while serializing: I/O error: No space left on device (os error 28)"),  # safetensors
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),  # torch
    ],
)
def test_a_full_disk_is_told_as_such_by_whichever_library_met_it(error: Exception) -> None:
    assert _explain(error, ()) == ("crash", "The disk is full.", "Free some space, then resume the job.")


def test_a_crash_is_told_and_its_traceback_logged(tmp_path: Path, model: Path, runner: Runner) -> None:
    job = sft_job(tmp_path / "job", model)
    job.metrics.mkdir()
    assert exit_code(runner.start(job.path)) == 1
    assert error_of(job)["class"] == "crash"
    assert "IsADirectoryError" in error_of(job)["message"]
    assert "Traceback" in job.log.read_text()


def test_too_little_memory_is_told_with_what_to_do(tmp_path: Path, runner: Runner) -> None:
    (tmp_path / "text.txt").write_text("\n\n".join(f"a line of text {n} with words enough {n}" for n in range(50)))
    recipe = ["kind: pretrain", "text: text.txt", "hidden_size: 16", "heads: 2", "feed_forward: 1000000000000"]
    (tmp_path / "recipe.yaml").write_text("\n".join(recipe))
    assert exit_code(runner.start(tmp_path)) == 1
    error = error_of(JobDir(tmp_path))
    assert error["class"] == "out_of_memory"
    assert "batch_size" in error["remedy"]


def test_a_job_that_is_told_to_stop_says_so_and_goes_on_later(tmp_path: Path, model: Path, runner: Runner) -> None:
    job = sft_job(tmp_path / "job", model, max_steps=150, log_every=1, checkpoints=100)
    child = runner.start(job.path)
    _await(lambda: any(job.checkpoints.glob("*/manifest.json")))
    child.terminate()
    assert exit_code(child) == 130
    assert error_of(job)["class"] == "cancelled"
    first = len(job.metrics.read_text().splitlines())
    assert exit_code(runner.start(job.path)) == 0
    assert not job.error.exists()
    assert json.loads(job.metrics.read_text().splitlines()[first + 1])["step"] > 1


def test_a_job_that_is_told_to_stop_before_it_began_does(tmp_path: Path, model: Path, runner: Runner) -> None:
    job = sft_job(tmp_path / "job", model, max_steps=10**6)
    child = runner.start(job.path)
    child.terminate()
    assert exit_code(child) in (130, -signal.SIGTERM)
    assert not job.result.exists()


def test_what_trl_itself_refuses_is_the_callers_mistake(tmp_path: Path, model: Path, runner: Runner) -> None:
    wrong = {"lr_scheduler_kwargs": {"no_such": 1}}
    job = sft_job(tmp_path / "job", model, max_steps=3, trainer=wrong)
    assert exit_code(runner.start(job.path)) == 2
    error = error_of(job)
    assert error["class"] == "bad_data"
    assert error["message"].startswith("The training could not begin with lr_scheduler_kwargs under trainer: TypeError")


@pytest.mark.parametrize(("given", "used"), [(None, "0"), ("3,5", "3"), ("", "")])
def test_a_job_sees_one_gpu(monkeypatch: pytest.MonkeyPatch, given: str | None, used: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given or "")
    if given is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    _use_one_gpu()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == used


def test_one_of_several_processes_keeps_the_gpus_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    monkeypatch.setenv("LOCAL_RANK", "1")
    _use_one_gpu()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,5"


def test_no_directory_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "alignment.run", str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage:")


def _await(condition: Any) -> None:
    while not condition():
        time.sleep(0.01)
