"""What an import of 100,000 rows takes: seconds, peak memory, and how long votes wait meanwhile.

    python benchmarks/importing.py [--rows N]

A file of TRL preferences and one of Arena battles by a hundred judges, each with prompts of their own, are imported by
the command into a fresh home, in which somebody votes every tenth of a second meanwhile, through the code that the page
uses. Peak memory is that of the importing process. Then what came in is exported, to see what that takes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from labeling import session  # noqa: E402
from labeling.accounts import ensure_user  # noqa: E402
from storage.database import Store  # noqa: E402
from tests.conftest import add_pairs  # noqa: E402

GAP_S = 0.1  # between two votes
WAITING = 3000  # pairs to vote on
PROMPT_WORDS, ANSWER_WORDS = 20, 60


def main() -> None:
    """Print one line for each format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    print(
        f"{'':<16}{'rows':>9}{'MiB':>7}{'seconds':>9}{'peak MiB':>10}{'votes':>7}{'median':>8}{'19/20':>8}{'most':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, make in {"trl": _trl, "arena": _arena}.items():
            file = Path(folder, f"{name}.jsonl")
            with file.open("w") as handle:
                handle.writelines(json.dumps(row) + "\n" for row in make(rows))
            home = Path(folder, name)
            store = _home(home)
            _report(f"import {name}", store, ["import", str(file)], rows, file)
            _report(f"export {name}", store, ["export", str(Path(folder, f"{name}-out.jsonl"))], rows, file)
            file.unlink()


def _report(title: str, store: Store, command: list[str], rows: int, file: Path) -> None:
    waits: list[float] = []
    began = time.monotonic()
    line = [sys.executable, "app.py", *command, "--home", str(store.home), "--json"]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        while (ended := os.wait4(child.pid, os.WNOHANG))[0] == 0:
            waits.append(_vote(store))
            time.sleep(GAP_S)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(ended[1])
    if child.returncode:
        raise SystemExit(f"{' '.join(line)} failed")
    size, peak = file.stat().st_size / 1024**2, ended[2].ru_maxrss / 1024
    worst = quantiles(waits, n=20)[-1] if len(waits) > 1 else max(waits)
    figures = f"{median(waits) * 1e3:>5.0f} ms{worst * 1e3:>5.0f} ms{max(waits) * 1e3:>5.0f} ms"
    print(f"{title:<16}{rows:>9,}{size:>7.0f}{seconds:>9.1f}{peak:>10.0f}{len(waits):>7}{figures}", flush=True)


def _vote(store: Store) -> float:
    """Cast one vote; returns how long it took to be on disk."""
    (showing,) = session.serve(store, "local")
    began = time.monotonic()
    session.vote(store, "local", showing.showing_id, "left", 2, f"key-{showing.showing_id}", 1.0)
    return time.monotonic() - began


def _home(path: Path) -> Store:
    store = Store.open(path)
    ensure_user(store, "local", "admin")
    add_pairs(store, WAITING)
    return store


def _trl(rows: int) -> Iterator[dict[str, Any]]:
    text = _texts(1)
    for number in range(rows):
        prompt, margin = f"{text(PROMPT_WORDS)} {number}?", round(random.Random(number).random(), 2)
        yield {"prompt": prompt, "chosen": text(ANSWER_WORDS), "rejected": text(ANSWER_WORDS), "margin": margin}


def _arena(rows: int) -> Iterator[dict[str, Any]]:
    text = _texts(2)
    for number in range(rows):
        asked = {"role": "user", "content": f"{text(PROMPT_WORDS)} {number}?"}
        sides = [[asked, {"role": "assistant", "content": text(ANSWER_WORDS)}] for _ in range(2)]
        yield {
            "question_id": str(number),
            "model_a": f"model-{number % 7}",
            "model_b": f"model-{number % 5}",
            "winner": ("model_a", "model_b", "tie", "tie (bothbad)")[number % 4],
            "judge": f"judge-{number % 100}",
            "conversation_a": sides[0],
            "conversation_b": sides[1],
            "turn": 1,
        }


def _texts(seed: int) -> Any:
    """Texts of so many words, half of them frequent ones."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("etaoinshrdlu", k=3 + number % 7)) for number in range(20_000)]
    return lambda count: " ".join(draw.choices(words[:300], k=count // 2) + draw.choices(words, k=count - count // 2))


if __name__ == "__main__":
    main()
