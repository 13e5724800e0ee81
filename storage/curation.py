"""What people decide about prompts: retired or restored, released in spite of personal data, tagged.

Every deed is a row more, so it is on record who decided what, and when. Votes on a retired prompt stay and are learned
from; it is only asked of no model and shown to no labeler any more (`storage.prompts.SERVED`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from sqlite_utils import Database

from storage.database import Store, first, now
from storage.errors import UserError, shown
from storage.journal import record
from storage.prompts import NewPrompt, insert_prompts, newest_id
from storage.records import Message, Split
from storage.text import is_text

Decision = Literal["retired", "restored", "released"]
LONGEST_REASON, LONGEST_TAG = 500, 80
MOST_TURNS, LONGEST_TURN = 100, 100_000
HAND_SOURCE = "hand"
MOST_AT_ONCE = 10_000  # prompts to one deed, which is one transaction
VERBS = {"retired": "retire", "restored": "restore", "released": "release"}
# Which of the asked prompts a decision changes anything about: a deed done twice is done once.
CHANGES = {
    "retired": "prompt_id NOT IN (SELECT prompt_id FROM withheld_prompts WHERE why = 'retired')",
    "restored": "prompt_id IN (SELECT prompt_id FROM withheld_prompts WHERE why = 'retired')",
    "released": "prompt_id IN (SELECT prompt_id FROM personal_data) AND NOT EXISTS"
    " (SELECT 1 FROM prompt_decisions d WHERE d.prompt_id = q.prompt_id AND d.decision = 'released')",
}


def decide(store: Store, prompt_ids: Sequence[int], decision: Decision, actor: str, reason: str = "") -> int:
    """Retire prompts, restore retired ones, or release ones that were held back for personal data.

    Returns how many it changed anything about. Raises UserError for a prompt that is not there and for a reason that
    cannot be kept; `reason` may be empty.
    """
    if not is_text(reason) or len(reason) > LONGEST_REASON:
        raise UserError(f"A reason is a text of up to {LONGEST_REASON} characters.")
    with store.write() as db:
        _check_prompts(db, prompt_ids)
        rows = db.query(
            f"SELECT prompt_id FROM prompts q WHERE {CHANGES[decision]}"
            " AND prompt_id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(prompt_ids))],
        )
        changed = [row["prompt_id"] for row in rows]
        for prompt_id in changed:
            db.execute(
                "INSERT INTO prompt_decisions (prompt_id, decision, reason, actor, created_at) VALUES (?, ?, ?, ?, ?)",
                [prompt_id, decision, reason.strip(), actor, now()],
            )
        if changed:
            record(db, actor, VERBS[decision], _subject(changed), reason=reason.strip())
    return len(changed)


def tag(store: Store, prompt_ids: Sequence[int], tag: str, actor: str, present: bool = True) -> int:
    """Give prompts a tag, or take it off (`present` false). Returns how many it changed anything about.

    Raises UserError for a prompt that is not there, and for a tag of another form.
    """
    if not is_tag(tag):
        raise UserError(f"A tag is 1 to {LONGEST_TAG} printable characters without a comma, not {shown(tag)}.")
    with store.write() as db:
        _check_prompts(db, prompt_ids)
        rows = db.query(
            "SELECT value AS prompt_id FROM json_each(:ids) WHERE"
            " (value IN (SELECT prompt_id FROM current_prompt_tags WHERE tag = :tag)) <> :present",
            {"ids": json.dumps(sorted(set(prompt_ids))), "tag": tag, "present": int(present)},
        )
        changed = [row["prompt_id"] for row in rows]
        for prompt_id in changed:
            db.execute(
                "INSERT INTO prompt_tags (prompt_id, tag, present, actor, created_at) VALUES (?, ?, ?, ?, ?)",
                [prompt_id, tag, int(present), actor, now()],
            )
        if changed:
            record(db, actor, "tag" if present else "untag", _subject(changed), tag=tag)
    return len(changed)


def tagged(store: Store, tag: str) -> set[int]:
    """The ids of the prompts that have a tag."""
    rows = store.rows("SELECT prompt_id FROM current_prompt_tags WHERE tag = ?", [tag])
    return {row["prompt_id"] for row in rows}


def add_prompt(store: Store, messages: Sequence[Message], actor: str, split: Split | None = None) -> tuple[int, bool]:
    """Store a conversation that somebody wrote as a prompt; returns its id, and whether it is new.

    The side is the store's to choose where `split` is None. Raises UserError for what no model can be asked.
    """
    _check_conversation(messages)
    with store.write() as db:
        before = newest_id(db)
        turns = tuple({"role": turn["role"], "content": turn["content"]} for turn in messages)
        (prompt_id,) = insert_prompts(db, [NewPrompt(turns, HAND_SOURCE, split)])  # type: ignore[arg-type]
        if prompt_id > before:
            record(db, actor, "add", f"prompt {prompt_id}")
    return prompt_id, prompt_id > before


def is_tag(value: object) -> bool:
    """Whether this can be a tag."""
    return (
        isinstance(value, str)
        and 1 <= len(value.strip()) == len(value) <= LONGEST_TAG
        and value.isprintable()
        and "," not in value
    )


def tags(store: Store) -> dict[str, int]:
    """Every tag in use, with how many prompts have it, by name."""
    rows = store.rows("SELECT tag, count(*) AS n FROM current_prompt_tags GROUP BY tag ORDER BY tag")
    return {row["tag"]: row["n"] for row in rows}


def _check_conversation(messages: Sequence[Message]) -> None:
    """Raise UserError unless user and assistant take turns, perhaps after a system's, and the last one is a user's."""
    turns = [turn for turn in messages if isinstance(turn, dict) and is_text(turn.get("content"))]
    if len(turns) != len(messages):
        raise UserError("A prompt is a text, or turns that each have a role and a content.")
    if not 1 <= len(turns) <= MOST_TURNS:
        raise UserError(f"A prompt has 1 to {MOST_TURNS} turns, not {len(turns)}.")
    roles = [turn.get("role") for turn in turns]
    spoken = roles[1:] if roles[0] == "system" else roles
    if spoken != ["user", "assistant"] * (len(spoken) // 2) + ["user"]:
        raise UserError("In a prompt user and assistant take turns, the last one the user's; a system's turn is first.")
    for number, turn in enumerate(turns, 1):
        if not turn["content"].strip():
            raise UserError(f"Turn {number} of the prompt says nothing: write it, or leave it out.")
        if len(turn["content"]) > LONGEST_TURN:
            raise UserError(f"Turn {number} of the prompt is longer than {LONGEST_TURN:,} characters.")


def _check_prompts(db: Database, prompt_ids: Sequence[int]) -> None:
    if not prompt_ids:
        raise UserError("No prompt is named: name at least one by its number.")
    if len(prompt_ids) > MOST_AT_ONCE:
        raise UserError(f"{len(prompt_ids):,} prompts are too many at once: take up to {MOST_AT_ONCE:,}.")
    missing = first(
        db,
        "SELECT value AS prompt_id FROM json_each(?) WHERE value NOT IN (SELECT prompt_id FROM prompts)",
        [json.dumps(list(prompt_ids))],
    )
    if missing is not None:
        raise UserError(
            f"There is no prompt {missing['prompt_id']}: `prompts list` and the Data page have the numbers."
        )


def _subject(prompt_ids: Sequence[int]) -> str:
    return f"prompt {prompt_ids[0]}" if len(prompt_ids) == 1 else f"{len(prompt_ids)} prompts"
