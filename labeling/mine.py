"""What one labeler's own votes come to: pace, agreement, steadiness, practice, and what they did to the models."""

from __future__ import annotations

from dataclasses import dataclass

from labeling import session, shuffle
from labeling.quality.agreement import with_others
from labeling.quality.consistency import repeats, self_consistency
from labeling.quality.words import percent
from storage.database import MOST_ID, Store
from storage.errors import UserError
from storage.judgements import judgements
from storage.lineage import Shaped, influence, on_record

PRACTICE = """
SELECT count(*) AS done, total(p.verdict = g.verdict) AS same
FROM showings s JOIN current_preferences p USING (showing_id) JOIN current_gold g USING (pair_id)
WHERE s.labeler = ? AND s.purpose = 'calibration' AND p.verdict NOT IN ('skip', 'withdrawn')
"""
# Prompts that a labeler judged, to which both a model and the one it came from have an answer.
ANSWERED = """
SELECT x.prompt_id, q.messages, min(x.completion_id) AS after_id, x.text AS after, y.completion_id AS before_id,
       y.text AS before
FROM completions x JOIN completions y ON y.prompt_id = x.prompt_id AND y.model_id = :parent JOIN prompts q
     ON q.prompt_id = x.prompt_id
WHERE x.model_id = :model AND x.text <> y.text AND x.prompt_id IN (
    SELECT r.prompt_id FROM showings s JOIN current_preferences p USING (showing_id) JOIN pairs r USING (pair_id)
    WHERE s.labeler = :labeler AND p.verdict NOT IN ('skip', 'withdrawn')
)
GROUP BY x.prompt_id ORDER BY x.prompt_id
"""


@dataclass(frozen=True)
class Mine:
    """A labeler's own figures; shares are said with their 95 % intervals, "–" where nothing tells them."""

    votes: int
    seconds: float | None
    comparisons: int
    agrees: str
    repeats: int
    steady: str
    practised: int
    practised_same: int
    shaped: tuple[Shaped, ...]


@dataclass(frozen=True)
class BeforeAfter:
    """Two answers to a prompt that a labeler judged: of a model that learned from them, and of its parent.

    `left_is_after` says which is which, and is not shown before they have chosen.
    """

    model_id: int
    prompt_id: int
    messages: str  # JSON
    left: str
    right: str
    left_is_after: bool
    model: str
    parent: str


def mine(store: Store, labeler: str) -> Mine:
    """All of a labeler's own figures. It reads every vote, as agreement is with everybody's."""
    votes = judgements(store)
    comparisons, agrees, again, steady, cast = 0, "–", 0, "–", 0
    if labeler in votes.labelers:
        at = votes.labelers.index(labeler)
        cast = int((votes.labeler == at).sum())
        comparisons, agreement = with_others(votes.first_looks())[at]
        agrees, steady = percent(agreement), percent(self_consistency(votes)[1][at])
        again = int((repeats(votes)[0] == at).sum())
    practice = store.row(PRACTICE, [labeler]) or {"done": 0, "same": 0}
    shaped = influence(store, labeler).shaped if labeler in on_record(store) else ()
    return Mine(
        cast,
        session.progress(store, labeler).seconds_per_pair,
        comparisons,
        agrees,
        again,
        steady,
        int(practice["done"]),
        int(practice["same"]),
        shaped,
    )


def before_and_after(store: Store, labeler: str, shaped: tuple[Shaped, ...], number: int = 0) -> BeforeAfter | None:
    """The `number`-th prompt to compare on, of the newest policy that learned from the labeler and has answers to show.

    None where no prompt that they judged has an answer of both it and its parent, or there are no more of them.
    """
    seed = shuffle.seed_of(store)
    for one in reversed(shaped):
        model = one.model
        if not one.itself or model.kind != "policy" or model.parent_id is None:
            continue
        rows = store.rows(ANSWERED, {"model": model.model_id, "parent": model.parent_id, "labeler": labeler})
        if rows:
            if not 0 <= number < len(rows):
                return None
            row = rows[number]
            first = shuffle.lot(seed, "before and after", labeler, str(row["after_id"])) < 0.5
            left, right = (row["after"], row["before"]) if first else (row["before"], row["after"])
            return BeforeAfter(
                model.model_id, row["prompt_id"], row["messages"], left, right, first, model.name, model.parent or ""
            )
    return None


def number_of(text: str) -> int:
    """A number that an address carries. Raises UserError for what is none."""
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_ID):
        raise UserError("What the page asks for cannot be read: reload it.")
    return int(text)
