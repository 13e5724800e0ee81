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
from pathlib import Path

from alignment.jobdir import job_environment

PROJECT = Path(__file__).resolve().parent.parent


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


class Runner:
    """Owns the warm process; starts it at the first job and again if it dies."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._warm: subprocess.Popen[str] | None = None
        self._children: dict[str, Child] = {}
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Start the warm process ahead of the first job."""
        with self._lock:
            self._ensure()

    def start(self, directory: Path) -> Child:
        """Run the job in `directory`; returns at once."""
        child = Child()
        with self._lock:
            warm = self._ensure()
            self._children[str(directory)] = child
            assert warm.stdin is not None
            warm.stdin.write(f"{directory}\n")
            warm.stdin.flush()
        return child

    def close(self) -> None:
        """End the warm process and whatever it runs."""
        with self._lock:
            if self._warm is not None:
                self._warm.kill()
                self._warm.wait()
                self._warm = None

    def _ensure(self) -> subprocess.Popen[str]:
        if self._warm is None or self._warm.poll() is not None:
            with self.log.open("ab") as log:
                self._warm = subprocess.Popen(
                    [sys.executable, "-m", "alignment.warm"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    cwd=PROJECT,
                    env={**os.environ, **job_environment()},
                )
            threading.Thread(target=self._listen, args=[self._warm], daemon=True).start()
        return self._warm

    def _listen(self, warm: subprocess.Popen[str]) -> None:
        assert warm.stdout is not None
        for line in warm.stdout:
            report = json.loads(line)
            child = self._children.get(report.get("dir", ""))
            if child is None:
                continue
            if "exit" in report:
                del self._children[report["dir"]]
                child.ended(report["exit"])
            else:
                child.started(report["pid"])
        with self._lock:
            orphans, self._children = self._children, {}
        for child in orphans.values():
            child.ended(-signal.SIGKILL)
