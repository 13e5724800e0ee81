"""How good the labels are, in sentences: the same on the page and in the terminal."""

from __future__ import annotations

from labeling.quality.agreement import FEW
from labeling.quality.bias import Bias
from labeling.quality.ladder import Ladder, Rung
from labeling.quality.report import Quality
from storage.statistics import Interval

GOOD, TENTATIVE = 0.8, 0.667  # Krippendorff (2004, "Content Analysis", p. 241): rely on it; tentative conclusions only

WIDEST = 5.0  # interval of a slope that is worth telling


def percent(share: Interval | None) -> str:
    """A share with its interval, as in "68% (61 to 74)"."""
    if share is None:
        return "–"
    return f"{share.value:.0%} ({100 * share.low:.0f} to {100 * share.high:.0f})"


def figure(value: Interval | None) -> str:
    """A number with its interval, as in "0.41 (0.33 to 0.48)"."""
    return "–" if value is None else f"{value.value:.2f} ({value.low:.2f} to {value.high:.2f})"


def on_agreement(found: Quality) -> str:
    """How far different people agree."""
    shared = found.agreement.comparisons
    if not found.enough:
        return (
            f"Nothing can be said of how far labelers agree: {_counted(shared, 'pair was', 'pairs were')} judged by "
            f"more than one person, and it takes {FEW}."
        )
    one = found.agreement
    said = f"On {shared} pairs that several people judged, two votes are the same in {percent(one.same)}"
    if one.same_side is not None:
        said += f", and where both are for one side in {percent(one.same_side)}"
    if one.alpha is None:
        return f"{said}. All votes are the same, so that nothing can be said beyond chance."
    low = one.alpha.low
    worth = (
        "good enough to rely on"
        if low >= GOOD
        else "good enough for tentative conclusions"
        if low >= TENTATIVE
        else "above chance, as judgements of taste are"
        if low > 0
        else "not shown to be above chance"
    )
    strength = f"; {figure(one.alpha_strength)} by strength" if one.alpha_strength else ""
    return f"{said}. Krippendorff's alpha is {figure(one.alpha)}{strength}: {worth}."


def on_steadiness(found: Quality) -> str:
    """How far people agree with themselves."""
    if found.steady is None:
        return "No pair has come to the same person a second time yet, so nobody knows how steady they are."
    return (
        f"Of {_counted(found.repeats, 'repeat', 'repeats')}, sides changed, {percent(found.steady)} got the same vote "
        "again."
    )


def on_bias(of: Bias) -> str:
    """What sways people besides the answers."""
    if of.left is None:
        return "There is no vote for one side yet."
    said = f"Of votes for one side {percent(of.left)} are for the left one{_leans(of.left, 'left', 'right')}"
    if of.longer is not None:
        said += f", and {percent(of.longer)} for the longer one"
    if of.slope is not None and of.slope.high - of.slope.low < WIDEST:
        said += f"; 100 characters more change the log odds by {figure(of.slope)}"
    return f"{said}."


def on_ladder(found: Ladder) -> str:
    """How many battles there are, and what style does in them."""
    if not found.rungs:
        return "No two models have met in a vote yet."
    moved = [
        f"{name} {'wins' if one.low > 0 else 'costs'} {abs(one.value):.0f} points"
        for name, one in found.style.items()
        if one.low > 0 or one.high < 0
    ]
    battles = sum(rung.battles for rung in found.rungs) // 2
    said = f"{_counted(battles, 'vote', 'votes')} between {len(found.rungs)} models."
    if moved:
        return f"{said} One standard deviation more of {' and of '.join(moved)}."
    return f"{said} No mark of style is shown to win or to cost anything."


def rating(rung: Rung, styled: bool = False) -> str:
    """A rating with its interval, as in "1043 (1012 to 1080)"."""
    one = rung.styled if styled else rung.rating
    return f"{one.value:.0f} ({one.low:.0f} to {one.high:.0f})"


def _leans(share: Interval, above: str, below: str) -> str:
    if share.low > 0.5:
        return f", so they lean {above}"
    return f", so they lean {below}" if share.high < 0.5 else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
