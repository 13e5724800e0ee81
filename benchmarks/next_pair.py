"""How long it takes to find and serve a labeler's next pair, in a home with many pairs, votes and labelers.

    python benchmarks/next_pair.py [--pairs N] [--votes N] [--labelers N] [--overlap N]

The home is filled by SQL, with votes of everybody on pairs all over the ring and eight pairs in front of each. Then
pairs are served one by one, and each is voted on, for labelers who are new and for those who have voted most. `next` is
the search alone, `serve` all of serving a pair, its commit to the disk included.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from labeling import pairing, session, shuffle
from labeling.accounts import ensure_user
from storage import labels, pair_queue
from storage.database import Store, now
from storage.project import set_project
from tests.conftest import promote_policy

SERVED = 300  # pairs to each group of labelers
HELD = 8
COUNTED = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"


def main() -> None:
    """Print one row for each group of labelers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=300_000)
    parser.add_argument("--votes", type=int, help="By default ten for every three pairs.")
    parser.add_argument("--labelers", type=int, default=1000)
    parser.add_argument("--overlap", type=int, default=4)
    asked = parser.parse_args()
    votes = asked.votes or asked.pairs * 10 // 3
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder))
        began = time.monotonic()
        names = fill(store, asked.pairs, votes, asked.labelers, asked.overlap)
        print(
            f"{asked.pairs:,} pairs, {votes:,} votes, {asked.labelers:,} labelers, overlap {asked.overlap};"
            f" filled in {time.monotonic() - began:.0f} s; {labels.waiting(store):,} pairs nobody has voted on"
        )
        print(f"{'labelers':<10} {'pairs':>6} {'next p50':>10} {'next p99':>10} {'serve p50':>10} {'serve p99':>10}")
        for group, of in (("new", [f"new-{number}" for number in range(20)]), ("veteran", names[:20])):
            for name in of:
                ensure_user(store, name, "labeler")
            searches, serves = serve_all(store, of)
            figures = [cut for times in (searches, serves) for cut in (times[49], times[98])]
            print(f"{group:<10} {SERVED:>6}" + "".join(f" {1000 * figure:>7.2f} ms" for figure in figures), flush=True)


def serve_all(store: Store, names: list[str]) -> tuple[list[float], list[float]]:
    """Percentiles of the seconds that the searches and the servings took."""
    seed, searches, serves = shuffle.seed_of(store), [], []
    for turn in range(SERVED):
        name = names[turn % len(names)]
        began = time.perf_counter()
        with store.write() as db:
            entered = time.perf_counter()
            pairing.next_pairs(db, name, 1, salt=shuffle.salt(seed, name))
            searches.append(time.perf_counter() - entered)
        began = time.perf_counter()
        (showing,) = session.serve(store, name)
        serves.append(time.perf_counter() - began)
        session.vote(store, name, showing.showing_id, "tie", 0, f"key-{turn}")
    return quantiles(searches, n=100), quantiles(serves, n=100)


def fill(store: Store, pairs: int, votes: int, labelers: int, overlap: int) -> list[str]:
    """A home of that size; returns its labelers, who voted most first.

    Who came n-th votes on a share of the pairs like 1/n, as people do, from a place of the ring on.
    """
    names = [f"labeler-{number}" for number in range(labelers)]
    set_project(store, "overlap", overlap, "benchmark")
    model_id = promote_policy(store, "policy")
    with store.write() as db:
        db.conn.executemany("INSERT INTO users VALUES (?, 'labeler', '2026')", [(name,) for name in names])
        insert_pairs(db.conn, pairs, model_id)
        pairs_of = share_out(pairs, votes, labelers)
        rows = [(name, pair) for name, mine in zip(names, pairs_of, strict=True) for pair in mine]
        db.conn.executemany(
            "INSERT INTO showings (pair_id, labeler, flipped, shown_at, purpose) VALUES (?, ?, 0, '2026-01', 'queue')",
            [(pair, name) for name, pair in rows],
        )
        db.conn.execute(
            "INSERT INTO preferences (showing_id, client_key, verdict, strength, created_at)"
            " SELECT showing_id, 'k', iif(pair_id % 10, 'a', 'tie'), pair_id % 10 > 0, ? FROM showings",
            [now()],
        )
        db.conn.execute(
            "UPDATE pair_queue SET a = v.n * (pair_id % 10 > 0), tie = v.n * (pair_id % 10 = 0)"
            " FROM (SELECT pair_id AS id, count(*) AS n FROM showings GROUP BY pair_id) v WHERE v.id = pair_id"
        )
        pair_queue.rebuild(db)
    for name in names:
        session.serve(store, name, HELD)
    return names


def insert_pairs(conn: Any, pairs: int, model_id: int) -> None:
    """Every three pairs on a prompt of their own."""
    turn = '[{"role":"user","content":"Why?"}]'
    conn.execute(
        f"INSERT INTO prompts {COUNTED} SELECT i, ?, printf('%064d', i), 'train', 'test', '2026', NULL FROM n",
        [pairs // 3 + 1, turn],
    )
    conn.execute(
        "INSERT INTO completions (completion_id, prompt_id, model_id, text, sampling, created_at)"
        f" {COUNTED} SELECT i, 1 + (i - 1) / 6, ?, 'An answer.', '{{}}', '2026' FROM n",
        [2 * pairs, model_id],
    )
    conn.execute(
        "INSERT INTO pairs (pair_id, prompt_id, completion_a, completion_b, model_id, source, created_at)"
        f" {COUNTED} SELECT i, 1 + (i - 1) / 3, 2 * i - 1, 2 * i, ?, 'generated', '2026' FROM n",
        [pairs, model_id],
    )
    conn.execute(
        "INSERT INTO pair_queue (pair_id, line, place, missing)"
        " SELECT pair_id, model_id, (pair_id * 2654435761) % 4294967296, 1 FROM pairs"
    )


def share_out(pairs: int, votes: int, labelers: int) -> list[list[int]]:
    """The pairs that each labeler voted on: the n-th labeler a share like 1/n of all votes, no pair twice."""
    chance = random.Random(0)
    weights = [1 / (number + 3) for number in range(labelers)]
    each = [min(pairs // 2, max(1, round(votes * weight / sum(weights)))) for weight in weights]
    by_place = sorted(range(1, pairs + 1), key=lambda pair: pair * 2654435761 % 2**32)
    starts = [chance.randrange(pairs) for _ in each]
    return [[by_place[(start + i) % pairs] for i in range(many)] for start, many in zip(starts, each, strict=True)]


if __name__ == "__main__":
    main()
