"""A labeler's session: serve a pair, take a vote, take it back. One code path for people, programs and simulations."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from sqlite_utils import Database

from labeling import attention, checks, pairing, shuffle
from labeling.details import check_flag
from labeling.leaks import leaks
from storage import edits, labels, pair_queue
from storage.database import MOST_ID, Store
from storage.details import NOTHING, insert_details, turned
from storage.errors import UserError
from storage.identity_leaks import insert_identity_leaks
from storage.project import project
from storage.prompts import CHAT_SOURCE, NewPrompt, insert_prompts, split_of_chat
from storage.records import Details, Message, NewCompletion, Progress, Showing, Vote
from storage.relabels import why_again

TO_SHOWN = {"a": "left", "b": "right"}
FLIP = {"left": "right", "right": "left", "a": "b", "b": "a"}


def serve(
    store: Store, labeler: str, count: int = 1, holding: Sequence[int] = (), checked: bool = True
) -> list[Showing]:
    """Up to `count` showings for this labeler: open ones their page does not hold, then new ones.

    `holding` lists the showings already in the browser. An empty list means that no pair waits. Sides and order are
    drawn by lot (`labeling.shuffle`). With `checked`, a labeler who is paused gets none, and known verdicts and repeats
    are mixed in (`labeling.checks`).
    """
    seed, settings = shuffle.seed_of(store), project(store)
    with store.write() as db:
        if checked and attention.standing(db, labeler).state == "paused":
            return []
        calibration = checks.calibration_left(db, labeler, settings.calibration) if checked else []
        chosen = calibration or pairing.next_pairs(db, labeler, count, holding, shuffle.salt(seed, labeler))
        shown: list[int] = []
        for one in chosen[:count]:
            instead = checks.due(db, labeler, seed, settings) if checked and _is_new(one) else None
            shown.append(_shown_as(db, labeler, instead or one, seed))
    return [_showing(store, showing_id, labeler) for showing_id in shown]


def vote(
    store: Store,
    labeler: str,
    showing_id: int,
    verdict: str,
    strength: int = 0,
    client_key: str = "",
    seconds: float | None = None,
    amend: bool = False,
    details: Details = NOTHING,
) -> Vote:
    """Record a vote on a showing; it is on disk when this returns.

    `verdict` is as shown: left, right, tie, both_bad or skip; `strength` is 1 (barely) to 4 (far) for left and
    right, else 0. The same `client_key` again, or a second click on an answered showing, is the vote that stands
    (`duplicate`), unless `amend` says that it is a change of mind, or the pair was asked for again: then it supersedes
    that vote, `details` included.
    Raises UserError for anything that is not a vote on one of this labeler's showings.
    """
    check_vote(verdict, strength, client_key, seconds)
    check_showing_id(showing_id)
    check_flag(verdict, details)
    with store.write() as db:
        return cast(db, labeler, showing_id, verdict, strength, client_key, seconds, amend, details)


def cast(
    db: Database,
    labeler: str,
    showing_id: int,
    verdict: str,
    strength: int,
    client_key: str,
    seconds: float | None,
    amend: bool,
    details: Details,
) -> Vote:
    """`vote` inside the caller's transaction, of what is checked already."""
    showing = labels.showing_of(db, showing_id, labeler)
    flipped = bool(showing["flipped"])
    known = labels.by_client_key(db, showing_id, client_key)
    stands = labels.standing(db, showing_id)
    answered = stands is not None and stands["verdict"] != "withdrawn"
    again = amend or pair_queue.is_held(db, showing_id)
    found = known or (stands if answered and not again else None)
    if found is not None:
        return Vote(found["preference_id"], showing_id, _shown(found["verdict"], flipped), found["strength"], True)
    preference_id = labels.insert_preference(
        db,
        showing_id,
        client_key,
        _stored(verdict, flipped),
        strength,
        seconds,
        stands["preference_id"] if stands else None,
    )
    if stands is not None:
        edits.take_back(db, stands["preference_id"], client_key)
    insert_details(db, preference_id, turned(details, flipped))
    if showing["purpose"] in ("queue", "gold", "repeat"):
        attention.after_vote(db, labeler)
    return Vote(preference_id, showing_id, verdict, strength, False)


