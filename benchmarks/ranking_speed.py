"""How long a labeler waits: from a key press to the next pair on the screen, in Chromium, with and without a training.

    python benchmarks/ranking_speed.py [--votes N]

In a home of its own with pairs enough, votes are cast by key on the Rank page, one every 300 ms: first on an idle
server, then while a PPO round trains on the same machine. The time is taken in the page: from the event of the key to
the first frame after the new pair is in the document, which the browser has by then laid out and painted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from playwright.sync_api import Page
from steering import ROOT, TASTES, command

sys.path.insert(0, str(ROOT))

from tests.served import chromium, window
from tests.server_process import ServerProcess

GAP_MS = 300.0  # between two votes: faster than a person who reads
# A timer that is set in a frame's callback comes after that frame was painted.
CLOCK = """() => {
  window.took = [];
  document.addEventListener("keydown", () => {
    const began = performance.now();
    const shown = document.querySelector("[data-text=announcement]");
    new MutationObserver((_, observer) => {
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => window.took.push(performance.now() - began)));
    }).observe(shown, { childList: true, characterData: true, subtree: true });
  }, { capture: true });
}"""


def main() -> None:
    """Print both rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--votes", type=int, default=200, help="In each of the two states.")
    votes = parser.parse_args().votes
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        command(home, "simulate", "--utility", f"{TASTES}:kind", "--labels", "60", "--seed", "0")
        command(home, "generate", "--pairs", str(2 * votes + 40))
        with Server(home) as server, ranking(server.address) as page:
            print(f"{'server':<10} {'votes':>6} {'median':>9} {'p95':>9} {'longest':>9}")
            time.sleep(10)  # the server warms its processes up
            print(row("idle", cast(page, votes)), flush=True)
            began = command(home, "round", "--method", "ppo")
            wait_for_training(home, began["round_id"])
            print(row("training", cast(page, votes)), flush=True)
            stage = command(home, "status", str(began["round_id"]))["stages"][-1]
            print(f"the round's {stage['stage']} was {stage['status']} then; load {os.getloadavg()[0]:.1f}")


class Server(ServerProcess):
    """The app as a user starts it, and ends it: its training ends with it."""

    options = ()

    def kill(self) -> None:
        """Let it end."""
        assert isinstance(self.process, subprocess.Popen)
        self.process.terminate()
        self.process.wait()


@contextmanager
def ranking(address: str) -> Iterator[Page]:
    """The Rank page with the clock in it."""
    with chromium() as browser, window(browser, address, fresh=True) as page:
        page.wait_for_selector(".rank[data-state=pair]")
        page.evaluate(CLOCK)
        yield page


def cast(page: Page, votes: int) -> list[float]:
    """Vote by key so many times; milliseconds of each."""
    page.evaluate("() => { window.took = []; }")
    for number in range(votes):
        page.wait_for_selector(".rank[data-state=pair]", timeout=60_000)
        page.keyboard.press("1580"[number % 4])
        page.wait_for_timeout(GAP_MS)
        page.wait_for_function("count => window.took.length >= count", arg=number + 1, timeout=60_000)
    took: list[float] = page.evaluate("() => window.took")
    return took


def wait_for_training(home: Path, round_id: int) -> None:
    """Until the round's first training is at work."""
    while all(one["status"] != "running" for one in command(home, "status", str(round_id))["stages"]):
        time.sleep(1)


def row(state: str, took: list[float]) -> str:
    """A row of the table, in milliseconds."""
    cuts = quantiles(took, n=20, method="inclusive")
    return f"{state:<10} {len(took):>6} {cuts[9]:>6.0f} ms {cuts[18]:>6.0f} ms {max(took):>6.0f} ms"


if __name__ == "__main__":
    main()
