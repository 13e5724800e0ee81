"""What each method makes of the same votes: best-of-n, DPO, KTO, RLOO and PPO beside the fine-tuned model.

For each taste and seed a home of its own with 300 simulated votes; in it one round by each method, every one from the
fine-tuned model, and the best of 8 by the newest round's reward model. All are then judged against the fine-tuned model
by the taste itself, on 128 held-out prompts with 4 answers each; ties count half, and the interval is a bootstrap over
prompts. Every step is the app's own command.

    python benchmarks/methods.py [--taste NAME ...] [--seeds N ...] [--method NAME ...] [--labels K]
        [--set KEY=VALUE ...]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steering import TASTES, command

BEST_OF = 8
HELDOUT = {"max_prompts": "128", "samples_per_prompt": "4"}
HEADS = (
    "taste",
    "seed",
    "method",
    "win rate by the taste",
    "round's own verdict",
    "KL",
    "ended",
    "repetition",
    "words",
    "round",
)


def policies(
    home: Path, seed: int, methods: list[str], settings: list[str]
) -> Iterator[tuple[str, int, float | None, dict[str, Any] | None]]:
    """Method, best of how many of which policy, and the round's seconds and verdict, if it was one."""
    for method in methods:
        began = time.monotonic()
        overrides = [part for one in settings for part in ("--set", one)]
        made = command(home, "round", "--method", method, "--wait", "--set", f"seed={seed}", *overrides)
        seconds = time.monotonic() - began
        stages = command(home, "status", str(made["round_id"]))["stages"]
        yield made["model"], 1, seconds, next(one["result"] for one in stages if one["stage"] == "evaluation")
    yield "demo", BEST_OF, None, None


def judged(home: Path, taste: str, seed: int, name: str, best_of: int) -> dict[str, Any]:
    """One policy against the fine-tuned model, by the taste."""
    settings = [part for key, value in HELDOUT.items() for part in ("--set", f"{key}={value}")]
    return command(
        home,
        "evaluate",
        name,
        *("--against", "demo", "--judge", f"{TASTES}:{taste}", "--best-of", str(best_of)),
        *("--set", f"seed={seed}", *settings),
    )


def rate(result: dict[str, Any] | None) -> str:
    """A win rate with its interval."""
    return f"{result['win_rate']:.3f} [{result['low']:.3f}, {result['high']:.3f}]" if result else ""


def row(*cells: object) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def main() -> None:
    """Print the table, a row as soon as it is known."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--taste", nargs="+", default=["kind", "brief"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--method", nargs="+", default=["dpo", "kto", "rloo", "ppo"])
    parser.add_argument("--labels", type=int, default=300)
    parser.add_argument("--set", nargs="+", default=[], dest="settings", help="Settings of every round.")
    options = parser.parse_args()
    print(row(*HEADS), row(*["---"] * len(HEADS)), sep="\n", flush=True)
    for taste in options.taste:
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                home = Path(folder)
                utility = f"{TASTES}:{taste}"
                votes = ["--labels", str(options.labels), "--seed", str(seed)]
                command(home, "simulate", "--utility", utility, *votes)
                names = [*options.method, f"best of {BEST_OF}"]
                made = policies(home, seed, options.method, options.settings)
                for name, (policy, best_of, seconds, verdict) in zip(names, made, strict=True):
                    j = judged(home, taste, seed, policy, best_of)
                    if name == names[0]:
                        print(_fine_tuned(taste, seed, j), flush=True)
                    kl = f"{j['kl']:.1f}" if j["kl"] is not None else f"at most {j['kl_bound']:.1f}"
                    print(
                        row(
                            *(taste, seed, name, rate(j), rate(verdict), kl),
                            *(f"{j['ended']:.3f}", f"{j['repetition']:.3f}", f"{j['mean_words']:.1f}"),
                            f"{seconds:.0f} s" if seconds else "",
                        ),
                        flush=True,
                    )


def _fine_tuned(taste: str, seed: int, j: dict[str, Any]) -> str:
    """The row of the model that all others are judged against."""
    looks = (f"{j[key]:.3f}" for key in ("ended_against", "repetition_against"))
    return row(taste, seed, "fine-tuned", "0.5", "", "0", *looks, f"{j['mean_words_against']:.1f}", "")


if __name__ == "__main__":
    main()
