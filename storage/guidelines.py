"""The guideline: how to judge, in Markdown, in versions. A labeler confirms a new one before going on.

Which version a vote was given under follows from the times: the newest that its labeler had confirmed by then.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record
from storage.text import is_text

LONGEST = 40_000  # characters, as long as a text can be rendered
COLUMNS = "SELECT version, text, set_by, created_at FROM guidelines"


@dataclass(frozen=True)
class Guideline:
    """One version, numbered from 1."""

    version: int
    text: str
    set_by: str
    created_at: str


def guideline(store: Store) -> Guideline | None:
    """The version that holds, or None where nobody wrote one."""
    row = store.row(f"{COLUMNS} ORDER BY version DESC LIMIT 1")
    return Guideline(**row) if row else None


def history(store: Store) -> list[Guideline]:
    """All versions, newest first."""
    return [Guideline(**row) for row in store.rows(f"{COLUMNS} ORDER BY version DESC")]


def set_guideline(store: Store, text: str, actor: str) -> Guideline:
    """Let this text hold from now on; the same text again is no new version. Raises UserError for one that is empty,
    too long, or cannot be stored."""
    text = text.replace("\r\n", "\n").strip() if is_text(text) else ""
    if not 1 <= len(text) <= LONGEST:
        raise UserError(f"A guideline is a text of 1 to {LONGEST:,} characters.")
    stands = guideline(store)
    if stands is not None and stands.text == text:
        return stands
    with store.write() as db:
        cursor = db.execute("INSERT INTO guidelines (text, set_by, created_at) VALUES (?, ?, ?)", [text, actor, now()])
        record(db, actor, "guideline", f"version {cursor.lastrowid}", characters=len(text))
    newest = guideline(store)
    assert newest is not None
    return newest


def confirm(store: Store, version: int, labeler: str) -> None:
    """Keep that a labeler has read a version. Raises UserError where it is not the one that holds."""
    stands = guideline(store)
    if stands is None or version != stands.version:
        raise UserError("The guideline was changed meanwhile: read the newest version, then confirm it.")
    with store.write() as db:
        db.execute(
            "INSERT OR IGNORE INTO guideline_confirmations (version, labeler, created_at) VALUES (?, ?, ?)",
            [version, labeler, now()],
        )


def confirmed(store: Store, labeler: str) -> int:
    """The newest version that a labeler has confirmed, 0 where none."""
    row = store.row("SELECT max(version) AS version FROM guideline_confirmations WHERE labeler = ?", [labeler])
    return int(row["version"] or 0) if row else 0
