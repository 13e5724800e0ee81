"""What was read from a file becomes rows of the store, each once.

An imported preference takes the same rows as a vote: two completions, a pair, a showing and the preference. Where the
file tells nothing of sides, a hash decides which answer is a and which was on the left, so that neither tells the
verdict. Several labelers' votes on the same two answers are votes on one pair, so that their agreement can be told.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from storage import ratings
from storage.database import now
from storage.details import NOTHING
from storage.exchange.rows import Rows
from storage.exchange.shapes import (
    IMPORTED,
    PREFIX,
    PreferenceRow,
    PromptRow,
    RatingRow,
    Shape,
    labeler_of,
    name_in_file,
)
from storage.former import known_as
from storage.prompts import NewPrompt, Side, insert_prompts, newest_id

Pairs = dict[tuple[int, str, str], dict[int, set[str | None]]]  # by prompt and texts: the pairs, and who has voted

# From the prompts on, and no further than it takes: other orders read all pairs, or all votes.
PAIRS = """
SELECT x.prompt_id, x.text AS a, y.text AS b, r.pair_id, r.source, s.labeler, p.verdict
FROM json_each(?) j CROSS JOIN completions x ON x.prompt_id = j.value
CROSS JOIN pairs r ON r.completion_a = x.completion_id CROSS JOIN completions y ON y.completion_id = r.completion_b
LEFT JOIN showings s ON s.pair_id = r.pair_id
LEFT JOIN preferences p ON p.showing_id = s.showing_id
    AND NOT EXISTS (SELECT 1 FROM preferences later WHERE later.supersedes = p.preference_id)
