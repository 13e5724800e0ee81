"""Does a round steer the demo model towards a taste that only votes tell it about?

For each taste and seed, in a home of its own: 300 simulated votes with noise, one round by DPO or another method, and
the new policy against the fine-tuned one on held-out prompts, judged by the taste itself. Every step is the app's own
command.

    python benchmarks/steering.py [--taste NAME ...] [--seeds K] [--labels N] [--noise T]
        [--method NAME] [--set KEY=VALUE ...]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TASTES = Path(__file__).with_name("tastes.py")


def command(home: Path, *arguments: str) -> dict[str, Any]:
    """Run one of the app's commands in `home` and return its answer."""
    line = [sys.executable, str(ROOT / "app.py"), *arguments, "--home", str(home), "--json"]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr.strip()[-800:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def run(taste: str, seed: int, labels: int, noise: float, method: str, settings: list[str]) -> dict[str, Any]:
    """One taste and seed; returns the figures of the table's row."""
    reference = f"{TASTES}:{taste}"
    overrides = [part for setting in settings for part in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        began = time.monotonic()
        command(
            home,
            "simulate",
            "--utility",
            reference,
            "--labels",
            str(labels),
            "--noise",
            str(noise),
            "--seed",
            str(seed),
        )
        voted = time.monotonic()
        made = command(home, "round", "--method", method, "--wait", "--set", f"seed={seed}", *overrides)
        seconds = time.monotonic() - began
        stages = command(home, "status", str(made["round_id"]))["stages"]
        judged = command(home, "evaluate", made["model"], "--against", "demo", "--judge", reference)
    results = {stage["stage"]: stage["result"] for stage in stages}
    return {
        "taste": taste,
        "seed": seed,
        "votes_s": voted - began,
        "all_s": seconds,
        "reward": results["reward"],
        "policy": results["policy"],
        "verdict": results["evaluation"],
        "judged": judged,
    }


def row(r: dict[str, Any]) -> str:
    """A row of the table."""
    j, rm, v = r["judged"], r["reward"], r["verdict"]
    return (
        f"{r['taste']:<12} {r['seed']:>4} {r['votes_s']:>7.0f} {r['all_s']:>6.0f}"
        f"   {j['win_rate']:.3f} [{j['low']:.3f}, {j['high']:.3f}]"
        f"   {rm['accuracy']:.3f} [{rm['accuracy_low']:.3f}, {rm['accuracy_high']:.3f}]"
        f"   {v['win_rate']:.2f} [{v['low']:.2f}, {v['high']:.2f}] {j['kl']:>6.1f}"
        f"   {j['ended_against']:.3f} {j['ended']:.3f}   {j['repetition_against']:.3f} {j['repetition']:.3f}"
        f"   {j['mean_words_against']:>4.1f} {j['mean_words']:>4.1f}"
    )


HEADING = (
    f"{'taste':<12} {'seed':>4} {'votes s':>7} {'all s':>6}   {'win rate by the taste':<20}    {'reward accuracy':<20}"
    f"     {'app verdict':<17} {'KL':>5}   {'ended':<11}   {'repetition':<11}   words"
)


def main() -> None:
    """Print the table, one row as it comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--taste", nargs="+", default=["kind", "brief"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--method", default="dpo")
    parser.add_argument("--labels", type=int, default=300)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--set", nargs="+", default=[], dest="settings")
    options = parser.parse_args()
    print(HEADING, flush=True)
    for taste in options.taste:
        for seed in range(options.seeds):
            print(row(run(taste, seed, options.labels, options.noise, options.method, options.settings)), flush=True)


if __name__ == "__main__":
    main()
