"""A brake on guessing: at most ten failures a minute for one account, and for one address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from storage.errors import UserError

MOST, WINDOW_S = 10, 60.0


class TooManyTriesError(UserError):
    """Nothing was looked at, for there were too many failures just now."""


class Throttle:
    """Failures of the last minute, in memory: a restart, which no guesser can bring about, forgets them.

    A try is counted as a failure when it begins and taken back when it succeeds, so that of many at once no more than
    ten are looked at.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def begin(self, *keys: str) -> float:
        """Count a try against each of these keys; returns its mark. Raises TooManyTriesError at the limit of one."""
        with self._lock:
            moment = self.clock()
            recent = {key: [one for one in marks if one > moment - WINDOW_S] for key, marks in self._failures.items()}
            self._failures = {key: marks for key, marks in recent.items() if marks}
            if any(len(self._failures.get(key, ())) >= MOST for key in keys):
                raise TooManyTriesError("There were too many failed tries: wait a minute, then try again.")
            for key in keys:
                self._failures.setdefault(key, []).append(moment)
            return moment

    def succeeded(self, mark: float, *keys: str) -> None:
        """Take back what `begin` counted."""
        with self._lock:
            for key in keys:
                if mark in self._failures.get(key, ()):
                    self._failures[key].remove(mark)
