"""What can be exported: the rows of the store as shapes, with what else is known of each, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from storage import demonstrations, ratings
from storage.database import Store
from storage.details import of_row
from storage.exchange.format import About, Writer
from storage.exchange.shapes import DemonstrationRow, PreferenceRow, PromptRow, RankingRow, RatingRow
from storage.labels import LEARNED_FROM, STANDING_VOTES
from storage.prompts import FOLD_HASH, fold_of
from storage.records import Details

VOTES = f"""
SELECT p.preference_id, p.supersedes, s.showing_id, r.pair_id, r.prompt_id, s.labeler, q.messages,
       x.text AS completion_a, y.text AS completion_b, coalesce(m.name, i.name) AS model_a,
       coalesce(n.name, k.name) AS model_b, r.source,
       {FOLD_HASH} AS fold_sha256, p.verdict, p.strength, s.flipped, p.seconds, q.split, s.shown_at, p.created_at,
       coalesce(d.flagged, 0) AS flagged, coalesce(d.reasons, '[]') AS reasons, coalesce(d.comment, '') AS comment,
       coalesce(d.ratings, '{{}}') AS ratings
{STANDING_VOTES}LEFT JOIN preference_details d USING (preference_id)
LEFT JOIN models m ON m.model_id = x.model_id
LEFT JOIN models n ON n.model_id = y.model_id
LEFT JOIN imported_models i ON i.completion_id = x.completion_id
LEFT JOIN imported_models k ON k.completion_id = y.completion_id
WHERE p.verdict <> 'withdrawn'
"""
RATED_MODELS = "SELECT completion_id, name FROM imported_models JOIN ratings USING (completion_id)"
RANKINGS = """
SELECT c.*, s.set_id, s.arrangement, s.labeler, s.shown_at, a.prompt_id, q.messages, q.split FROM current_rankings c
JOIN set_showings s USING (showing_id) JOIN answer_sets a USING (set_id) JOIN prompts q USING (prompt_id)
WHERE c.verdict <> 'withdrawn' ORDER BY c.ranking_id
"""
RANKED = """
SELECT c.text, m.name AS model FROM set_answers JOIN completions c USING (completion_id)
LEFT JOIN models m USING (model_id) WHERE set_id = ? ORDER BY place
"""
OTHERS = f"""
SELECT p.verdict, count(*) AS n FROM current_preferences p JOIN showings s USING (showing_id)
JOIN pairs r USING (pair_id) WHERE p.verdict IN ('tie', 'both_bad') AND {LEARNED_FROM} GROUP BY p.verdict
"""
NOT_SAID = {"tie": "ties, which the format has no place for", "both_bad": "both bad, which the format has no place for"}
MADE_BY = {
    "ratings": "give answers in the chat a thumb first",
    "demonstrations": "write an answer of your own to a pair first",
    "prompts": "import some first",
    "rankings": "put some answers in order first",
}

Found = Iterator[tuple[Any, About]]


def other_verdicts(store: Store, verdicts: tuple[str, ...]) -> dict[str, int]:
    """How many votes a format leaves out because they are for no side."""
    rows = store.rows(OTHERS)
    return {NOT_SAID[row["verdict"]]: row["n"] for row in rows if row["verdict"] not in verdicts}


def _votes(store: Store, writer: Writer) -> Found:
    """Every vote that stands."""
    return _shapes(store, f"{VOTES} ORDER BY p.preference_id")


def _preferences(store: Store, writer: Writer) -> Found:
    """The votes that a format has a place for, without repeats, which would count one judgement twice."""
    order = "r.pair_id, p.preference_id" if writer.grouped else "p.preference_id"
    taken = ", ".join(f"'{verdict}'" for verdict in writer.verdicts)
    return _shapes(store, f"{VOTES} AND {LEARNED_FROM} AND p.verdict IN ({taken}) ORDER BY {order}")


def _shapes(store: Store, sql: str) -> Found:
    for row in store.db().query(sql):
        row["fold"] = fold_of(row.pop("fold_sha256"))
        shape = PreferenceRow(
            tuple(json.loads(row["messages"])),
            row["completion_a"],
            row["completion_b"],
            row["verdict"],
            row["strength"],
            row["labeler"],
            row["model_a"],
            row["model_b"],
            bool(row["flipped"]),
            row["seconds"],
            of_row(row),
            row["source"] == "repeat",
        )
        yield shape, row


def _ratings(store: Store, writer: Writer) -> Found:
    outside = {row["completion_id"]: row["name"] for row in store.rows(RATED_MODELS)}
    for row in ratings.rows(store):
        labeler, model = row["labeler"], row["model"] or outside.get(row["completion_id"])
        yield RatingRow(tuple(row["prompt"]), row["completion"], row["thumb"] == "up", labeler, model), row


def _demonstrations(store: Store, writer: Writer) -> Found:
    for row in demonstrations.rows(store):
        *prompt, answer = row["messages"]
        yield DemonstrationRow(tuple(prompt), answer["content"], row["labeler"]), row


def _rankings(store: Store, writer: Writer) -> Found:
    """Every ranking that stands, skips of sets among them."""
    for row in store.rows(RANKINGS):
        answers = store.rows(RANKED, [row["set_id"]])
        shape = RankingRow(
            tuple(json.loads(row["messages"])),
            tuple(answer["text"] for answer in answers),
            tuple(answer["model"] for answer in answers),
            tuple(json.loads(row["ranks"])),
            row["verdict"],
            tuple(json.loads(row["arrangement"])),
            row["labeler"],
            Details(bool(row["flagged"]), tuple(json.loads(row["reasons"])), row["comment"]),
        )
        yield shape, row


def _prompts(store: Store, writer: Writer) -> Found:
    for row in store.db().query("SELECT messages, split, source FROM prompts ORDER BY prompt_id"):
        yield PromptRow(tuple(json.loads(row["messages"]))), row


SOURCES: dict[str, Callable[[Store, Writer], Found]] = {
    "preferences": _preferences,
    "demonstrations": _demonstrations,
    "ratings": _ratings,
    "votes": _votes,
    "rankings": _rankings,
    "prompts": _prompts,
}
