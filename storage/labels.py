"""Pairs, showings and preferences: the rows that a labeler's hand leaves behind.

Everything here speaks in the pair's own order (a, b). What was shown left and right is the business of
`labeling.session`, which turns it with the showing's `flipped`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database

from storage import pair_queue
from storage.database import MOST_ID, Store, first, now
from storage.errors import UserError
from storage.prompts import SERVED
from storage.records import NewCompletion

GOOD_ROUND = 200  # votes that make a good round; it can be started with fewer
MOST_SHOWING_ID = 2**53 - 1  # the largest whole number that JavaScript tells from its neighbours
# Where a pair comes from: written for the queue; out of a chat or a file; every two answers of a ranking; an edited
# answer and what it betters; a pair once more, its answers the other way round; two models against each other.
SOURCES = ("generated", "chat", "imported", "ranking", "edit", "repeat", "battle")
COMPARED = ("a", "b", "tie", "both_bad")  # the verdicts that say how the two answers compare
# Repeats only tell how steady a labeler is: learned from, they would count one judgement twice. Calibration is
# practice, and nothing is learned from a vote that a ruling on its pair says otherwise than (`storage.adjudications`).
LEARNED_FROM = (
    "r.source <> 'repeat' AND s.purpose <> 'calibration' AND (r.pair_id NOT IN (SELECT pair_id FROM rulings)"
    " OR (r.pair_id, p.verdict) IN (SELECT pair_id, verdict FROM rulings))"
)
PROMOTED = "(SELECT model_id FROM promotions ORDER BY promotion_id DESC LIMIT 1)"
# A standing vote and what it is about: p the vote, s its showing, r the pair, q the prompt, x and y its answers a, b.
STANDING_VOTES = """
FROM current_preferences p
JOIN showings s USING (showing_id)
JOIN pairs r USING (pair_id)
JOIN prompts q USING (prompt_id)
JOIN completions x ON x.completion_id = r.completion_a
JOIN completions y ON y.completion_id = r.completion_b
"""


def insert_completions(db: Database, completions: Iterable[NewCompletion]) -> list[int]:
    """Store answers inside the caller's transaction and return their ids in order."""
    ids = []
    for item in completions:
        cursor = db.execute(
            "INSERT INTO completions (prompt_id, model_id, job_id, text, seed, sampling, tokens, ended, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                item.prompt_id,
                item.model_id,
                item.job_id,
                item.text,
                item.seed,
                json.dumps(item.sampling),
                item.tokens,
                None if item.ended is None else int(item.ended),
                now(),
            ],
        )
        ids.append(int(cursor.lastrowid or 0))
        if item.imported_model is not None:
            db.execute(
                "INSERT INTO imported_models (completion_id, name) VALUES (?, ?)", [ids[-1], item.imported_model]
            )
    return ids


def insert_pair(
    db: Database,
    prompt_id: int,
    completion_a: int,
    completion_b: int,
    source: str,
    model_id: int | None = None,
) -> int:
    """Store a pair inside the caller's transaction. `model_id` names the model when both answers are its own."""
    cursor = db.execute(
        "INSERT INTO pairs (prompt_id, completion_a, completion_b, model_id, source, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [prompt_id, completion_a, completion_b, model_id, source, now()],
    )
    pair_id = int(cursor.lastrowid or 0)
    pair_queue.add(db, pair_id, source, model_id)
    return pair_id


def pair_of(db: Database, completion_a: int, completion_b: int) -> int | None:
    """The id of the pair of two answers in this order, or None."""
    row = first(
        db, "SELECT pair_id FROM pairs WHERE completion_a = ? AND completion_b = ?", [completion_a, completion_b]
    )
    return row["pair_id"] if row else None


def is_pair_of_its_own(db: Database, pair_id: int) -> bool:
    """Whether there is this pair, and it is no repeat of another."""
    pair = first(db, "SELECT source FROM pairs WHERE pair_id = ?", [pair_id]) if abs(pair_id) <= MOST_ID else None
    return pair is not None and pair["source"] != "repeat"


