"""What became of a prompt, in order of time: every row about it, also those that newer ones replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.database import Store

MOST = 500  # rows of a kind, the newest ones
MOST_ROUNDS = 100  # newest ones, whose snapshots are looked into
DEGREES = ("", "barely better", "slightly better", "better", "far better")
VERDICTS = {
    "tie": "voted tie",
    "both_bad": "voted both bad",
    "skip": "skipped",
    "withdrawn": "took back the vote",
}
RANKINGS = {
    "ranked": "put answers in order",
    "all_bad": "called all answers bad",
    "skip": "skipped the set",
    "withdrawn": "took back the ranking",
}
DECISIONS = {"retired": "retired it", "restored": "restored it", "released": "released it in spite of personal data"}
KINDS = {"mail": "a mail address", "phone": "a phone number", "card": "a card number"}

# Each gives created_at and what its words below are made of.
CAME = "SELECT created_at, source, split FROM prompts WHERE prompt_id = :id"
FOUND = "SELECT min(created_at) AS created_at, kind FROM personal_data WHERE prompt_id = :id GROUP BY kind"
DECIDED = "SELECT created_at, actor, decision, reason FROM prompt_decisions WHERE prompt_id = :id"
TAGGED = "SELECT created_at, actor, tag, present FROM prompt_tags WHERE prompt_id = :id"
ANSWERED = f"""
SELECT created_at, name, many FROM (
    SELECT max(c.completion_id) AS last, max(c.created_at) AS created_at, m.name, count(*) AS many
    FROM completions c LEFT JOIN models m USING (model_id) WHERE c.prompt_id = :id
    GROUP BY c.model_id, coalesce(c.job_id, substr(c.created_at, 1, 16))) ORDER BY last DESC LIMIT {MOST}
"""
VOTED = f"""
SELECT p.created_at, s.labeler AS actor, p.verdict, p.strength, s.flipped, r.pair_id, d.flagged, d.comment
FROM pairs r JOIN showings s USING (pair_id) JOIN preferences p USING (showing_id)
LEFT JOIN preference_details d USING (preference_id)
WHERE r.prompt_id = :id ORDER BY p.preference_id DESC LIMIT {MOST}
"""
RANKED = f"""
SELECT k.created_at, s.labeler AS actor, k.verdict, k.flagged, k.comment
FROM answer_sets e JOIN set_showings s USING (set_id) JOIN rankings k USING (showing_id)
WHERE e.prompt_id = :id ORDER BY k.ranking_id DESC LIMIT {MOST}
"""
WROTE = f"""
SELECT created_at, labeler AS actor, text FROM demonstrations
WHERE prompt_id = :id ORDER BY demonstration_id DESC LIMIT {MOST}
"""
THUMBED = f"""
SELECT t.created_at, t.labeler AS actor, t.thumb FROM completions c JOIN ratings t USING (completion_id)
WHERE c.prompt_id = :id ORDER BY t.rating_id DESC LIMIT {MOST}
"""
ROUNDS = f"""
SELECT r.round_id, r.created_at, r.requested_by AS actor, r.method, s.sha256
FROM rounds r JOIN snapshots s USING (snapshot_id) ORDER BY r.round_id DESC LIMIT {MOST_ROUNDS}
"""


@dataclass(frozen=True)
class Event:
    """Something that happened to a prompt: when, by whom (empty for nobody), what, and the text that came with it."""

    created_at: str
    actor: str
    said: str
    text: str = ""


def history(store: Store, prompt_id: int) -> list[Event]:
    """Everything that happened to a prompt, the oldest first."""
    words = [
        (CAME, lambda row: f"came in from {row['source']}, {_split(row['split'])}"),
        (FOUND, lambda row: f"was found to hold {KINDS[row['kind']]}"),
        (DECIDED, lambda row: DECISIONS[row["decision"]]),
        (TAGGED, lambda row: f"{'tagged it' if row['present'] else 'took off the tag'} {row['tag']}"),
        (ANSWERED, lambda row: f"{row['name'] or 'a file or a person'} wrote {_plural(row['many'], 'answer')}"),
        (VOTED, _vote),
        (RANKED, lambda row: "flagged the set" if row["flagged"] else RANKINGS[row["verdict"]]),
        (WROTE, lambda row: "wrote a demonstration" if row["text"] else "took back the demonstration"),
        (THUMBED, lambda row: "took back a thumb" if row["thumb"] == "withdrawn" else f"gave a thumb {row['thumb']}"),
    ]
    events = [
        Event(row["created_at"], row.get("actor", ""), said(row), row.get("reason") or row.get("comment") or "")
        for sql, said in words
        for row in store.rows(sql, {"id": prompt_id})
    ]
    return sorted([*events, *_learned(store, prompt_id)], key=lambda event: event.created_at)


def _vote(row: dict[str, Any]) -> str:
    if row["verdict"] in ("a", "b"):
        side = "A" if (row["verdict"] == "a") != bool(row["flipped"]) else "B"
        said = f"voted {side} {DEGREES[row['strength']]}"
    else:
        said = "flagged it" if row["flagged"] else VERDICTS[row["verdict"]]
    return f"{said} on pair {row['pair_id']}"


def _learned(store: Store, prompt_id: int) -> Iterator[Event]:
    """The rounds whose frozen votes have some on this prompt."""
    counted: dict[str, int] = {}
    for row in store.rows(ROUNDS):
        sha256 = row["sha256"]
        if sha256 not in counted:
            counted[sha256] = _rows_on(store, sha256, prompt_id)
        if counted[sha256]:
            rows = _plural(counted[sha256], "vote")
            said = f"began round {row['round_id']} ({row['method']}), with {rows} on it frozen"
            yield Event(row["created_at"], row["actor"], said)


def _rows_on(store: Store, sha256: str, prompt_id: int) -> int:
    """How many rows of a snapshot are on this prompt; none where its file is gone or unreadable."""
    path = store.snapshots / f"{sha256}.parquet"
    try:
        return int(pq.read_table(path, columns=["prompt_id"], filters=[("prompt_id", "==", prompt_id)]).num_rows)
    except (OSError, pa.ArrowException):
        return 0


def _split(split: str) -> str:
    return "held out" if split == "heldout" else "to train on"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
