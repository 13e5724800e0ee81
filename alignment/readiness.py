"""What a round needs before it may start: enough votes, of both kinds and on both folds, and held-out prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from alignment.config import RoundRecipe, nearest
from storage import prompts, ratings, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.lineage import labelers

MIN_DECISIVE = 24  # votes for one side, over all prompts
MIN_A_FOLD = 4  # of these, on the prompts of each fold


def check_ready(store: Store, recipe: RoundRecipe) -> None:
    """Raise UserError when a round of this recipe cannot start on the votes as they stand."""
    check_excluded(store, recipe.exclude_labelers)
    check_labels(store, recipe.exclude_labelers)
    if recipe.method == "kto":
        _check_both_kinds(store, recipe.exclude_labelers, pairs=recipe.kto.get("pairs", True))


def check_excluded(store: Store, excluded: Sequence[str]) -> None:
    """Raise UserError for an excluded labeler who gave neither vote nor thumb, naming who may be meant."""
    known = labelers(store)
    for name in excluded:
        if name not in known:
            raise UserError(f"There is no vote and no thumb of {name!r} to leave out.{nearest(name, known)}")


def check_labels(store: Store, excluded: Sequence[str] = ()) -> None:
    """Raise UserError when the votes, without the excluded labelers', cannot carry a round; it says what is missing."""
    tally = snapshots.tally(store, excluded)
    folds = Counter[str]()
    for (shown, fold), count in tally.items():
        folds[fold] += count if shown in ("left", "right") else 0
    decisive = folds.total()
    if decisive < MIN_DECISIVE:
        raise UserError(
            f"A round needs {MIN_DECISIVE} votes for one side, and there are {decisive} "
            f"({tally.total() - decisive} more are ties or both bad): {MIN_DECISIVE - decisive} are missing."
        )
    sides = {shown for shown, _ in tally} & {"left", "right"}
    if len(sides) == 1:
        side = "A" if "left" in sides else "B"
        raise UserError(
            f"All {decisive} votes chose side {side}, so there is nothing to learn from them: "
            "a round needs votes of both kinds, and at least one for the other side is missing."
        )
    for fold, use in (("train", "train on"), ("judge", "judge by")):
        if folds[fold] < MIN_A_FOLD:
            raise UserError(
                f"Of the votes for one side only {folds[fold]} are on prompts set aside to {use}: "
                f"{MIN_A_FOLD - folds[fold]} are missing there, so rank some more pairs on other prompts."
            )
    missing = prompts.MIN_HELDOUT - len(prompts.prompts_of(store, "heldout"))
    if missing > 0:
        raise UserError(
            f"An evaluation needs {prompts.MIN_HELDOUT} held-out prompts, and {missing} are missing: "
            "import more prompts, of which a tenth is held out."
        )


def _check_both_kinds(store: Store, excluded: Sequence[str], pairs: bool) -> None:
    """Raise UserError when KTO, with or without `pairs`, would find no desirable or no undesirable answer."""
    votes, thumbs = snapshots.tally(store, excluded), ratings.tally(store, excluded)
    sides = (votes["left", "train"] + votes["right", "train"]) * pairs
    good = sides + thumbs["up", "train"]
    bad = sides + thumbs["down", "train"] + votes["both_bad", "train"]
    for count, kind, thumb in ((good, "desirable", "up"), (bad, "undesirable", "down")):
        if not count:
            raise UserError(
                "KTO needs desirable answers and undesirable ones, and without pairs nothing on the prompts to train "
                f"on says that an answer is {kind}: leave kto.pairs as it is, or give thumbs {thumb} in the chat."
            )
