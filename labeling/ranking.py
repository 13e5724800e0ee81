"""Ranking several answers at once: serve a set, take its ranking, take it back. One code path for people and programs.

It is `labeling.session` for sets of 3 to 8 answers: the same keys, the same changes of mind, the same queue.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from labeling import attention, session, shuffle
from storage import answer_sets, rankings
from storage.database import Store
from storage.details import NOTHING
from storage.errors import UserError
from storage.records import Details, Ranking, SetShowing

VERDICTS = ("ranked", "all_bad", "skip")


def serve(store: Store, labeler: str, count: int = 1, holding: Sequence[int] = ()) -> list[SetShowing]:
    """Up to `count` sets for this labeler: open ones their page does not hold, then new ones, in an order drawn by lot.

    `holding` lists the showings already in the browser. An empty list means that no set waits.
    """
    seed = shuffle.seed_of(store)
    with store.write() as db:
        if attention.standing(db, labeler).state == "paused":
            return []
        shown = []
        for set_id in answer_sets.next_sets(db, labeler, count, holding, shuffle.salt(seed, labeler)):
            order = shuffle.arrangement(seed, labeler, set_id, len(answer_sets.answers_of(db, set_id)))
            shown.append(answer_sets.show(db, set_id, labeler, order))
    return [_showing(store, showing_id, labeler) for showing_id in shown]


def rank(
    store: Store,
    labeler: str,
    showing_id: int,
    ranks: Sequence[int] = (),
    verdict: str = "ranked",
    client_key: str = "",
    seconds: float | None = None,
    amend: bool = False,
    details: Details = NOTHING,
) -> Ranking:
    """Record a ranking; it is on disk, with a vote for every two answers, when this returns.

    `ranks` are of the answers as shown, 1 for the best; those that tie share one, and the next has the next number.
    `verdict` is ranked, or without ranks all_bad or skip. The same `client_key` again, or a second ranking of a set
    that is ranked, is the one that stands (`duplicate`), unless `amend` says that it is a change of mind.
    Raises UserError for anything that is no ranking of one of this labeler's showings.
    """
    session.check_vote("skip", 0, client_key, seconds)
    session.check_showing_id(showing_id)
    side = partial(shuffle.side, shuffle.seed_of(store), labeler)
    with store.write() as db:
        showing = answer_sets.showing_of(db, showing_id, labeler)
        order = showing["arrangement"]
        _check(verdict, ranks, len(order), details)
        known = rankings.by_client_key(db, showing_id, client_key)
        stands = rankings.standing(db, showing_id)
        answered = stands is not None and stands["verdict"] != "withdrawn"
        found = known or (stands if answered and not amend else None)
        if found is not None:
            return Ranking(found["ranking_id"], showing_id, found["verdict"], as_shown(found["ranks"], order), True)
        own = [0] * len(ranks)
        for place, given in zip(order, ranks, strict=False):
            own[place] = given
        supersedes = stands["ranking_id"] if stands else None
        ranking_id = rankings.insert_ranking(db, showing, client_key, verdict, own, seconds, details, supersedes, side)
        answer_sets.answered(db, showing_id)
    return Ranking(ranking_id, showing_id, verdict, tuple(ranks), False)


def undo(store: Store, labeler: str, client_key: str, showing_id: int | None = None) -> SetShowing | None:
    """Take back the labeler's last standing ranking, or that of a showing, and return its set, open again.

    None when there is nothing to take back. The same `client_key` again takes back no second one.
    """
    session.check_client_key(client_key, "vote")
    side = partial(shuffle.side, shuffle.seed_of(store), labeler)
    with store.write() as db:
        if showing_id is None:
            last = rankings.last_standing(db, labeler)
            showing_id = rankings.undone_by(db, labeler, client_key) or (last["showing_id"] if last else None)
        if showing_id is None:
            return None
        showing = answer_sets.showing_of(db, showing_id, labeler)
        stands = rankings.standing(db, showing_id)
        if stands is None:
            return None
        if rankings.by_client_key(db, showing_id, client_key) is None and stands["verdict"] != "withdrawn":
            before = stands["ranking_id"]
            rankings.insert_ranking(db, showing, client_key, "withdrawn", (), None, NOTHING, before, side)
            answer_sets.answered(db, showing_id)
            answer_sets.hold(db, showing_id)
    return _showing(store, showing_id, labeler)


def as_shown(ranks: str, arrangement: Sequence[int]) -> tuple[int, ...]:
    """Stored ranks in the order shown; none where there are none."""
    own = json.loads(ranks)
    return tuple(own[place] for place in arrangement) if own else ()


def _showing(store: Store, showing_id: int, labeler: str) -> SetShowing:
    db = store.db()
    row = answer_sets.showing_of(db, showing_id, labeler)
    own = answer_sets.answers_of(db, row["set_id"])
    shown = [own[place] for place in row["arrangement"]]
    found = session.leaks_of(store, {answer["completion_id"]: answer["text"] for answer in shown})
    leaking = tuple(place for place, said in enumerate(found) if said)
    texts = tuple(answer["text"] for answer in shown)
    return SetShowing(showing_id, row["set_id"], tuple(row["messages"]), texts, leaking)


def _check(verdict: Any, ranks: Any, count: int, details: Details) -> None:
    if verdict not in VERDICTS:
        raise UserError(f"{verdict!r} is not what a set can be: take {', '.join(VERDICTS)}.")
    if not isinstance(ranks, (list, tuple)) or not all(type(rank) is int for rank in ranks):
        raise UserError("The ranks of a ranking are whole numbers, one for each answer.")
    if verdict != "ranked" and ranks:
        raise UserError(f"A set that is {verdict} has no ranks.")
    if verdict == "ranked" and (len(ranks) != count or sorted(set(ranks)) != list(range(1, len(set(ranks)) + 1))):
        raise UserError(
            f"A ranking of {count} answers gives each a rank from 1 on and leaves none out, as in "
            f"{[1, 2, *([3] * (count - 2))]}."
        )
    if details.flagged and verdict != "skip":
        raise UserError(f"A flagged set is skipped, and {verdict} judges its answers: flag it, or rank it.")
    if details.ratings:
        raise UserError("Ratings by criterion are of the two answers of a pair, not of a set.")
