"""Runs one job: `python -m alignment.run DIR` turns a recipe and its inputs into model/, metrics.jsonl, result.json.

Exit codes: 0 done (or done before), 2 the recipe or its data are wrong, 130 told to stop, 1 anything else; error.json
says which, in a sentence for a person. SIGTERM and SIGINT stop the job at once: everything it writes is atomic or
sealed, so any moment is a safe one, and a later run goes on from the newest checkpoint.
"""

from __future__ import annotations

import errno
import importlib
import os
import platform
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

from alignment.config import Recipe
from alignment.jobdir import JobDir, job_environment
from alignment.settings import TrainerSettings
from alignment.worked import begin
from storage.errors import UserError
from storage.failures import Failure
from storage.weights import settings_sha256

DONE, CRASHED, REFUSED, STOPPED = 0, 1, 2, 130


def run_job(job: JobDir) -> int:
    """Do what the recipe in a job's directory says, write result.json or error.json, and return the exit code.

    Changes the process: its output goes to log.txt, its temporary files into the directory, and signals, random state
    and threads are set.
    """
    if job.result.exists():
        return DONE
    _redirect_output(job)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.default_int_handler)
    recipe = None
    try:
        job.error.unlink(missing_ok=True)
        earlier, started = begin(job), time.monotonic()
        recipe = job.recipe()
        read = _read(job, recipe)
        with _temporary_files_inside(job):
            result = _dispatch(job, recipe)
        result["seconds"] = round(earlier + time.monotonic() - started, 3)
        result["peak_memory"] = _peak_memory()
        result["machine"] = _machine()
        result["read"] = read
        _ignore_signals()
        job.write_result(result)
        return DONE
    except KeyboardInterrupt:
        return _report(job, STOPPED, "cancelled", "The job was told to stop.", "Resume it to go on where it was.")
    except UserError as error:
        return _report(job, REFUSED, "bad_data", str(error), "")
    except Exception as error:  # noqa: BLE001 - the boundary of the process: whatever it was is told and logged once
        traceback.print_exc()
        passed = recipe.trainer if isinstance(recipe, TrainerSettings) and not job.has_stepped else {}
        failure, message, remedy = _explain(error, passed)
        return _report(job, REFUSED if failure == "bad_data" else CRASHED, failure, message, remedy)


def main(arguments: list[str]) -> int:
    """Run the job in the directory that the command line names."""
    if len(arguments) != 1 or not os.path.isdir(arguments[0]):
        print("Usage: python -m alignment.run DIR, where DIR is a job's directory with a recipe.yaml", file=sys.stderr)
        return REFUSED
    _start_over_with_job_environment(arguments)
    job = JobDir(arguments[0])
    terminal = os.dup(2)
    code = run_job(job)
    outcome = job.result if code == DONE else job.error
    os.write(terminal, f"{outcome.read_text(encoding='utf-8')}".encode())
    return code


def _dispatch(job: JobDir, recipe: Recipe) -> dict[str, Any]:
    _use_one_gpu()
    import torch
    import transformers

    from alignment.models import choose_threads

    torch.set_num_threads(choose_threads(recipe.threads))
    transformers.set_seed(recipe.seed)
    # Where an operation has no deterministic form a warning in the log must do: some models have no other.
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # it costs time
    module = importlib.import_module(f"alignment.{recipe.kind}")
    result: dict[str, Any] = module.run(job, recipe)
    return result


def _peak_memory() -> int:
    """Most bytes that the job took so far: of the GPU where it used one, else of the machine."""
    import torch

    if torch.cuda.is_available() and (peak := torch.cuda.max_memory_allocated()):
        return int(peak)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _read(job: JobDir, recipe: Recipe) -> dict[str, str]:
    """The hash of what each model that the recipe names has besides weights, of which its card has the hash."""
    named = {name: getattr(recipe, name, None) for name in ("policy", "reference", "reward_model")}
    return {name: settings_sha256(job.resolve(path)) for name, path in named.items() if path is not None}


def _machine() -> dict[str, Any]:
    """What the bits of the result depend on besides the recipe and its inputs."""
    import torch

    versions = {name: metadata.version(name) for name in ("torch", "transformers", "trl")}
    used_gpu = torch.cuda.is_available() and torch.cuda.max_memory_allocated() > 0
    device = torch.cuda.get_device_name() if used_gpu else platform.machine()
    return {"threads": torch.get_num_threads(), "device": device, **versions}


def _use_one_gpu() -> None:
    """Show this process the first GPU only, unless it was launched as one of several: TRL's trainers take no more."""
    if "LOCAL_RANK" not in os.environ:
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]


@contextmanager
def _temporary_files_inside(job: JobDir) -> Iterator[None]:
    """Have libraries put their temporary files into the job's directory, from where they go whatever end it comes to.

    They leave that to the end of the process, which one that is killed, or forked from the warm one, does not reach.
    """
    folder = job.path / "tmp"
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was killed
    folder.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _explain(error: Exception, passed: Collection[str]) -> tuple[Failure, str, str]:
    """The class of an error, what happened, and what to do about it.

    `passed` are the fields that the recipe passes to a trainer that has not made a step with them.
    """
    kind = type(error).__name__
    first_line = (str(error).strip().splitlines() or [""])[0][:300]
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "can't allocate memory" in str(error):
        return (
            "out_of_memory",
            "The job ran out of memory.",
            "Set a smaller batch_size (with more accumulation), a smaller max_length, or gradient_checkpointing.",
        )
    if _is_of_a_full_disk(error):
        return "crash", "The disk is full.", "Free some space, then resume the job."
    if passed:  # which TRL checks as it needs them, at any place before the end of the first step
        return (
            "bad_data",
            f"The training could not begin with {', '.join(passed)} under trainer: {kind}: {first_line}.",
            "Leave out or put right what the trainer does not take; the traceback is in its log.txt.",
        )
    return "crash", f"The job crashed: {kind}: {first_line}.", "The traceback is in its log.txt."


def _is_of_a_full_disk(error: Exception) -> bool:
    """Whether it says so: libraries in other languages do in words, and torch only that a file came out short."""
    if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or "No space left on device" in str(error):
        return True
    return "unexpected pos" in str(error) or "file write failed" in str(error)


def _report(job: JobDir, code: int, failure: Failure, message: str, remedy: str) -> int:
    _ignore_signals()
    job.write_error(failure, message, remedy)
    print(message, remedy, file=sys.stderr, flush=True)
    return code


def _ignore_signals() -> None:
    """From here on the outcome is certain, and only remains to be written."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_IGN)


def _redirect_output(job: JobDir) -> None:
    """Send what this process and its libraries print to log.txt, behind what an earlier attempt wrote there."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _start_over_with_job_environment(arguments: list[str]) -> None:
    """Replace this process by one that has the variables of a job, unless it has them: they are read at its start."""
    wanted = job_environment()
    if any(name not in os.environ for name in wanted):
        command = [sys.executable, "-m", "alignment.run", *arguments]
        os.execve(sys.executable, command, {**wanted, **os.environ})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