def random_showing_id() -> int:
    """An id for a new showing.

    It is drawn at random, so that a vote which a browser kept for another home, or for a showing of before a
    backup was restored, names nothing here. Counted from one, it would name another pair.
    """
    return 1 + secrets.randbelow(MOST_SHOWING_ID)


def insert_showing(db: Database, pair_id: int, labeler: str, flipped: bool, purpose: str = "elsewhere") -> int:
    """Record inside the caller's transaction that a pair goes to a labeler, which side is which, and what for.

    `purpose` is queue, calibration, gold or repeat for what a labeler is served, and elsewhere for what is decided on
    in another place: a chat, a ranking, a file.
    """
    showing_id = random_showing_id()
    db.execute(
        "INSERT INTO showings (showing_id, pair_id, labeler, flipped, shown_at, purpose) VALUES (?, ?, ?, ?, ?, ?)",
        [showing_id, pair_id, labeler, int(flipped), now(), purpose],
    )
    return showing_id


def showing_on(db: Database, pair_id: int, labeler: str) -> int | None:
    """The id of the showing in which this labeler got the pair, or None."""
    row = first(db, "SELECT showing_id FROM showings WHERE pair_id = ? AND labeler = ?", [pair_id, labeler])
    return row["showing_id"] if row else None


def showing_of(db: Database, showing_id: int, labeler: str) -> dict[str, Any]:
    """The showing's row. Raises UserError when it is not this labeler's."""
    row = first(db, "SELECT * FROM showings WHERE showing_id = ? AND labeler = ?", [showing_id, labeler])
    if row is None:
        raise UserError(
            f"Showing {showing_id} was not served to {labeler} from this home, so nothing is recorded on it: "
            "ask for a new pair."
        )
    return row


def standing(db: Database, showing_id: int) -> dict[str, Any] | None:
    """The preference that stands for a showing (which may be a withdrawn one), or None before the first vote."""
    return first(db, "SELECT * FROM current_preferences WHERE showing_id = ?", [showing_id])


def by_client_key(db: Database, showing_id: int, client_key: str) -> dict[str, Any] | None:
    """The preference that this key already made for this showing."""
    return first(db, "SELECT * FROM preferences WHERE showing_id = ? AND client_key = ?", [showing_id, client_key])


def insert_preference(
    db: Database,
    showing_id: int,
    client_key: str,
    verdict: str,
    strength: int,
    seconds: float | None,
    supersedes: int | None,
) -> int:
    """Append one link to a showing's chain of votes, inside the caller's transaction."""
    cursor = db.execute(
        "INSERT INTO preferences (showing_id, client_key, verdict, strength, seconds, supersedes, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [showing_id, client_key, verdict, strength, seconds, supersedes, now()],
    )
    preference_id = int(cursor.lastrowid or 0)
    pair_queue.answered(db, showing_id)
    return preference_id


def reopen(db: Database, showing_id: int) -> None:
    """Let a showing whose vote was taken back lie in front of its labeler again, unless it was decided elsewhere."""
    purpose = next(db.query("SELECT purpose FROM showings WHERE showing_id = ?", [showing_id]))["purpose"]
    if purpose != "elsewhere":
        pair_queue.hold(db, showing_id, deliberate=purpose != "queue")


def last_standing(db: Database, labeler: str) -> dict[str, Any] | None:
    """The labeler's newest vote that still stands, of those on what they were served, as their own chats are not."""
    return first(
        db,  # CROSS JOIN: from the newest vote on, and no further than it takes
        "SELECT p.* FROM current_preferences p CROSS JOIN showings s USING (showing_id)"
        " WHERE s.labeler = ? AND p.verdict <> 'withdrawn' AND s.purpose <> 'elsewhere'"
        " ORDER BY p.preference_id DESC LIMIT 1",
        [labeler],
    )


def undone_by(db: Database, labeler: str, client_key: str) -> int | None:
    """The showing whose vote this key of the labeler's took back, or None."""
    row = first(
        db,
        "SELECT p.showing_id FROM preferences p JOIN showings s USING (showing_id)"
        " WHERE s.labeler = ? AND p.client_key = ? AND p.verdict = 'withdrawn'"
        " ORDER BY p.preference_id LIMIT 1",  # what came of an edit is taken back after its own vote
        [labeler, client_key],
    )
    return row["showing_id"] if row else None