"""
RATINGS = f"SELECT c.prompt_id, c.text, r.thumb, r.labeler {ratings.STANDING}" + (
    "WHERE c.prompt_id IN (SELECT value FROM json_each(?))"
)
DEMONSTRATIONS = """
SELECT prompt_id, labeler, text FROM demonstrations
WHERE text IS NOT NULL AND prompt_id IN (SELECT value FROM json_each(?))
"""


class Inserter:
    """The inserts of one import, batch by batch. `planned` are the sides of its prompts.

    A file may say the same thing twice, as two people may; so what it says is counted, and the second time is known
    only if it stands here twice.
    """

    def __init__(self, planned: Mapping[str, Side], merges_labelers: bool = False) -> None:
        self._planned = planned
        self._merges_labelers = merges_labelers
        self._met: Counter[bytes] = Counter()
        self._users: set[str] = set()

    def insert(self, db: Database, shapes: Sequence[Shape]) -> int:
        """Insert what is not there yet, inside the caller's transaction; returns how many that were."""
        before = newest_id(db)
        prompt_ids = insert_prompts(db, [NewPrompt(shape.prompt, IMPORTED) for shape in shapes], self._planned)
        if isinstance(shapes[0], PromptRow):
            return len({prompt_id for prompt_id in prompt_ids if prompt_id > before})
        called = self._called(db)
        items = [(id, self._named(shape, called)) for id, shape in zip(prompt_ids, shapes, strict=True)]
        if isinstance(shapes[0], PreferenceRow):
            return self._preferences(db, items)
        if isinstance(shapes[0], RatingRow):
            return self._ratings(db, items)
        return self._demonstrations(db, items)

    def _named(self, shape: Any, called: Callable[[str], str]) -> Any:
        if shape.labeler is None:
            return shape
        labeler = None if self._merges_labelers else called(shape.labeler)
        return shape if labeler == shape.labeler else replace(shape, labeler=labeler)

    def _called(self, db: Database) -> Callable[[str], str]:
        """What a file's name is to be called: who was removed, here or as a file's labeler, keeps their pseudonym."""
        known = known_as(db)

        def called(name: str) -> str:
            plain = name_in_file(name) or IMPORTED
            found = known(plain)
            return known(labeler_of(plain)).removeprefix(PREFIX) if found == plain else found

        return called

    def _preferences(self, db: Database, items: Sequence[tuple[int, Any]]) -> int:
        standing: Counter[bytes] = Counter()
        pairs: Pairs = defaultdict(dict)
        for row in db.query(PAIRS, [_ids(items)]):
            if row["source"] == IMPORTED:
                pairs[row["prompt_id"], row["a"], row["b"]].setdefault(row["pair_id"], set()).add(row["labeler"])
            if row["verdict"] not in (None, "withdrawn"):
                content = _said(row["prompt_id"], row["a"], row["b"], row["verdict"])
                standing.update({*_keys(content, name_in_file(row["labeler"]))})
        rows, imported = Rows(db), 0
        for prompt_id, item in items:
            if not self._is_known(standing, _said(prompt_id, item.a, item.b, item.verdict), item.labeler):
                self._preference(rows, prompt_id, item, self._user(db, item.labeler), pairs)
                imported += 1
        rows.insert()
        return imported

    def _preference(self, rows: Rows, prompt_id: int, item: PreferenceRow, labeler: str, pairs: Pairs) -> None:
        digest = hashlib.sha256(f"{item.prompt[-1]['content']}\0{item.chosen}\0{item.rejected}".encode())
        flipped = item.flipped
        if flipped is None:
            flipped = bool(digest.digest()[0] & 2)
            item = item if digest.digest()[0] & 1 else item.turned()
        pair_id = None if item.is_repeat else _without(pairs[prompt_id, item.a, item.b], labeler)
        if pair_id is None and not item.is_repeat:
            pair_id = _without(pairs[prompt_id, item.b, item.a], labeler)
            if pair_id is not None:
                item, flipped = item.turned(), not flipped
        if pair_id is None:
            a = rows.completion(prompt_id, item.a, item.model_a)
            b = rows.completion(prompt_id, item.b, item.model_b)
            pair_id = rows.pair(prompt_id, a, b, "repeat" if item.is_repeat else IMPORTED)
        if not item.is_repeat:
            pairs[prompt_id, item.a, item.b].setdefault(pair_id, set()).add(labeler)
        details = None if item.details == NOTHING else item.details
        key = f"import-{digest.hexdigest()}"
        rows.vote(pair_id, labeler, flipped, key, item.verdict, item.strength, item.seconds, details)

    def _ratings(self, db: Database, items: Sequence[tuple[int, Any]]) -> int:
        standing: Counter[bytes] = Counter()
        for row in db.query(RATINGS, [_ids(items)]):
            content = (row["prompt_id"], row["text"], row["thumb"])
            standing.update({*_keys(content, name_in_file(row["labeler"]))})
        rows, imported = Rows(db), 0
        for prompt_id, item in items:
            thumb = "up" if item.label else "down"
            if not self._is_known(standing, (prompt_id, item.answer, thumb), item.labeler):
                completion_id = rows.completion(prompt_id, item.answer, item.model)
                rows.rating(completion_id, self._user(db, item.labeler), thumb, IMPORTED)
                imported += 1
        rows.insert()
        return imported

    def _demonstrations(self, db: Database, items: Sequence[tuple[int, Any]]) -> int:
        """One that is there is known even where a newer one stands in its place: else the two would change for ever."""
        found = db.query(DEMONSTRATIONS, [_ids(items)])
        there = {(row["prompt_id"], labeler_of(name_in_file(row["labeler"])), row["text"]) for row in found}
        rows, imported = Rows(db), 0
        for prompt_id, item in items:
            key = (prompt_id, labeler_of(item.labeler), item.answer)
            if key not in there:
                there.add(key)
                rows.demonstration(prompt_id, self._user(db, item.labeler), item.answer)
                imported += 1
        rows.insert()
        return imported

    def _is_known(self, standing: Counter[bytes], content: tuple[Any, ...], name: str | None) -> bool:
        """Whether this stands as often as the file has said it by now; if not, it is about to stand once more.

        By a labeler with a name it is known if that labeler says so, without one if anybody does.
        """
        name = name_in_file(name)
        by_anybody, by_name = _keys(content, name)
        key = by_anybody if name is None else by_name
        is_known = standing[key] > self._met[key]
        self._met.update({by_anybody, by_name})
        if not is_known:
            standing.update({by_anybody, by_name})
        return is_known

    def _user(self, db: Database, name: str | None) -> str:
        labeler = labeler_of(name)
        if labeler not in self._users:
            db.execute(
                "INSERT INTO users (name, role, created_at) VALUES (?, 'labeler', ?) ON CONFLICT (name) DO NOTHING",
                [labeler, now()],
            )
            self._users.add(labeler)
        return labeler


def _ids(items: Sequence[tuple[int, Any]]) -> str:
    return json.dumps(sorted({prompt_id for prompt_id, _ in items}))


def _said(prompt_id: int, a: str, b: str, verdict: str) -> tuple[Any, ...]:
    """What a vote says, whichever answer is called a: the better one first, or both in the order of their texts.

    How much better, and whether two are equally bad, is left aside: a file on its way through a format that has no
    place for that says the same again.
    """
    if verdict in ("a", "b"):
        return (prompt_id, *((a, b) if verdict == "a" else (b, a)), "better")
    return (prompt_id, *sorted((a, b)), "skip" if verdict == "skip" else "even")


def _keys(content: tuple[Any, ...], name: str | None) -> tuple[bytes, bytes]:
    """Short names for what is said, and for what is said by this labeler; one where nobody is named.

    No text of a file holds a NUL.
    """
    digest = hashlib.blake2b("\0".join(map(str, content)).encode("utf-8"), digest_size=16)
    by_anybody = digest.digest()
    digest.update(b"" if name is None else f"\0{name}".encode())
    return by_anybody, digest.digest()


def _without(pairs: dict[int, set[str | None]], labeler: str) -> int | None:
    """A pair that this labeler has no vote on yet."""
    return next((pair_id for pair_id, voters in pairs.items() if labeler not in voters), None)
