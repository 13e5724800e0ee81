"""The audit journal: who did what to which record, and when. Rows are only ever added."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from storage.database import now


def record(db: Database, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add one entry inside the caller's transaction, so that it stands exactly if the deed does."""
    db.execute(
        "INSERT INTO journal (actor, action, subject, detail, created_at) VALUES (?, ?, ?, ?, ?)",
        [actor, action, subject, json.dumps(detail, ensure_ascii=False), now()],
    )
