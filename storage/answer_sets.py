"""Sets of 3 to 8 answers to one prompt, and the queue of those that wait to be put in order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from storage import overlap
from storage.database import Store, first, now
from storage.errors import UserError
from storage.labels import PROMOTED, random_showing_id
from storage.pair_queue import lease_end, place_of, rules

MOST = 8  # answers to a set
SAID = """
SELECT c.verdict, c.ranks FROM set_showings s JOIN current_rankings c USING (showing_id)
WHERE s.set_id = ? AND c.verdict IN ('ranked', 'all_bad')
"""
SHOWN = "NOT EXISTS (SELECT 1 FROM answer_sets a JOIN withheld_prompts USING (prompt_id) WHERE a.set_id = u.set_id)"
NEXT = f"""
SELECT u.set_id FROM set_queue u
LEFT JOIN set_showings mine ON mine.set_id = u.set_id AND mine.labeler = :labeler
LEFT JOIN set_holds held ON held.showing_id = mine.showing_id
WHERE u.missing > 0 AND (mine.showing_id IS NULL OR held.showing_id IS NOT NULL)
  AND coalesce(mine.showing_id, 0) NOT IN (SELECT value FROM json_each(:holding))
  AND u.missing > (SELECT count(*) FROM set_holds h WHERE h.set_id = u.set_id AND h.labeler <> :labeler
                   AND h.until > :now)
  AND {SHOWN}
ORDER BY u.model_id IS NOT {PROMOTED}, u.model_id DESC, mine.showing_id IS NULL, mine.shown_at, u.missing,
         u.place < :salt, u.place LIMIT :count
"""
OF_SHOWING = """
SELECT s.*, a.prompt_id, q.messages
FROM set_showings s JOIN answer_sets a USING (set_id) JOIN prompts q USING (prompt_id)
WHERE s.showing_id = ? AND s.labeler = ?
"""


def insert_set(db: Database, prompt_id: int, completion_ids: Sequence[int], model_id: int | None) -> int:
    """Store a set of answers and put it into the queue, inside the caller's transaction."""
    cursor = db.execute(
        "INSERT INTO answer_sets (prompt_id, model_id, created_at) VALUES (?, ?, ?)", [prompt_id, model_id, now()]
    )
    set_id = int(cursor.lastrowid or 0)
    for place, completion_id in enumerate(completion_ids):
        db.execute("INSERT INTO set_answers VALUES (?, ?, ?)", [set_id, place, completion_id])
    db.execute("INSERT INTO set_queue VALUES (?, ?, ?, ?)", [set_id, model_id, place_of(set_id), rules(db)[0]])
    return set_id


def answers_of(db: Database, set_id: int) -> list[dict[str, Any]]:
    """The answers of a set, completion_id and text, in its own order."""
    sql = "SELECT completion_id, text FROM set_answers JOIN completions USING (completion_id) WHERE set_id = ?"
    return list(db.query(f"{sql} ORDER BY place", [set_id]))


def next_sets(db: Database, labeler: str, count: int, holding: Sequence[int], salt: int) -> list[int]:
    """Ids of up to `count` sets for a labeler, by the rules of the queue of pairs (`labeling.pairing`)."""
    asked = {"labeler": labeler, "count": count, "holding": json.dumps(list(holding)), "salt": salt, "now": now()}
    return [row["set_id"] for row in db.query(NEXT, asked)]


def show(db: Database, set_id: int, labeler: str, arrangement: Sequence[int]) -> int:
    """The showing in which a labeler has a set, made now if there is none; it holds its place from now on."""
    row = first(db, "SELECT showing_id FROM set_showings WHERE set_id = ? AND labeler = ?", [set_id, labeler])
    showing_id = int(row["showing_id"]) if row else random_showing_id()
    if row is None:
        db.execute(
            "INSERT INTO set_showings (showing_id, set_id, labeler, arrangement, shown_at) VALUES (?, ?, ?, ?, ?)",
            [showing_id, set_id, labeler, json.dumps(list(arrangement)), now()],
        )
    hold(db, showing_id)
    return showing_id


def hold(db: Database, showing_id: int) -> None:
    """Let a showing hold its place from now on."""
    db.execute(
        "INSERT INTO set_holds SELECT showing_id, set_id, labeler, ? FROM set_showings WHERE showing_id = ?"
        " ON CONFLICT (showing_id) DO UPDATE SET until = excluded.until",
        [lease_end(), showing_id],
    )


def showing_of(db: Database, showing_id: int, labeler: str) -> dict[str, Any]:
    """The showing's row, with its prompt's. Raises UserError when it is not this labeler's."""
    row = first(db, OF_SHOWING, [showing_id, labeler])
    if row is None:
        raise UserError(
            f"Showing {showing_id} was not served to {labeler} from this home, so nothing is recorded on it: "
            "ask for a new set of answers."
        )
    return {**row, "messages": json.loads(row["messages"]), "arrangement": json.loads(row["arrangement"])}


def is_showing(db: Database, showing_id: int, labeler: str) -> bool:
    """Whether this is one of this labeler's showings of a set."""
    return first(db, OF_SHOWING, [showing_id, labeler]) is not None


def answered(db: Database, showing_id: int) -> None:
    """Follow a ranking of a showing, or its withdrawal."""
    db.execute("DELETE FROM set_holds WHERE showing_id = ?", [showing_id])
    row = next(db.query("SELECT set_id FROM set_showings WHERE showing_id = ?", [showing_id]))
    _refresh(db, row["set_id"], rules(db))


def rebuild(db: Database) -> None:
    """Follow a change of the rules: how many people every set wants."""
    rules_now = rules(db)
    for row in list(db.query("SELECT set_id FROM set_queue")):
        _refresh(db, row["set_id"], rules_now)


def waiting(store: Store) -> int:
    """How many sets of the promoted model nobody has put in order, or skipped."""
    row = store.row(
        f"SELECT count(*) AS n FROM set_queue u WHERE u.missing > 0 AND u.model_id IS {PROMOTED} AND NOT EXISTS"
        " (SELECT 1 FROM set_showings s JOIN current_rankings c USING (showing_id)"
        " WHERE s.set_id = u.set_id AND c.verdict <> 'withdrawn')"
        f" AND {SHOWN}"
    )
    assert row is not None
    return int(row["n"])


def of_other_models(store: Store, showing_ids: Sequence[int]) -> set[int]:
    """Which of these showings are of sets that the promoted model did not write."""
    rows = store.rows(
        f"SELECT s.showing_id FROM set_showings s JOIN answer_sets a USING (set_id) WHERE a.model_id IS NOT {PROMOTED}"
        " AND s.showing_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(showing_ids))],
    )
    return {row["showing_id"] for row in rows}


def served(store: Store, labeler: str, showing_ids: Sequence[int]) -> set[int]:
    """Which of these are showings of sets to this labeler."""
    rows = store.rows(
        "SELECT showing_id FROM set_showings WHERE labeler = ? AND showing_id IN (SELECT value FROM json_each(?))",
        [labeler, json.dumps(list(showing_ids))],
    )
    return {row["showing_id"] for row in rows}


def _refresh(db: Database, set_id: int, rules_now: tuple[int, int]) -> None:
    """What people say of a set is which answers come first: where they differ in that, it is contested."""
    firsts = Counter(
        tuple(rank == 1 for rank in json.loads(row["ranks"])) if row["verdict"] == "ranked" else ()
        for row in db.query(SAID, [set_id])
    )
    missing = overlap.missing([*firsts.values(), 0, 0], *rules_now)
    db.execute("UPDATE set_queue SET missing = ? WHERE set_id = ?", [missing, set_id])
