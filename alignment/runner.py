"""Starts the child process of a job, from a warm process that has torch and TRL imported already.

The warm process (`alignment.warm`) forks a child per directory, so a job begins within a second in place of the seven
to ten that the imports take. It is told directories on its stdin and reports pids and exit codes on its stdout; it
ends, with its children, when this process does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

from alignment.jobdir import job_environment

PROJECT = Path(__file__).resolve().parent.parent
CLOSING_S = 2.0  # for the warm process to end its children and itself


class Child:
    """One job's process."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.exit_code: int | None = None
        self._ended = threading.Event()
        self._signal: int | None = None

    def wait(self, timeout: float) -> bool:
        """Whether the process has ended, after at most `timeout` seconds."""
        return self._ended.wait(timeout)

    def terminate(self) -> None:
        """Ask the process to stop at its next safe point."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Stop the process at once."""
        self._send(signal.SIGKILL)

    def _send(self, signum: int) -> None:
        self._signal = signum
        if self.pid is not None and not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in the meantime
                os.killpg(self.pid, signum)

    def started(self, pid: int) -> None:
        """Called when the process exists; a signal sent before then is delivered now."""
        self.pid = pid
        if self._signal is not None:
            self._send(self._signal)

    def ended(self, exit_code: int) -> None:
        """Called when the process is gone."""
        self.exit_code = exit_code
        self._ended.set()


class WarmProcess:
    """One `alignment.warm` and the jobs it was told to run; when it dies, so have they."""

    def __init__(self, log: Path) -> None:
        self._waiting: deque[Child] = deque()  # for their pids, which come in this order
        self._running: dict[int, Child] = {}
        self._lock = threading.Lock()
        self._gone = False
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "alignment.warm"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                cwd=PROJECT,
                env={**os.environ, **job_environment()},
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def alive(self) -> bool:
        """Whether it is there to start a job."""
        return not self._gone and self._process.poll() is None

    def start(self, directory: Path) -> Child:
        """Run the job in `directory`; if this process dies meanwhile the child has ended."""
        child = Child()
        with self._lock:
            if self._gone:
                child.ended(-signal.SIGKILL)
            self._waiting.append(child)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is dying, and `_listen` says so of the child
            self._process.stdin.write(f"{directory}\n")
            self._process.stdin.flush()
        return child

    def close(self) -> None:
        """End the process and whatever it runs: by the end of its stdin, at which it takes its children along."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # it may still be importing, and has no child then
            self._process.wait(CLOSING_S)
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            report = json.loads(line)
            if "exit" in report:
                self._running.pop(report["pid"]).ended(report["exit"])
            else:
                child = self._running[report["pid"]] = self._waiting.popleft()
                child.started(report["pid"])
        with self._lock:
            self._gone = True
            for child in (*self._waiting, *self._running.values()):
                child.ended(-signal.SIGKILL)


class Runner:
    """Owns the warm process; starts it at the first job and again if it dies."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._warm: WarmProcess | None = None

    def start(self, directory: Path) -> Child:
        """Run the job in `directory`; returns at once."""
        if self._warm is None or not self._warm.alive():
            self._warm = WarmProcess(self.log)
        return self._warm.start(directory)

    def close(self) -> None:
        """End the warm process and whatever it runs."""
        if self._warm is not None:
            self._warm.close()
            self._warm = None
