"""Votes between two models: what people, who did not know which was which, say of one against the other."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.database import Store
from storage.labels import STANDING_VOTES
from storage.statistics import Interval, win_rate

BLIND = "r.source IN ('battle', 'chat')"  # pairs whose two models the voter learns of after the vote, if at all
MARKS = (
    re.compile(r"\S+"),  # words
    re.compile(r"^ {0,3}#{1,6} ", re.MULTILINE),  # headings
    re.compile(r"^ *(?:[-*+]|\d+[.)]) ", re.MULTILINE),  # list items
    re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),  # bold texts
)
BATTLES = f"""
SELECT m.name AS first, n.name AS second, q.prompt_id, x.text AS first_text, y.text AS second_text,
       CASE p.verdict WHEN 'a' THEN 1.0 WHEN 'b' THEN 0.0 ELSE 0.5 END AS won
{STANDING_VOTES}JOIN models m ON m.model_id = x.model_id
JOIN models n ON n.model_id = y.model_id
WHERE m.model_id <> n.model_id AND {BLIND} AND p.verdict IN ('a', 'b', 'tie', 'both_bad')
ORDER BY p.preference_id
"""
SHARES = f"""
SELECT avg(CASE WHEN p.verdict IN ('tie', 'both_bad') THEN 0.5 ELSE (p.verdict = 'a') = (x.model_id = :one) END) AS won
{STANDING_VOTES}WHERE {BLIND} AND p.verdict IN ('a', 'b', 'tie', 'both_bad')
  AND ((x.model_id = :one AND y.model_id = :other) OR (x.model_id = :other AND y.model_id = :one))
GROUP BY q.prompt_id ORDER BY q.prompt_id
"""


@dataclass(frozen=True)
class Battle:
    """One vote on the answers of two models: `won` is 1 for the first, 0 for the second, 0.5 for neither.

    `style` is the difference in words, headings, list items and bold texts, each over the sum of both sides'.
    """

    first: str
    second: str
    prompt_id: int
    won: float
    style: tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """How often people prefer one model to another, on so many prompts, with its interval over prompts."""

    share: Interval
    prompts: int


def battles(store: Store) -> list[Battle]:
    """All votes on answers of two known models, in the order in which they were cast; both bad counts as a tie."""
    return [
        Battle(row["first"], row["second"], row["prompt_id"], row["won"], style(row["first_text"], row["second_text"]))
        for row in store.db().query(BATTLES)
    ]


def evidence(store: Store, model_id: int, against_id: int) -> Evidence | None:
    """What people say of a model against another; None where nobody compared them."""
    shares = [row["won"] for row in store.rows(SHARES, {"one": model_id, "other": against_id})]
    return Evidence(win_rate(shares), len(shares)) if shares else None


def style(first: str, second: str) -> tuple[float, ...]:
    """How two answers differ in style: (first - second) / (first + second) of each mark, 0 where neither has it."""
    found = []
    for mark in MARKS:
        one, other = len(mark.findall(first)), len(mark.findall(second))
        found.append((one - other) / (one + other) if one + other else 0.0)
    return tuple(found)
