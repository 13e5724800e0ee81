"""Prompts that say nearly the same: in clusters, so that all but one of each can be retired."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

from storage.curation import decide
from storage.database import Store
from storage.errors import UserError
from storage.near_duplicates import near_duplicate_groups
from storage.prompts import SERVED
from storage.records import prompt_text

MOST_PROMPTS = 50_000  # the newest ones, which takes two seconds
MOST_CLUSTERS = 100


@dataclass(frozen=True)
class Cluster:
    """Prompts that are near-duplicates of one another or of what connects them, the oldest first, with their texts."""

    prompt_ids: tuple[int, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Clusters:
    """The largest ones. `looked_at` prompts were compared; `found` counts all clusters, also those left out here."""

    clusters: list[Cluster]
    found: int
    looked_at: int


def clusters(store: Store) -> Clusters:
    """The near-duplicates among the newest prompts that are served (see `storage.near_duplicates`)."""
    found, looked_at = _all_clusters(store)
    return Clusters(found[:MOST_CLUSTERS], len(found), looked_at)


def retire_others(store: Store, prompt_id: int, actor: str) -> int:
    """Retire all near-duplicates of a prompt but itself, and return how many.

    They are looked for anew, so that nothing is retired that was only said to be one. Raises UserError when there is
    none.
    """
    for cluster in _all_clusters(store)[0]:
        if prompt_id in cluster.prompt_ids:
            others = [other for other in cluster.prompt_ids if other != prompt_id]
            return decide(store, others, "retired", actor, f"near-duplicate of prompt {prompt_id}")
    raise UserError(f"Prompt {prompt_id} has no near-duplicate among the newest prompts that are served.")


def _all_clusters(store: Store) -> tuple[list[Cluster], int]:
    """The clusters, the largest first, and how many prompts were compared."""
    rows = store.rows(
        f"SELECT prompt_id, messages FROM prompts WHERE {SERVED} ORDER BY prompt_id DESC LIMIT {MOST_PROMPTS}"
    )[::-1]
    texts = [prompt_text(json.loads(row["messages"])) for row in rows]
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(near_duplicate_groups(texts) if texts else []):
        members[group].append(index)
    groups = sorted((group for group in members.values() if len(group) > 1), key=lambda group: (-len(group), group[0]))
    found = [
        Cluster(tuple(rows[index]["prompt_id"] for index in group), tuple(texts[index] for index in group))
        for group in groups
    ]
    return found, len(rows)
