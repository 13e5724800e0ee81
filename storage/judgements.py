"""All votes that say how good the labels are, as columns of numbers: the input of every statistic of quality.

Taken are standing votes on pairs that were put before a person, one row each. A verdict of an adjudicator is none of
them, for it was given in the knowledge of the others', nor is a vote of a labeler's calibration, who is told at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.database import Store

FIRST, SECOND, TIE, BOTH_BAD = range(4)  # a choice, in the order of a comparison's two answers
ASKED = "('generated', 'chat', 'battle', 'repeat')"  # sources of pairs that a person is asked about

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ROWS = f"""
WITH people AS (SELECT name, row_number() OVER (ORDER BY name) - 1 AS number FROM users)
SELECT people.number, min(r.completion_a, r.completion_b), max(r.completion_a, r.completion_b),
       r.pair_id, r.prompt_id, r.source = 'repeat', r.completion_a > r.completion_b, s.flipped,
       CASE p.verdict WHEN 'a' THEN {FIRST} WHEN 'b' THEN {SECOND} WHEN 'tie' THEN {TIE} ELSE {BOTH_BAD} END,
       p.strength, length(x.text) - length(y.text), CAST(julianday(substr(p.created_at, 1, 10)) + 0.5 AS INTEGER)
FROM current_preferences p
JOIN showings s USING (showing_id)
JOIN people ON people.name = s.labeler
JOIN pairs r USING (pair_id)
JOIN completions x ON x.completion_id = r.completion_a
JOIN completions y ON y.completion_id = r.completion_b
WHERE p.verdict IN ('a', 'b', 'tie', 'both_bad') AND r.source IN {ASKED} AND s.purpose <> 'calibration'
  AND p.preference_id NOT IN (SELECT preference_id FROM adjudications)
ORDER BY p.preference_id
"""
_OF_THE_PAIR = ("labeler", "lower", "higher", "pair_id", "prompt_id", "repeat", "turned", "flipped", "verdict")
COLUMNS = (*_OF_THE_PAIR, "strength", "longer", "day")  # as ROWS has them


@dataclass(frozen=True)
class Judgements:
    """Votes as columns of equal length, in the order in which they were cast.

    Two votes are on one comparison where they are on the same two answers, in whichever order the pair has them; its
    first answer is the one that was stored first. `labeler` is a place in `labelers`, `comparison` one in a row of
    whole numbers from 0; `choice` is FIRST, SECOND, TIE or BOTH_BAD, `strength` 1 to 4 or 0; `left` says that the
    answer shown left was chosen, `longer` by how many characters the first answer is longer; `day` is a Julian day.
    """

    labelers: tuple[str, ...]
    labeler: Integers
    comparison: Integers
    pair_id: Integers
    prompt_id: Integers
    repeat: Flags
    choice: Integers
    strength: Integers
    left: Flags
    longer: Integers
    day: Integers

    @property
    def decided(self) -> Flags:
        """Which votes are for one of the two answers."""
        return self.choice <= SECOND

    def where(self, chosen: Flags) -> Judgements:
        """Some of the votes. The comparisons keep their numbers."""
        columns = {name: value[chosen] for name, value in vars(self).items() if name != "labelers"}
        return Judgements(self.labelers, **columns)

    def first_looks(self) -> Judgements:
        """The votes without the repeats."""
        return self.where(~self.repeat)


def judgements(store: Store) -> Judgements:
    """The votes as they stand."""
    names = tuple(row["name"] for row in store.rows("SELECT name FROM users ORDER BY name"))
    rows = np.fromiter(store.db().conn.execute(ROWS), dtype=[(name, np.int64) for name in COLUMNS])
    _, comparison = np.unique((rows["lower"] << 31) | rows["higher"], return_inverse=True)
    decided, second = rows["verdict"] <= SECOND, rows["verdict"] == SECOND
    turned, flipped = rows["turned"].astype(bool), rows["flipped"].astype(bool)
    return Judgements(
        labelers=names,
        labeler=rows["labeler"].copy(),
        comparison=comparison.astype(np.int64),
        pair_id=rows["pair_id"].copy(),
        prompt_id=rows["prompt_id"].copy(),
        repeat=rows["repeat"].astype(bool),
        choice=np.where(decided, (second != turned).astype(np.int64), rows["verdict"]),
        strength=rows["strength"].copy(),
        left=decided & (second == flipped),
        longer=np.where(turned, -rows["longer"], rows["longer"]),
        day=rows["day"].copy(),
    )
