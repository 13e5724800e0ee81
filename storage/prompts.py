"""Prompts: stored once, each on one side of the split between training and evaluation."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlite_utils import Database

from storage.database import Store, now
from storage.near_duplicates import LARGE_GROUP, near_duplicate_groups, splits_of_groups
from storage.personal_data import inspect
from storage.records import Fold, Message, Prompt, Split, prompt_text

JUDGE_SHARE = 1 / 3
JUDGE_BOUND = f"{math.ceil(JUDGE_SHARE * 2**32):08x}"  # hashes below it, as text, are that share of all
FOLD_HASH = "coalesce(q.fold_sha256, q.sha256)"  # of a prompt q, for `fold_of`
MIN_HELDOUT = 8  # prompts to an evaluation
DEMO_SOURCE = "demo"
Side = tuple[Split, str | None]  # the split of a prompt, and the hash that decides its fold where that is not its own
CHAT_SOURCE = "chat"
# Of whatever has a prompt_id: no labeler is shown, and no model is asked, what was retired or waits for a release.
SERVED = "prompt_id NOT IN (SELECT prompt_id FROM withheld_prompts)"


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

    All preferences about one prompt, and about its near-duplicates, share a fold, so that a judge never saw the prompts
    its opponent learned from. `sha256` is the first near-duplicate's.
    """
    return "judge" if sha256 < JUDGE_BOUND else "train"


def add_prompts(store: Store, prompts: Iterable[NewPrompt]) -> list[int]:
    """Store prompts and return their ids in order; one that is there already keeps its row and its split.

    Where the split is left to the store, near-duplicates of each other and of stored prompts land on one side.
    """
    batch = list(prompts)
    with store.write() as db:
        return insert_prompts(db, batch)


def plan_sides(store: Store, prompts: Mapping[str, NewPrompt]) -> dict[str, Side]:
    """The sides that prompts would get, for `insert_prompts` to take, both by their hash; without a lock on the store.

    Finding near-duplicates among a hundred thousand takes seconds, for which no vote shall wait.
    """
    db = store.db()
    known = _known_ids(db, list(prompts))
    return _sides(db, {sha256: prompt for sha256, prompt in prompts.items() if sha256 not in known})


def insert_prompts(
    db: Database, prompts: Sequence[NewPrompt], planned: Mapping[str, Side] = MappingProxyType({})
) -> list[int]:
    """`add_prompts` inside the caller's transaction. `planned` has sides that were chosen before, by `plan_sides`."""
    hashes = [prompt_hash(prompt.messages) for prompt in prompts]
    known = _known_ids(db, hashes)
    fresh: dict[str, NewPrompt] = {}
    for sha256, prompt in zip(hashes, prompts, strict=True):
        if sha256 not in known:
            fresh.setdefault(sha256, prompt)
    unplanned = _sides(db, {sha256: prompt for sha256, prompt in fresh.items() if sha256 not in planned})
    for sha256, prompt in fresh.items():
        split, fold_sha256 = unplanned.get(sha256) or planned[sha256]
        cursor = db.execute(
            "INSERT INTO prompts (messages, sha256, split, fold_sha256, source, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            [
                json.dumps(list(prompt.messages), ensure_ascii=False),
                sha256,
                split,
                fold_sha256,
                prompt.source,
                now(),
            ],
        )
        known[sha256] = int(cursor.lastrowid or 0)
        inspect(db, known[sha256], prompt.messages)
    return [known[sha256] for sha256 in hashes]


def newest_id(db: Database) -> int:
    """The highest id of a prompt, 0 before the first: what is inserted later has a higher one."""
    return int(next(db.query("SELECT coalesce(max(prompt_id), 0) AS newest FROM prompts"))["newest"])


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
    held-out side; what came of chats joins either. Retired prompts, and those held back, are asked nothing.
    """
    rows = store.rows(f"SELECT * FROM prompts WHERE split = ? AND {SERVED}", [split])
    own = sum(row["source"] not in (DEMO_SOURCE, CHAT_SOURCE) for row in rows)
    if own >= (MIN_HELDOUT if split == "heldout" else 1):
        rows = [row for row in rows if row["source"] != DEMO_SOURCE]
    if fold is not None:
        rows = [row for row in rows if fold_of(row["fold_sha256"] or row["sha256"]) == fold]
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


def _sides(db: Database, prompts: Mapping[str, NewPrompt]) -> dict[str, Side]:
    """The sides of new prompts, both by their hash.

    What was asked in a chat comes with its split and keeps its own fold: looking for its near-duplicates among
    thousands would keep the votes waiting.
    """
    if all(prompt.split is not None and prompt.source == CHAT_SOURCE for prompt in prompts.values()):
        return {sha256: (prompt.split, None) for sha256, prompt in prompts.items() if prompt.split is not None}
    stored = list(db.query(f"SELECT messages, split, {FOLD_HASH} AS fold_sha256 FROM prompts q ORDER BY prompt_id"))
    texts = [prompt_text(json.loads(row["messages"])) for row in stored]
    new = [prompt_text(prompt.messages) for prompt in prompts.values()]
    groups = near_duplicate_groups([*texts, *new], first_new=len(texts))
    chosen = splits_of_groups(groups, new, [row["split"] for row in stored])
    splits = [prompt.split or split for prompt, split in zip(prompts.values(), chosen, strict=True)]
    folds = shared_folds(groups, [row["fold_sha256"] for row in stored], list(prompts))
    return dict(zip(prompts, zip(splits, folds, strict=True), strict=True))


def shared_folds(groups: Sequence[int], stored: Sequence[str], new: Sequence[str]) -> list[str | None]:
    """The hash that decides each new prompt's fold: that of the first of its near-duplicates, or None for its own.

    `groups` numbers the near-duplicates among stored prompts and then new ones. A group that is a template with the
    blanks filled in is not kept together: all of it in one fold could leave the other nothing.
    """
    first: dict[int, str] = {}
    for group, sha256 in zip(groups, [*stored, *new], strict=True):
        first.setdefault(group, sha256)
    mine = groups[len(stored) :]
    size = Counter(mine)
    return [
        first[group] if first[group] != sha256 and size[group] <= LARGE_GROUP else None
        for group, sha256 in zip(mine, new, strict=True)
    ]
