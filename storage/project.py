"""What a researcher sets for all labelers. Nothing is overwritten: the newest value of a name stands."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from storage import answer_sets, pair_queue
from storage.database import Store, now
from storage.errors import UserError
from storage.journal import record
from storage.overlap import CONTESTED, OVERLAP

MOST_WORDS, LONGEST_WORD = 20, 80  # reasons or criteria, and characters of one


def is_word(word: Any) -> bool:
    """Whether this can be a reason or a criterion."""
    return isinstance(word, str) and 1 <= len(word.strip()) == len(word) <= LONGEST_WORD and word.isprintable()


def _are_words(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_WORDS
        and all(map(is_word, value))
        and len(set(value)) == len(value)
    )


@dataclass(frozen=True)
class Kind:
    """What a setting can be: whether a value is possible, and how that is said after "The NAME is ..."."""

    takes: Callable[[Any], bool]
    said: str


WORDS = Kind(
    _are_words,
    f"a list of up to {MOST_WORDS} different texts of 1 to {LONGEST_WORD} printable characters, "
    "as in [correct, kinder]",
)
ANSWERS = Kind(lambda value: type(value) is int and 2 <= value <= 8, "a whole number of answers, 2 to 8")
PEOPLE = Kind(lambda value: type(value) is int and 1 <= value <= 100, "a whole number of people, 1 to 100")
SHARE = Kind(
    lambda value: type(value) in (int, float) and 0 <= value <= 0.5, "a share of the pairs that are served, 0 to 0.5"
)
MANY = Kind(lambda value: type(value) is int and 0 <= value <= 100, "a whole number of pairs, 0 to 100")
KINDS = {
    "reasons": WORDS,
    "flags": WORDS,
    "criteria": WORDS,
    "answers": ANSWERS,
    "overlap": PEOPLE,
    "contested": PEOPLE,
    "repeats": SHARE,
    "gold_share": SHARE,
    "calibration": MANY,
}


@dataclass(frozen=True)
class Project:
    """The settings as they stand.

    `reasons` and `flags` are offered to pick from, why a decision fell and what is wrong with a pair; each of the
    `criteria` is asked for as a rating of both answers. So many `answers` are written to a prompt: 2 make a pair, more
    are put in order at once. `overlap` people see a pair, and up to `contested` one on which they disagree. `repeats`
    and `gold_share` are the shares of what a labeler is served that are pairs which they had before and pairs whose
    verdict is known; of the latter a new labeler does as many as `calibration` says first.
    """

    reasons: tuple[str, ...] = ("correct", "follows the request", "clearer", "more complete", "safer", "kinder")
    flags: tuple[str, ...] = ("broken text", "prompt makes no sense", "harmful", "private data")
    criteria: tuple[str, ...] = ()
    answers: int = 2
    overlap: int = OVERLAP
    contested: int = CONTESTED
    repeats: float = 0.03
    gold_share: float = 0.05
    calibration: int = 0


def project(store: Store) -> Project:
    """All settings, those that were never set as their defaults have them."""
    rows = store.rows("SELECT name, value FROM project_settings ORDER BY setting_id")
    known = {one.name for one in fields(Project)}
    return Project(**{row["name"]: _frozen(json.loads(row["value"])) for row in rows if row["name"] in known})


def set_project(store: Store, name: str, value: Any, actor: str) -> Project:
    """Let a setting have this value from now on. Raises UserError for an unknown name, and an impossible value."""
    known = [one.name for one in fields(Project)]
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(known)}."
        raise UserError(f"The project has no setting {name!r}. {hint}")
    if not KINDS[name].takes(value):
        raise UserError(f"The setting {name} is {KINDS[name].said}.")
    with store.write() as db:
        db.execute(
            "INSERT INTO project_settings (name, value, set_by, created_at) VALUES (?, ?, ?, ?)",
            [name, json.dumps(value, ensure_ascii=False), actor, now()],
        )
        record(db, actor, "set", f"project {name}", value=value)
        if name in ("overlap", "contested"):
            pair_queue.rebuild(db)
            answer_sets.rebuild(db)
    return project(store)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
