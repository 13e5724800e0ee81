"""Pairs and sets of answers in one queue: what a labeler decides on next, and what they decided last, taken back."""

from __future__ import annotations

from collections.abc import Sequence

from labeling import ranking, session
from storage import answer_sets, labels, rankings
from storage.database import MOST_ID, Store
from storage.project import project
from storage.records import SetShowing, Showing


def serve(
    store: Store, labeler: str, count: int = 1, holding: Sequence[int] = (), checked: bool = True
) -> tuple[list[Showing], list[SetShowing]]:
    """Up to `count` pairs and sets in all. Of which the project has more written come first, the others after them.

    `holding` lists the showings already in the browser. Two empty lists mean that nothing waits. With `checked` there
    is nothing for a labeler who is paused, and among the pairs are some to see how a labeler does.
    """
    if project(store).answers > 2:
        sets = ranking.serve(store, labeler, count, holding)
        left = count - len(sets)
        return session.serve(store, labeler, left, holding, checked) if left else [], sets
    pairs = session.serve(store, labeler, count, holding, checked)
    return pairs, ranking.serve(store, labeler, count - len(pairs), holding) if len(pairs) < count else []


def undo(store: Store, labeler: str, client_key: str, showing_id: int | None = None) -> Showing | SetShowing | None:
    """Take back the labeler's last standing decision, or the one on a showing, and return what is open again.

    None when there is nothing to take back. The same `client_key` again takes back no second one.
    """
    session.check_client_key(client_key, "vote")
    db = store.db()
    if showing_id is not None:
        known = type(showing_id) is int and abs(showing_id) <= MOST_ID
        of_a_set = known and answer_sets.is_showing(db, showing_id, labeler)
    else:
        of_a_set = _last_was_a_set(store, labeler, client_key)
    return (ranking if of_a_set else session).undo(store, labeler, client_key, showing_id)


def _last_was_a_set(store: Store, labeler: str, client_key: str) -> bool:
    db = store.db()
    if rankings.undone_by(db, labeler, client_key) is not None:
        return True
    if labels.undone_by(db, labeler, client_key) is not None:
        return False
    ranked, voted = rankings.last_standing(db, labeler), labels.last_standing(db, labeler)
    return ranked is not None and (voted is None or ranked["created_at"] > voted["created_at"])
