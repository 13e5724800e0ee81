"""Best of n in chat: how many answers to choose from, which reward model picks, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labeling.ui.actions import Actions
from storage.errors import UserError
from storage.records import Model, Picking

CHOICES = [("One answer", 1), ("Best of 4 answers", 4), ("Best of 8 answers", 8)]
MOST = 16  # answers to a message: a person waits for all of them


def pickings(actions: Actions, models: Sequence[Model], best_of: int) -> list[Picking | None]:
    """How each of these models' answers is picked; None where it is the only one.

    Raises UserError for a number out of range, and where no reward model can pick.
    """
    if isinstance(best_of, bool) or not isinstance(best_of, int) or not 1 <= best_of <= MOST:
        raise UserError(f"The best is picked of a whole number of answers from 1 to {MOST}, and not of {best_of!r}.")
    return [Picking(best_of, actions.picker(model)) if best_of > 1 else None for model in models]


def meaning(picked: Sequence[Picking | None]) -> str:
    """What picking does, in a sentence; nothing where nothing is picked."""
    known = [one for one in picked if one is not None]
    if not known:
        return ""
    each = " by each model" if len(known) > 1 else ""
    names = " or ".join(dict.fromkeys(one.reward_model.name for one in known))
    return (
        f"{known[0].best_of} answers are written{each}, and the one that the reward model {names} scores highest is "
        "shown, once all are there."
    )


def origin(drawn: dict[str, Any], of: str = "") -> str:
    """How an answer was picked by the record of its sampling, as in "the best of 4 by round-1-reward"; nothing where
    it was not picked. With `of`, whose answers they were."""
    if "best_of" not in drawn:
        return ""
    return f"the best of {drawn['best_of']}{f' of {of}' if of else ''} by {drawn['reward_model']}"
