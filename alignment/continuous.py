"""Continuous mode: a round starts by itself every so many new votes, and is promoted only through the gate.

What happens next is decided from the database alone, so that a worker that was stopped at any moment goes on where it
was: `decide` says what, `step` does it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from alignment import rounds
from alignment.config import load_round_recipe
from storage import continuous, registry
from storage import rounds as round_rows
from storage.database import Store
from storage.errors import UserError
from storage.gate import passes
from storage.records import ContinuousRun, Round

ACTOR = "continuous"
VAIN_ROUNDS = 2  # in a row without a significant gain, after which it stops

log = logging.getLogger("plumbline.continuous")


@dataclass(frozen=True)
class Past:
    """A round that began, or ended, since the mode was switched on.

    `own`: the mode started it. `better`: its candidate passes the gate. `in_place`: its parent has been the promoted
    model ever since it began, so that its candidate may take that place.
    """

    round_id: int
    status: str
    own: bool
    better: bool = False
    in_place: bool = False
    error: str | None = None


@dataclass(frozen=True)
class Decision:
    """What to do next; `why` is a clause that goes behind a colon."""

    deed: Literal["wait", "start", "promote", "stop"]
    why: str


def switch_on(store: Store, every: int, settings: dict[str, Any], actor: str) -> None:
    """Let rounds by these settings, `method` among them, start every so many new votes.

    Raises UserError, and changes nothing, when it is on, a setting is wrong or the number is none.
    """
    load_round_recipe(settings)
    continuous.switch_on(store, every, settings, actor)


def decide(every: int, new_votes: int, at_work: int | None, past: Sequence[Past]) -> Decision:
    """What a mode that is on does next.

    `new_votes` have come since the newest round at work or done began, `at_work` is the round_id of one at work,
    whoever started it, and `past` are the rounds since the mode was switched on, oldest first.
    """
    newest = past[-1] if past else None
    if newest is not None and newest.status in ("failed", "cancelled"):
        was = "failed" if newest.status == "failed" else "was cancelled"
        return Decision("stop", f"round {newest.round_id} {was}{_because(newest.error)}.")
    if newest is not None and newest.own and newest.status == "done" and newest.better and newest.in_place:
        return Decision("promote", f"round {newest.round_id} made a better model, which is about to be promoted.")
    own = [this for this in past if this.own and this.status == "done"][-VAIN_ROUNDS:]
    if len(own) == VAIN_ROUNDS and not any(this.better for this in own):
        which = " and ".join(str(this.round_id) for this in own)
        return Decision("stop", f"rounds {which} brought no significant gain, for no lower bound is above one half.")
    if at_work is not None:
        return Decision("wait", f"round {at_work} is at work, and the next one begins only after it.")
    if new_votes < every:
        return Decision("wait", f"{new_votes} of {every} new votes are in, so it waits for {every - new_votes} more.")
    return Decision("start", f"{new_votes} new votes are in, so a round is about to start.")


def next_of(store: Store, run: ContinuousRun) -> Decision:
    """`decide` for the store as it stands; a round that is due, but would be refused, is waited with."""
    at_work = round_rows.running(store)
    votes = continuous.votes_in(store, run)
    decision = decide(run.every, votes, at_work.round_id if at_work else None, past_of(store, run))
    if decision.deed != "start":
        return decision
    try:
        rounds.check_start(store, run.recipe)
    except UserError as error:
        return Decision("wait", f"a round is due, but cannot begin yet. {error}")
    return decision


def past_of(store: Store, run: ContinuousRun) -> list[Past]:
    """The rounds that began, or ended, since the mode was switched on, oldest first."""
    promotion = store.row("SELECT model_id, created_at FROM promotions ORDER BY promotion_id DESC LIMIT 1")

    def past(this: Round) -> Past:
        found = round_rows.candidate_of(store, this) if this.status == "done" else None
        in_place = (
            promotion is not None
            and promotion["model_id"] == this.parent_id
            and promotion["created_at"] < this.created_at
        )
        own = this.continuous_id == run.continuous_id
        return Past(
            this.round_id, this.status, own, found is not None and passes(store, found[1]), in_place, this.error
        )

    return [past(this) for this in round_rows.since(store, run.created_at)]


def step(store: Store) -> None:
    """Do what is next, if the mode is on. A deed that somebody came before is left to them."""
    run = continuous.running(store)
    if run is None:
        return
    decision = next_of(store, run)
    try:
        if decision.deed == "stop":
            continuous.stop(store, run, decision.why)
        elif decision.deed == "promote":
            _promote(store, past_of(store, run)[-1].round_id)
        elif decision.deed == "start":
            settings = dict(run.recipe)
            rounds.start(store, settings.pop("method", "dpo"), settings, ACTOR, run.continuous_id)
    except UserError as error:
        log.warning("continuous mode: %s", error)
        return
    if decision.deed != "wait":
        log.info("continuous mode: %s", decision.why)


def said(store: Store) -> str:
    """How the mode stands, in a sentence: off, why it waits, what it is about to do, or why it has stopped."""
    run = continuous.newest(store)
    if run is None:
        return "Continuous mode is off."
    if run.reason is not None:
        return f"Continuous mode {'has stopped' if run.ended_by is None else 'is off'}: {run.reason}"
    decision = next_of(store, run)
    return f"Continuous mode {'is about to stop' if decision.deed == 'stop' else 'is on'}: {decision.why}"


def _promote(store: Store, round_id: int) -> None:
    this = round_rows.get(store, round_id)
    assert this.candidate_id is not None  # a better model is one
    registry.promote(store, registry.get(store, this.candidate_id).name, ACTOR, over=this.parent_id)


def _because(error: str | None) -> str:
    return f" ({error.rstrip('.')})" if error else ""
