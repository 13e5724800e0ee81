"""Prompts: stored once, each on one side of the split between training and evaluation."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from storage.database import Store, now
from storage.near_duplicates import assign_splits, near_duplicate_groups
from storage.records import Fold, Message, Prompt, Split, prompt_text

JUDGE_SHARE = 1 / 3
JUDGE_BOUND = f"{math.ceil(JUDGE_SHARE * 2**32):08x}"  # hashes below it, as text, are that share of all
MIN_HELDOUT = 8  # prompts to an evaluation
DEMO_SOURCE = "demo"
CHAT_SOURCE = "chat"


@dataclass(frozen=True)
class NewPrompt:
    """A prompt about to be stored. `split` is None where the store is to choose."""

    messages: tuple[Message, ...]
    source: str
    split: Split | None = None


def prompt_hash(messages: Sequence[Message]) -> str:
    """sha256 of the canonical JSON of a conversation."""
    canonical = json.dumps(
        [{"role": turn["role"], "content": turn["content"]} for turn in messages],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def fold_of(sha256: str) -> Fold:
    """The fold of a prompt's preferences: a third of the prompts train only the judge of the evaluation.

    All preferences about one prompt share a fold, so that a judge never saw the prompts its opponent learned from.
    """
    return "judge" if sha256 < JUDGE_BOUND else "train"


def add_prompts(store: Store, prompts: Iterable[NewPrompt]) -> list[int]:
    """Store prompts and return their ids in order; one that is there already keeps its row and its split.

    Where the split is left to the store, near-duplicates of each other and of stored prompts land on one side.
    """
    batch = list(prompts)
    with store.write() as db:
        return insert_prompts(db, batch)


def insert_prompts(db: Database, prompts: Sequence[NewPrompt]) -> list[int]:
    """`add_prompts` inside the caller's transaction."""
    hashes = [prompt_hash(prompt.messages) for prompt in prompts]
    known = _known_ids(db, hashes)
    undecided = [index for index, prompt in enumerate(prompts) if hashes[index] not in known and prompt.split is None]
    splits = {index: prompt.split for index, prompt in enumerate(prompts) if prompt.split is not None}
    if undecided:
        texts = [prompt_text(prompts[index].messages) for index in undecided]
        splits.update(zip(undecided, assign_splits(texts, _texts_and_splits(db)), strict=True))
    for index, prompt in enumerate(prompts):
        if hashes[index] in known:
            continue
        cursor = db.execute(
            "INSERT INTO prompts (messages, sha256, split, source, created_at) VALUES (?, ?, ?, ?, ?)",
            [
                json.dumps(list(prompt.messages), ensure_ascii=False),
                hashes[index],
                splits[index],
                prompt.source,
                now(),
            ],
        )
        known[hashes[index]] = int(cursor.lastrowid or 0)
    return [known[sha256] for sha256 in hashes]


def split_of_chat(db: Database, messages: Sequence[Message]) -> Split:
    """The side for what somebody asked in a chat: train, unless it is a near-duplicate of a held-out prompt."""
    rows = db.query("SELECT messages FROM prompts WHERE split = 'heldout'")
    heldout = [prompt_text(json.loads(row["messages"])) for row in rows]
    *groups, group = near_duplicate_groups([*heldout, prompt_text(messages)], first_new=len(heldout))
    return "heldout" if group in groups else "train"


def prompts_of(
    store: Store, split: Split, limit: int | None = None, seed: int = 0, fold: Fold | None = None
) -> list[Prompt]:
    """Prompts of one split, or of one fold of it, to generate from, in a shuffled order that `seed` fixes.

    The demo's prompts step back when the home has prompts of its own in that split, enough for an evaluation on the
    held-out side; what came of chats joins either.
    """
    rows = store.rows("SELECT * FROM prompts WHERE split = ?", [split])
    own = sum(row["source"] not in (DEMO_SOURCE, CHAT_SOURCE) for row in rows)
    if own >= (MIN_HELDOUT if split == "heldout" else 1):
        rows = [row for row in rows if row["source"] != DEMO_SOURCE]
    if fold is not None:
        rows = [row for row in rows if fold_of(row["sha256"]) == fold]
    rows.sort(key=lambda row: hashlib.sha256(f"{seed}:{row['sha256']}".encode()).digest())
    return [to_prompt(row) for row in rows[:limit]]


def to_prompt(row: dict[str, Any]) -> Prompt:
    """A row of the prompts table as a record."""
    return Prompt(row["prompt_id"], tuple(json.loads(row["messages"])), row["split"], row["source"])


def _known_ids(db: Database, hashes: Sequence[str]) -> dict[str, int]:
    rows = db.query(
        "SELECT sha256, prompt_id FROM prompts WHERE sha256 IN (SELECT value FROM json_each(?))",
        [json.dumps(list(hashes))],
    )
    return {row["sha256"]: row["prompt_id"] for row in rows}


def _texts_and_splits(db: Database) -> list[tuple[str, Split]]:
    return [
        (prompt_text(json.loads(row["messages"])), row["split"])
        for row in db.query("SELECT messages, split FROM prompts ORDER BY prompt_id")
    ]
