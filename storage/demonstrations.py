"""Demonstrations: answers that labelers wrote themselves, for supervised fine-tuning to learn from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage.database import MOST_ID, Store, now
from storage.errors import UserError
from storage.exchange.demonstrations import Demonstration, demonstrations_of
from storage.exchange.reading import BadRow
from storage.frozen import freeze_lines, path_of
from storage.labels import showing_of
from storage.records import Message

STANDING = """
SELECT d.demonstration_id, d.labeler, q.messages, q.split, d.text
FROM current_demonstrations d JOIN prompts q USING (prompt_id)
ORDER BY d.demonstration_id
"""

PROMPT = "SELECT prompt_id, messages FROM pairs JOIN prompts USING (prompt_id) WHERE pair_id = ?"


def write(store: Store, labeler: str, showing_id: int, text: str) -> int:
    """Keep what a labeler would have answered to the prompt of a showing; an empty text takes it back. Returns its id.

    A labeler's newest answer to a prompt stands. Raises UserError when the showing is not this labeler's, or the text
    is none that can be learned from.
    """
    if not isinstance(showing_id, int) or abs(showing_id) > MOST_ID:
        raise UserError(f"{showing_id!r} names no showing: a demonstration is written to one.")
    with store.write() as db:
        showing = showing_of(db, showing_id, labeler)
        prompt = next(iter(db.query(PROMPT, [showing["pair_id"]])))
        if text.strip():
            check(json.loads(prompt["messages"]), text)
        return insert(db, prompt["prompt_id"], labeler, text if text.strip() else None, showing_id)


def insert(db: Database, prompt_id: int, labeler: str, text: str | None, showing_id: int | None) -> int:
    """Append what a labeler would have answered, None to take back what stood, inside the caller's transaction."""
    cursor = db.execute(
        "INSERT INTO demonstrations (prompt_id, labeler, text, showing_id, created_at) VALUES (?, ?, ?, ?, ?)",
        [prompt_id, labeler, text, showing_id, now()],
    )
    return int(cursor.lastrowid or 0)


def rows(store: Store) -> list[dict[str, Any]]:
    """Those that stand, as chat records that also say whose each is and on which side its prompt."""
    return [
        {
            "messages": [*json.loads(row["messages"]), {"role": "assistant", "content": row["text"]}],
            "labeler": row["labeler"],
            "demonstration_id": row["demonstration_id"],
            "split": row["split"],
        }
        for row in store.rows(STANDING)
    ]


def to_learn_from(store: Store) -> list[dict[str, Any]]:
    """Those that stand on train prompts."""
    return [row for row in rows(store) if row["split"] == "train"]


def standing(store: Store) -> list[Demonstration]:
    """What may be learned from them. Raises UserError when there is none."""
    found = [demonstration for row in to_learn_from(store) for demonstration in demonstrations_of(row)]
    if not found:
        raise UserError("No labeler has written a demonstration on a train prompt yet, so there is none to mix in.")
    return found


def freeze(store: Store) -> Path:
    """Write what may be learned from to an immutable file of chat records, named by its sha256; returns its path."""
    return path_of(store, "demonstrations", freeze_lines(store, "demonstrations", to_learn_from(store)))


def check(prompt: Sequence[Message], text: str) -> None:
    """Raise UserError, with the reason, where this answer to a prompt is none that could be learned from."""
    try:
        demonstrations_of({"messages": [*prompt, {"role": "assistant", "content": text}]})
    except BadRow as reason:
        raise UserError(f"This answer cannot be kept as a demonstration, for {reason}.") from reason
