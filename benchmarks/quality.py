"""How long the statistics of quality take, and whether they find again what simulated labelers were made with.

    python benchmarks/quality.py [--votes 100000] [--labelers 1000]

Prints agreement and reliability recovered on five labelers of known reliability, over three seeds, then the seconds
that reading and all figures take on a home with so many votes. With crowd-kit installed (it is not among our
requirements, for it brings transformers) its one-coin Dawid-Skene model and its NoisyBradleyTerry are asked about the
same votes.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from labeling.accounts import ensure_user
from labeling.quality.agreement import agreement
from labeling.quality.reliability import reliability
from labeling.quality.report import of_votes
from labeling.quality.words import figure, percent
from storage.database import Store, now
from storage.judgements import FIRST, Judgements, judgements
from tests.crowds import crowd, spearman

CROWDS = {"all above a coin": [0.55, 0.65, 0.75, 0.85, 0.95], "one against all": [0.20, 0.65, 0.75, 0.85, 0.95]}
PAIRS = 1000


def recovered() -> None:
    """Print what is found of five labelers whose reliability is known."""
    for name, etas in CROWDS.items():
        for overlap in (2, 3):
            for seed in range(3):
                votes = crowd(etas, PAIRS, overlap, seed)
                found = [one for one in reliability(votes).eta if one]
                rank = spearman([one.value for one in found], etas)
                told = agreement(votes)
                print(
                    f"{name}, {PAIRS} pairs seen by {overlap}, seed {seed}: Spearman {rank:.2f}, eta "
                    f"{', '.join(figure(one) for one in found)} of {etas}; the same {percent(told.same)}, "
                    f"alpha {figure(told.alpha)}{_others(votes, etas)}"
                )


def clock(votes: int, labelers: int) -> None:
    """Print how long it takes to read so many votes out of a home, and to work out all figures."""
    with tempfile.TemporaryDirectory() as home:
        store = Store.open(Path(home))
        fill(store, crowd(np.linspace(0.5, 0.95, labelers).tolist(), votes // 2, 2, seed=0))
        began = time.monotonic()
        read = judgements(store)
        read_s = time.monotonic() - began
        began = time.monotonic()
        of_votes(read)
        print(f"{len(read.choice)} votes of {labelers} labelers: read in {read_s:.1f} s, all figures in "
              f"{time.monotonic() - began:.1f} s")  # fmt: skip


def fill(store: Store, votes: Judgements) -> None:
    """Put simulated votes into a home, each pair on a prompt of its own."""
    for name in votes.labelers:
        ensure_user(store, name, "labeler")
    pairs = np.unique(votes.comparison).tolist()
    when = now()
    with store.write() as db:
        many = db.conn.executemany
        many(
            "INSERT INTO prompts (prompt_id, messages, sha256, split, source, created_at)"
            " VALUES (?, json_array(json_object('role', 'user', 'content', '?')), ?, 'train', 'test', ?)",
            [(pair + 1, f"{pair:064d}", when) for pair in pairs],
        )
        many(
            "INSERT INTO completions (completion_id, prompt_id, text, sampling, created_at) VALUES (?, ?, ?, '{}', ?)",
            [(2 * pair + side + 1, pair + 1, "word " * (pair % 90 + side), when) for pair in pairs for side in (0, 1)],
        )
        many(
            "INSERT INTO pairs (pair_id, prompt_id, completion_a, completion_b, source, created_at)"
            " VALUES (?, ?, ?, ?, 'generated', ?)",
            [(pair + 1, pair + 1, 2 * pair + 1, 2 * pair + 2, when) for pair in pairs],
        )
        columns = (votes.comparison, votes.labeler, votes.choice, votes.strength)
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        many(
            "INSERT INTO showings (showing_id, pair_id, labeler, flipped, shown_at) VALUES (?, ?, ?, ?, ?)",
            [(at + 1, row[0] + 1, votes.labelers[row[1]], at % 2, when) for at, row in enumerate(rows)],
        )
        many(
            "INSERT INTO preferences (showing_id, client_key, verdict, strength, created_at) VALUES (?, 'k', ?, ?, ?)",
            [(at + 1, "a" if row[2] == FIRST else "b", row[3], when) for at, row in enumerate(rows)],
        )


def _others(votes: Judgements, etas: Sequence[float]) -> str:
    """How crowd-kit puts the same labelers in order; nothing where it is not installed."""
    if importlib.util.find_spec("crowdkit") is None:
        return ""
    import pandas as pd
    from crowdkit.aggregation import NoisyBradleyTerry, OneCoinDawidSkene

    columns = {"task": votes.comparison, "worker": votes.labeler, "label": votes.choice}
    coin = OneCoinDawidSkene(n_iter=200).fit(pd.DataFrame(columns)).skills_
    left, right = 2 * votes.comparison, 2 * votes.comparison + 1
    label = np.where(votes.choice == FIRST, left, right)
    noisy = NoisyBradleyTerry(n_iter=200).fit(
        pd.DataFrame({"worker": votes.labeler, "left": left, "right": right, "label": label})
    )
    ranks = [spearman(one.sort_index().to_numpy(), etas) for one in (coin, noisy.skills_)]
    return f"; crowd-kit: one-coin Dawid-Skene Spearman {ranks[0]:.2f}, NoisyBradleyTerry {ranks[1]:.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=int, default=100_000)
    parser.add_argument("--labelers", type=int, default=1000)
    asked = parser.parse_args()
    recovered()
    clock(asked.votes, asked.labelers)