def what_is_known(store: Store, vote: Vote) -> dict[str, Any] | None:
    """After a vote of the calibration set: the known verdict, as shown, whether the vote agrees with it, and why.

    None for any other vote, so that gold pairs stay silent.
    """
    row = store.row(
        "SELECT g.verdict, g.why, s.flipped FROM showings s JOIN current_gold g USING (pair_id)"
        " WHERE s.showing_id = ? AND s.purpose = 'calibration'",
        [vote.showing_id],
    )
    if row is None or vote.verdict == "skip":
        return None
    verdict = _shown(row["verdict"], bool(row["flipped"]))
    return {"verdict": verdict, "agreed": verdict == vote.verdict, "why": row["why"]}


def undo(store: Store, labeler: str, client_key: str, showing_id: int | None = None) -> Showing | None:
    """Take back the labeler's last standing vote, or the one on `showing_id`, and return its showing, open again.

    None when there is nothing to take back. The same `client_key` again takes back no second vote.
    """
    check_client_key(client_key, "vote")
    if showing_id is not None:
        check_showing_id(showing_id)
    with store.write() as db:
        if showing_id is None:
            last = labels.last_standing(db, labeler)
            showing_id = labels.undone_by(db, labeler, client_key) or (last["showing_id"] if last else None)
        if showing_id is None:
            return None
        labels.showing_of(db, showing_id, labeler)
        stands = labels.standing(db, showing_id)
        if stands is None:
            return None
        if labels.by_client_key(db, showing_id, client_key) is None and stands["verdict"] != "withdrawn":
            labels.insert_preference(db, showing_id, client_key, "withdrawn", 0, None, stands["preference_id"])
            edits.take_back(db, stands["preference_id"], client_key)
            labels.reopen(db, showing_id)
    return _showing(store, showing_id, labeler)


def progress(store: Store, labeler: str) -> Progress:
    """Votes to learn from since the last round's snapshot, and this labeler's pace (median seconds of the last 50)."""
    pace = store.rows(  # CROSS JOIN: from the labeler's newest showing on, and no further than it takes
        "SELECT p.seconds FROM showings s CROSS JOIN current_preferences p USING (showing_id)"
        " WHERE s.labeler = ? AND p.seconds IS NOT NULL ORDER BY s.shown_at DESC LIMIT 50",
        [labeler],
    )
    seconds = median(r["seconds"] for r in pace) if pace else None
    return Progress(labels.new_votes(store), labels.GOOD_ROUND, seconds)


def record_chat_pair(
    store: Store,
    labeler: str,
    messages: Sequence[Message],
    answers: tuple[tuple[int, str], tuple[int, str]],
    sampling: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
) -> Showing:
    """Turn two answers to one conversation into a pair and show it to the labeler in the order given.

    A conversation that is nearly a held-out prompt is held out too; models learn from all others. `answers` are
    (model_id, text), left then right, and `sampling` is how each was drawn. Raises UserError when they are empty or
    the same.
    """
    texts = [text.strip() for _, text in answers]
    if not all(texts) or texts[0] == texts[1]:
        raise UserError("The two answers are empty or the same, so there is nothing to compare: ask again.")
    with store.write() as db:
        (prompt_id,) = insert_prompts(db, [NewPrompt(tuple(messages), CHAT_SOURCE, split_of_chat(db, messages))])
        ids = labels.insert_completions(
            db,
            [
                NewCompletion(prompt_id, text, model_id=model_id, sampling=drawn)
                for (model_id, text), drawn in zip(answers, sampling, strict=True)
            ],
        )
        pair_id = labels.insert_pair(db, prompt_id, ids[0], ids[1], "chat")
        showing_id = labels.insert_showing(db, pair_id, labeler, flipped=False)
    return _showing(store, showing_id, labeler)


