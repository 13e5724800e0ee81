"""The answer to "may I promote this model?", from the evaluation of a round's candidate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storage.records import Evaluation
from storage.rounds import may_promote

Figures = dict[str, Any]


def verdict(evaluation: Evaluation, candidate: str, parent: str) -> str:
    """The answer in one sentence, with the interval it rests on."""
    wins = f"{candidate} wins {percent(evaluation.win_rate)} against {parent}"
    measured = f"by its judge, on {evaluation.prompts} held-out prompts, {wins}"
    interval = f"95% interval ({percent(evaluation.low)} to {percent(evaluation.high)})"
    if may_promote(evaluation):
        return f"Yes: {measured}, and the whole {interval} is above one half."
    if evaluation.high < 0.5:
        return f"No: {measured}, and the whole {interval} is below one half."
    return f"Not yet: {measured}, and the {interval} still holds one half."


def caution(judge: Figures) -> str:
    """A sentence where the judge itself is not to be trusted; `judge` is the result of its training, or nothing."""
    low = judge.get("accuracy_low")
    if low is None or low > 0.5:
        return ""
    return (
        f"Mind that the judge agrees with only {spread(judge, 'accuracy')} of the votes it has not seen, which may be "
        "chance: its verdict means little until there are more votes."
    )


def figures(evaluation: Evaluation, policy: Figures, judge: Figures) -> list[tuple[str, str]]:
    """What else is known of the candidate: name and value of each figure that was measured.

    `policy` and `judge` are the results of their training; whatever is not in them is left out.
    """
    result = evaluation.result
    rows: list[tuple[str, str | None]] = [
        ("Win rate at equal length", _one(result, "length_controlled_win_rate", percent)),
        ("Words an answer", _both(result, "mean_words", lambda value: f"{value:.0f}")),
        ("Answers that end", _both(result, "ended", percent)),
        ("Repetition", _both(result, "repetition", lambda value: f"{value:.1%}")),
        ("KL from its parent", _one({**policy, **known(result, "kl")}, "kl", lambda value: f"{value:.2f} nats")),
        ("Agrees with unseen votes", spread(policy, "accuracy")),
        ("Its judge agrees with", spread(judge, "accuracy")),
        ("Judged by", evaluation.judge),
    ]
    return [(name, value) for name, value in rows if value]


def spread(result: Figures, name: str) -> str | None:
    """A share with its interval, as in "68% (61 to 74)"; None where it was not measured."""
    if not isinstance(result.get(name), (int, float)):
        return None
    low, high = result.get(f"{name}_low"), result.get(f"{name}_high")
    interval = f" ({100 * low:.0f} to {100 * high:.0f})" if low is not None and high is not None else ""
    return f"{percent(result[name])}{interval}"


def percent(share: float) -> str:
    """A share of one, as in "68%"."""
    return f"{share:.0%}"


def known(result: Figures, name: str) -> Figures:
    """That one figure, if it was measured."""
    return {name: result[name]} if result.get(name) is not None else {}


def _one(result: Figures, name: str, form: Callable[[float], str]) -> str | None:
    value = result.get(name)
    return form(value) if isinstance(value, (int, float)) else None


def _both(result: Figures, name: str, form: Callable[[float], str]) -> str | None:
    mine, theirs = _one(result, name, form), _one(result, f"{name}_against", form)
    return f"{mine}, before {theirs}" if mine and theirs else mine
