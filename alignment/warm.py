"""The warm process: imports the heavy libraries once, then forks a child for every job directory it is told.

in: a directory a line on stdin      out: {"pid"} for each in its turn, later {"pid", "exit"}, a line each, on stdout

Forking is safe because this process stays single-threaded: its libraries are told so before they load, and it
computes nothing. It ends when its stdin does, and takes its children along. On Linux the kernel ends them also when
it is itself killed; elsewhere they would run to their end, and their result would wait in their directory.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import sys

# Read when the libraries load. The CUDA check must not touch the driver, which does not survive a fork.
SINGLE_THREADED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)


class Warm:
    """Forks children and reports on them until stdin ends."""

    def __init__(self, reports: int) -> None:
        """`reports` is the file descriptor that reports are written to."""
        self._reports = reports
        self._running: set[int] = set()

    def serve(self) -> str | None:
        """Fork and reap until stdin ends, then end what still runs and return None; in a child, return its job."""
        wake, wake_writer = os.pipe()
        os.set_blocking(wake_writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler there is no wake-up
        signal.set_wakeup_fd(wake_writer)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(0, selectors.EVENT_READ)
                selector.register(wake, selectors.EVENT_READ)
                return self._loop(selector, wake)
        finally:
            for pid in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

    def _loop(self, selector: selectors.BaseSelector, wake: int) -> str | None:
        pending = b""
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if wake in ready:
                os.read(wake, 4096)
                self._reap()
            if 0 in ready:
                received = os.read(0, 65536)
                if not received:
                    return None
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    if self._fork():
                        return os.fsdecode(line)

    def _fork(self) -> bool:
        """Whether this is the child."""
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._running.clear()  # they are its siblings
            os.close(self._reports)
            _settle_in(parent)
            return True
        _lead_group(pid)  # on both sides, so that the group is there before anybody hears of the pid
        self._running.add(pid)
        self._report({"pid": pid})
        return False

    def _reap(self) -> None:
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._running.remove(pid)
                self._report({"pid": pid, "exit": os.waitstatus_to_exitcode(status)})

    def _report(self, report: dict[str, int]) -> None:
        os.write(self._reports, (json.dumps(report) + "\n").encode())


def main() -> None:
    """Import, serve, and in every child run its job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle; it ends this process by itself
    # Reports go to what was stdout; whatever a library prints goes to the log.
    reports = os.dup(1)
    os.dup2(2, 1)
    os.environ.update(SINGLE_THREADED)
    from alignment.config import KINDS

    for kind in KINDS:
        importlib.import_module(f"alignment.{kind}")
    gc.collect()
    gc.freeze()  # so that collections in a child do not copy the pages that all share
    directory = Warm(reports).serve()
    if directory is not None:
        from alignment.jobdir import JobDir
        from alignment.run import run_job

        code = run_job(JobDir(directory))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what the libraries registered for their end is the warm process's


def _settle_in(parent: int) -> None:
    """Make a forked process a job's: own group, no stdin, default signals, and an end when the warm process ends."""
    _lead_group(os.getpid())
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before it could be asked for
            os._exit(1)


def _lead_group(pid: int) -> None:
    with contextlib.suppress(PermissionError, ProcessLookupError):  # the other side was first, or it is gone
        os.setpgid(pid, pid)


if __name__ == "__main__":
    main()