def check_client_key(client_key: str, of: str) -> None:
    """Raise UserError for what cannot tell a retry from another decision; `of` is what carries the key."""
    if not isinstance(client_key, str) or not 1 <= len(client_key) <= 200 or not client_key.isprintable():
        raise UserError(f"A {of} carries a client_key of 1 to 200 printable characters, made anew for every decision.")


def _is_new(chosen: pairing.Next) -> bool:
    return chosen.showing_id is None and chosen.purpose == "queue"


def _shown_as(db: Database, labeler: str, chosen: pairing.Next, seed: str) -> int:
    """The showing in which the labeler gets this pair; it holds its place from now on."""
    showing_id = chosen.showing_id
    if showing_id is None:
        by_lot = shuffle.side(seed, labeler, chosen.pair_id)
        flipped = by_lot if chosen.flipped is None else chosen.flipped
        showing_id = labels.insert_showing(db, chosen.pair_id, labeler, flipped, chosen.purpose)
        if chosen.purpose != "calibration":
            pair_queue.count_turn(db, labeler)
    pair_queue.hold(db, showing_id, deliberate=chosen.purpose != "queue")
    return showing_id


def _showing(store: Store, showing_id: int, labeler: str) -> Showing:
    """What is on a showing. Not inside a transaction: a long answer takes milliseconds to be looked through."""
    db = store.db()
    row = labels.showing_of(db, showing_id, labeler)
    texts = labels.pair_texts(db, row["pair_id"])
    sides = ("b", "a") if row["flipped"] else ("a", "b")
    left, right = (texts[side] for side in sides)
    found = leaks_of(store, {texts[f"completion_{side}"]: texts[side] for side in sides})
    leaking = tuple(shown for shown, said in zip(("left", "right"), found, strict=True) if said)
    return Showing(
        showing_id, row["pair_id"], tuple(texts["messages"]), left, right, leaking, why_again(db, showing_id)
    )


def leaks_of(store: Store, answers: dict[int, str]) -> list[list[str]]:
    """What in each of the answers, by completion_id, names its model; it is kept for the researcher."""
    names = [model["name"] for model in store.rows("SELECT name FROM models")]
    found = [leaks(text, names) for text in answers.values()]
    if any(found):
        with store.write() as db:
            for completion_id, phrases in zip(answers, found, strict=True):
                insert_identity_leaks(db, completion_id, phrases)
    return found


def check_vote(verdict: str, strength: int, client_key: str, seconds: float | None) -> None:
    """Raise UserError for what is no vote, as shown."""
    if verdict not in ("left", "right", "tie", "both_bad", "skip"):
        raise UserError(f"{verdict!r} is not a verdict: take left, right, tie, both_bad or skip.")
    wants_strength = verdict in ("left", "right")
    if not isinstance(strength, int) or not (1 <= strength <= 4 if wants_strength else strength == 0):
        allowed = "1 to 4" if wants_strength else "0"
        raise UserError(f"The strength of {verdict} is {allowed}, not {strength!r}.")
    check_client_key(client_key, "vote")
    if seconds is not None and not (isinstance(seconds, (int, float)) and 0 <= seconds < 1e7):
        raise UserError(f"The seconds of a vote are a number from 0 on, not {seconds!r}.")


def check_showing_id(showing_id: int) -> None:
    """Raise UserError for what can name no showing."""
    if not isinstance(showing_id, int) or abs(showing_id) > MOST_ID:
        raise UserError(f"A showing is named by its whole number, not by {showing_id!r}.")


def _stored(verdict: str, flipped: bool) -> str:
    side = {"left": "a", "right": "b"}.get(verdict, verdict)
    return FLIP.get(side, side) if flipped else side


def _shown(verdict: str, flipped: bool) -> str:
    side = FLIP.get(verdict, verdict) if flipped else verdict
    return TO_SHOWN.get(side, side)
