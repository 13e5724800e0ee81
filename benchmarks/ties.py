"""Does learning from ties hurt a reward model's accuracy on the votes for one side, and does it know ties better?

For each taste and seed, in a home of its own: simulated votes with noise (equal answers tie), and on each fold of the
prompts two reward models, one that learns from the fold's ties and one that does not. Both predict the votes of the
other fold; the difference is taken vote by vote, and its interval is a bootstrap over prompts.

    python benchmarks/ties.py [--taste NAME ...] [--seeds K] [--labels N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import yaml
from steering import ROOT, TASTES, command

sys.path.insert(0, str(ROOT))

from alignment.jobdir import JobDir
from alignment.models import load_reward_model
from alignment.preferences import other_fold, preferences_of, read_votes, ties_of
from alignment.scoring import rewards
from alignment.statistics import win_share
from storage import registry, snapshots
from storage.database import Store
from storage.statistics import bootstrap_mean


@dataclass(frozen=True)
class Unseen:
    """What a reward model makes of the votes of the other fold: chosen less rejected, and of ties a less b."""

    prompts: list[str]
    margins: list[float]
    ties: list[float]


def unseen(store: Store, snapshot: Path, seed: int, fold: str, ties: bool) -> Unseen:
    """Train in a job's directory, and score."""
    job = JobDir(store.jobs / f"{fold}-{ties}")
    job.path.mkdir()
    recipe = {"kind": "reward", "policy": registry.require_promoted(store).path, "preferences": str(snapshot)}
    (job.path / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "fold": fold, "ties": ties, "seed": seed}))
    subprocess.run([sys.executable, "-m", "alignment.run", str(job.path)], cwd=ROOT, check=True, capture_output=True)
    model, tokenizer = load_reward_model(job.model)
    votes = read_votes(snapshot)
    found = []
    for pairs in (preferences_of(votes, other_fold(fold)), ties_of(votes, other_fold(fold))):
        scores = rewards(model, tokenizer, [(p.prompt, text) for p in pairs for text in (p.chosen, p.rejected)])
        found.append([a - b for a, b in zip(scores[::2], scores[1::2], strict=True)])
    prompts = [f"{seed}:{pair.prompt_id}" for pair in preferences_of(votes, other_fold(fold))]
    return Unseen(prompts, *found)


def right(margin: float) -> float:
    """1, or 0.5 where the two are equal, or 0."""
    return 1.0 if margin > 0 else 0.5 if margin == 0 else 0.0


def by_prompt(prompts: list[str], values: list[float]) -> list[float]:
    """Means a prompt."""
    groups: dict[str, list[float]] = defaultdict(list)
    for prompt, value in zip(prompts, values, strict=True):
        groups[prompt].append(value)
    return [sum(group) / len(group) for group in groups.values()]


def report(name: str, with_ties: list[Unseen], without: list[Unseen]) -> str:
    """A row: accuracies, their difference with its interval, and P(a tie's margin is smaller than another vote's)."""
    prompts = [prompt for one in with_ties for prompt in one.prompts]
    hits = [[right(margin) for one in side for margin in one.margins] for side in (with_ties, without)]
    gap = bootstrap_mean(by_prompt(prompts, [a - b for a, b in zip(*hits, strict=True)]))
    known = [
        sum(win_share([abs(m) for m in one.margins], [abs(m) for m in one.ties]) for one in side) / len(side)
        for side in (with_ties, without)
    ]
    ties, votes = sum(len(one.ties) for one in with_ties), len(prompts)
    return (
        f"{name:<12} {votes:>6} {ties:>5}   {sum(hits[0]) / votes:.3f}  {sum(hits[1]) / votes:.3f}"
        f"   {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]   {known[0]:.3f}  {known[1]:.3f}"
    )


def main() -> None:
    """Print a row for each taste and seed as it comes, and one for all of a taste."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--taste", nargs="+", default=["kind", "plain"])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--labels", type=int, default=300)
    options = parser.parse_args()
    print(
        f"{'taste, seed':<12} {'votes':>6} {'ties':>5}   {'accuracy':<12}   {'difference':<24}   ties told from votes\n"
        f"{'':<27}with   without",
        flush=True,
    )
    for taste in options.taste:
        found: dict[bool, list[Unseen]] = {True: [], False: []}
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as folder:
                home = Path(folder) / "home"
                voted = ["--utility", f"{TASTES}:{taste}", "--labels", str(options.labels), "--seed", str(seed)]
                command(home, "simulate", *voted)
                store = Store.existing(home)
                snapshot = Path(snapshots.take(store).path)
                for fold in ("train", "judge"):
                    for ties in (True, False):
                        found[ties].append(unseen(store, snapshot, seed, fold, ties))
            print(report(f"{taste}, {seed}", found[True][-2:], found[False][-2:]), flush=True)
        print(report(taste, found[True], found[False]), flush=True)


if __name__ == "__main__":
    main()