def counts(store: Store) -> dict[str, int]:
    """How many current preferences there are of each verdict (skips and withdrawn ones left out), and in all."""
    rows = store.rows(
        "SELECT verdict, count(*) AS n FROM current_preferences"
        " WHERE verdict IN ('a', 'b', 'tie', 'both_bad') GROUP BY verdict"
    )
    found = {row["verdict"]: row["n"] for row in rows}
    tally = {verdict: found.get(verdict, 0) for verdict in COMPARED}
    return {**tally, "all": sum(tally.values())}


def new_votes(store: Store, excluded: Sequence[str] = ()) -> int:
    """How many votes to learn from have come, or were changed, since the newest round at work or done began.

    Those of the `excluded` labelers are left out, and so are replays, which learn from no new votes.
    """
    row = store.row(
        "SELECT count(*) AS n FROM current_preferences p"
        " JOIN showings s USING (showing_id) JOIN pairs r USING (pair_id) JOIN prompts q USING (prompt_id)"
        f" WHERE p.verdict NOT IN ('skip', 'withdrawn') AND q.split = 'train' AND {LEARNED_FROM}"
        " AND s.labeler NOT IN (SELECT value FROM json_each(?)) AND p.created_at > coalesce((SELECT max(created_at)"
        " FROM rounds WHERE status IN ('running', 'done') AND replay_of IS NULL), '')",
        [json.dumps(excluded)],
    )
    assert row is not None
    return int(row["n"])


def pair_texts(db: Database, pair_id: int) -> dict[str, Any]:
    """A pair's prompt and its two answers, as stored: prompt_id, messages, a, b, completion_a, completion_b."""
    row = next(
        db.query(
            "SELECT r.prompt_id, q.messages, x.text AS a, y.text AS b, r.completion_a, r.completion_b"
            " FROM pairs r JOIN prompts q USING (prompt_id)"
            " JOIN completions x ON x.completion_id = r.completion_a"
            " JOIN completions y ON y.completion_id = r.completion_b WHERE r.pair_id = ?",
            [pair_id],
        )
    )
    return {**row, "messages": json.loads(row["messages"])}


def of_other_models(store: Store, showing_ids: Sequence[int]) -> set[int]:
    """Which of these showings came out of the queue, of pairs of a model that is not the promoted one."""
    rows = store.rows(
        "SELECT h.showing_id FROM holds h JOIN pair_queue u USING (pair_id) WHERE NOT h.deliberate"
        f" AND u.line NOT IN (0, coalesce({PROMOTED}, 0)) AND h.showing_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(showing_ids))],
    )
    return {row["showing_id"] for row in rows}


def never_served(store: Store, labeler: str, showing_ids: Sequence[int]) -> set[int]:
    """Which of these are no showings of this labeler's here: a page can hold those of another home, or a lost past."""
    rows = store.rows(
        "SELECT value AS showing_id FROM json_each(?) WHERE NOT EXISTS"
        " (SELECT 1 FROM showings s WHERE s.showing_id = value AND s.labeler = ?)",
        [json.dumps(list(showing_ids)), labeler],
    )
    return {row["showing_id"] for row in rows}


def is_held_out(store: Store, pair_id: int) -> bool:
    """Whether the pair's prompt is held out, so that no model learns from the votes on it."""
    return (
        store.row(
            "SELECT 1 FROM pairs JOIN prompts USING (prompt_id) WHERE pair_id = ? AND split = 'heldout'", [pair_id]
        )
        is not None
    )


def waiting(store: Store, most: int = -1) -> int:
    """How many pairs of the promoted model, or of two models, nobody has answered or skipped, counted up to `most`."""
    row = store.row(
        "SELECT count(*) AS n FROM (SELECT 1 FROM pair_queue JOIN pairs USING (pair_id)"
        f" WHERE missing > 0 AND line IN (0, coalesce({PROMOTED}, 0)) AND begun = 0 AND skip = 0 AND {SERVED} LIMIT ?)",
        [most],
    )
    assert row is not None
    return int(row["n"])
