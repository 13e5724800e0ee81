"""Attention: who fails at known verdicts, or votes faster than anybody reads, is warned, and then paused.

Only labelers are: a researcher, who can lift a pause, is not. A skip and a tie are no failures. After a pause is lifted
the count begins anew. A paused labeler is served nothing; what lies on their page already can still be voted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from storage.database import Store, first, now
from storage.errors import UserError
from storage.journal import record

# All thresholds. Of the newest votes of a kind, how many failures warn and how many pause.
GOLD_VOTES, GOLD_WARNS, GOLD_PAUSES = 10, 2, 4
FAST_VOTES, FAST_WARNS, FAST_PAUSES = 20, 5, 10
SURE = 2  # from this strength on a vote for the other side of a gold pair is a failure
# Skimming at 50 words a second is ten times what people read at (Brysbaert 2019: 238 words a minute in silence).
LEAST_SECONDS, WORDS_A_SECOND, MOST_SECONDS = 0.3, 50.0, 5.0
# The answers are read only where the seconds leave it open whether that was too fast: this is done at every vote.
NEWEST = f"""
SELECT p.verdict, p.strength, p.seconds, g.verdict AS known,
       CASE WHEN p.seconds < {MOST_SECONDS} THEN x.text || ' ' || y.text ELSE '' END AS answers
FROM showings s CROSS JOIN current_preferences p USING (showing_id) CROSS JOIN pairs r USING (pair_id)
CROSS JOIN completions x ON x.completion_id = r.completion_a
CROSS JOIN completions y ON y.completion_id = r.completion_b
LEFT JOIN current_gold g ON g.pair_id = r.pair_id AND s.purpose = 'gold'
WHERE s.labeler = :labeler AND s.purpose IN ({{purposes}}) AND p.verdict <> 'withdrawn' AND p.created_at > :since
ORDER BY s.shown_at DESC LIMIT :most
"""


@dataclass(frozen=True)
class Standing:
    """How a labeler stands: `state` is empty, warned or paused; `why` says what of."""

    state: str = ""
    why: str = ""


def decide(wrong: Sequence[bool], fast: Sequence[bool], warned: bool) -> Standing:
    """How a labeler stands by their newest votes: which of those on gold pairs were wrong, and which of all too fast.

    Newest first; a pause comes only after a warning.
    """
    wrongs, fasts = sum(wrong[:GOLD_VOTES]), sum(fast[:FAST_VOTES])
    reasons = []
    if wrongs >= GOLD_WARNS:
        reasons.append(f"{wrongs} of the last {min(len(wrong), GOLD_VOTES)} known verdicts went the other way")
    if fasts >= FAST_WARNS:
        reasons.append(
            f"{fasts} of the last {min(len(fast), FAST_VOTES)} votes came faster than both answers can be read"
        )
    if not reasons:
        return Standing()
    paused = warned and (wrongs >= GOLD_PAUSES or fasts >= FAST_PAUSES)
    return Standing("paused" if paused else "warned", ", and ".join(reasons))


def is_wrong(verdict: str, strength: int, known: str | None) -> bool:
    """Whether a vote is surely for the other side than the known verdict, both in the pair's own order."""
    return {verdict, known} == {"a", "b"} and strength >= SURE


def is_too_fast(seconds: float | None, words: int, verdict: str = "a") -> bool:
    """Whether nobody could have looked at answers of so many words in these seconds; a skip or a tie never is."""
    if seconds is None or verdict not in ("a", "b", "both_bad"):
        return False
    return seconds < min(MOST_SECONDS, LEAST_SECONDS + words / WORDS_A_SECOND)


def standing(db: Database, labeler: str) -> Standing:
    """How a labeler stands now."""
    row = _newest(db, labeler)
    return Standing(row["state"], row["why"]) if row and row["state"] != "resumed" else Standing()


def after_vote(db: Database, labeler: str) -> None:
    """Look at a labeler's newest votes after one more, inside its transaction, and warn, pause or let go on."""
    role = next(db.query("SELECT role FROM users WHERE name = ?", [labeler]))["role"]
    before = standing(db, labeler)
    if role != "labeler" or before.state == "paused":
        return
    since = next(
        db.query(
            "SELECT max(created_at) AS at FROM attention WHERE labeler = ? AND state = 'resumed' AND actor <> ''",
            [labeler],
        )
    )["at"]
    asked = {"labeler": labeler, "since": since or ""}
    on_gold = db.query(NEWEST.format(purposes="'gold'"), {**asked, "most": GOLD_VOTES})
    newest = db.query(NEWEST.format(purposes="'queue', 'gold', 'repeat'"), {**asked, "most": FAST_VOTES})
    found = decide(
        [is_wrong(vote["verdict"], vote["strength"], vote["known"]) for vote in on_gold],
        [is_too_fast(vote["seconds"], len(vote["answers"].split()), vote["verdict"]) for vote in newest],
        before.state == "warned",
    )
    if found.state != before.state:
        _insert(db, labeler, found.state or "resumed", found.why, "")


def resume(store: Store, labeler: str, actor: str) -> None:
    """Lift a pause or a warning; what was before it is not counted again. Raises UserError where there is none."""
    with store.write() as db:
        if not standing(db, labeler).state:
            raise UserError(f"{labeler} is neither paused nor warned: there is nothing to lift.")
        _insert(db, labeler, "resumed", "", actor)
        record(db, actor, "resume", f"labeler {labeler}")


def stopped(store: Store) -> dict[str, Standing]:
    """Everybody who is warned or paused now, by name."""
    rows = store.rows(
        "SELECT labeler, state, why FROM attention a WHERE state <> 'resumed' AND attention_id ="
        " (SELECT max(attention_id) FROM attention later WHERE later.labeler = a.labeler) ORDER BY labeler"
    )
    return {row["labeler"]: Standing(row["state"], row["why"]) for row in rows}


def _newest(db: Database, labeler: str) -> dict[str, Any] | None:
    sql = "SELECT state, why FROM attention WHERE labeler = ? ORDER BY attention_id DESC LIMIT 1"
    return first(db, sql, [labeler])


def _insert(db: Database, labeler: str, state: str, why: str, actor: str) -> None:
    db.execute(
        "INSERT INTO attention (labeler, state, why, actor, created_at) VALUES (?, ?, ?, ?, ?)",
        [labeler, state, why, actor, now()],
    )
