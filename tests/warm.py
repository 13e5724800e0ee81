"""One warm process for all tests of a test process, where the warm process is not what is tested.

Its imports take five seconds of a core, each time one is started.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import psutil

from alignment.runner import Runner
from alignment.worker import Worker
from storage.database import Store


@functools.cache
def shared_runner() -> Runner:
    """The runner of this test process; its warm process ends with it."""
    return Runner(Path(os.devnull))


def warm_process(runner: Runner) -> psutil.Process:
    """The warm process that a runner has started."""
    assert runner._warm is not None
    return psutil.Process(runner._warm._process.pid)


class SharedWorker(Worker):
    """A worker with the shared runner, which it leaves open."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.runner = shared_runner()

    def __exit__(self, *_: object) -> None:
        """Nothing to end: by then a test's jobs are over."""
