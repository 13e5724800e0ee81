"""What somebody types into a search box, as a question to the full-text indexes.

All words have to be there, in any order and either case, accents apart; the last may be the beginning of one, and what
stands in quotation marks is looked for as it stands. Nothing typed is syntax (https://www.sqlite.org/fts5.html, 3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from storage.browse.paging import patience
from storage.database import Store

FEW = 2000  # found rows that are looked up one by one; a commoner word is met soon on the way from the newest row on
SHORTEST_BEGINNING = 3  # a shorter one begins so many words that looking for them all takes long
NOTHING = '""'
_PIECE = re.compile(r'"([^"]*)"|([^\s"]+)')


def match_of(text: str) -> str:
    """The FTS5 query for a typed text: none for no text, and NOTHING for one that cannot be found, as "%" is."""
    pieces = [(quoted or word, bool(word)) for quoted, word in _PIECE.findall(text.replace("\0", " "))]
    phrases = [(piece, is_word) for piece, is_word in pieces if any(map(str.isalnum, piece))]
    if not phrases:
        return NOTHING if text.strip() else ""
    last, is_word = phrases[-1]
    beginning = "*" if is_word and len(last) >= SHORTEST_BEGINNING and not text[-1:].isspace() else ""
    return " AND ".join(f'"{piece}"' for piece, _ in phrases) + beginning


def few_rows(store: Store, index: str, match: str) -> list[int] | None:
    """The ids of the rows of a full-text index that match, or None where they are many."""
    with patience(store):
        rows = store.rows(f"SELECT rowid FROM {index} WHERE {index} MATCH ? LIMIT {FEW + 1}", [match])
    return None if len(rows) > FEW else [row["rowid"] for row in rows]


def few_pairs(store: Store, match: str) -> list[int] | None:
    """The ids of the pairs with a match in their prompt or an answer, or None where they may be many."""
    prompts, answers = few_rows(store, "prompts_text", match), few_rows(store, "completions_text", match)
    if prompts is None or answers is None:
        return None
    rows = store.rows(
        "SELECT pair_id FROM json_each(:prompts) CROSS JOIN pairs ON prompt_id = value"
        " UNION SELECT r.pair_id FROM json_each(:answers) CROSS JOIN completions c ON c.completion_id = value"
        " CROSS JOIN pairs r ON r.prompt_id = c.prompt_id AND c.completion_id IN (r.completion_a, r.completion_b)",
        {"prompts": json.dumps(prompts), "answers": json.dumps(answers)},
    )
    return [row["pair_id"] for row in rows]


def condition(key: str, few: Sequence[int] | None, places: dict[str, str]) -> str:
    """The condition that a row's text matches: its `key` is one of a few, or one of its `places`, an index's name by
    the column that holds its rowid, is among the matches of `:match`.
    """
    if few is not None:
        return f"{key} IN (SELECT value FROM json_each('{json.dumps(list(few))}'))"
    either = (f"{column} IN (SELECT rowid FROM {index} WHERE {index} MATCH :match)" for column, index in places.items())
    return f"({' OR '.join(either)})"
