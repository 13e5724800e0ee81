"""The answer to "may I promote this model?", from the evaluation of a round's candidate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storage.battles import Evidence
from storage.gate import FEWEST_PROMPTS, may_promote, people_say
from storage.records import Evaluation

Figures = dict[str, Any]
# What figures say, by the words that their names begin with.
MEANINGS = {
    "Win rate at equal length": (
        "the win rate where both answers have as many words: a model that only learned to write more is at one half."
    ),
    "Win rate of its parent's best": (
        "how often the best of several answers of the parent, picked by the reward model, beats a single one of its "
        "answers. It takes no training."
    ),
    "Wins against that best": "how often an answer of the candidate beats that pick.",
    "Loss on held-out demonstrations": (
        "nats a token on examples that the fine-tuning held out: what the model could do, and whether it still can."
    ),
    "Answers that end": "by themselves, before the longest length.",
    "Repetition": "three words in a row that the same answer has had before.",
    "Distinct word pairs": "how many of all pairs of neighbouring words differ: the fewer, the more alike the answers.",
    "KL from its parent": "how far the candidate has moved, in nats an answer.",
    "Agrees with unseen votes": (
        "how often the candidate has come to find the answer likelier that a labeler preferred, on votes that it did "
        "not learn from."
    ),
    "Its judge agrees with": "how often the judge prefers what a labeler did, on votes that it did not learn from.",
}


def verdict(evaluation: Evaluation, candidate: str, parent: str) -> str:
    """The answer in a sentence or two, with the intervals it rests on."""
    wins = f"{candidate} wins {percent(evaluation.win_rate)} against {parent}"
    measured = f"by its judge, on {evaluation.prompts} held-out prompts, {wins}"
    interval = f"95% interval ({percent(evaluation.low)} to {percent(evaluation.high)})"
    voters = spread(evaluation.result, "voter_win_rate", "voter")
    if evaluation.high < 0.5:
        return f"No: {measured}, and the whole {interval} is below one half."
    if evaluation.low <= 0.5:
        return f"Not yet: {measured}, and the {interval} still holds one half."
    if evaluation.prompts < FEWEST_PROMPTS:
        return (
            f"Not yet: {measured}, and the {interval} is above one half; but a verdict that promotes takes at least "
            f"{FEWEST_PROMPTS} prompts."
        )
    if not may_promote(evaluation):
        return (
            f"Not yet: {measured}, and its {interval} is above one half; but counting the judge's own errors, voters "
            f"would prefer it in {voters}, which still holds one half."
        )
    said = f" Counting the judge's own errors, voters would prefer it in {voters}." if voters else ""
    return f"Yes: {measured}, and the whole {interval} is above one half.{said}"


def with_people(answer: str, evaluation: Evaluation, found: Evidence | None, candidate: str) -> str:
    """The answer with what people say who judged the two models blind; theirs comes before the judge's.

    `answer` is that of `verdict`, which begins with yes, no or not yet.
    """
    if found is None:
        return answer
    said = people_say(found)
    share = f"{percent(found.share.value)} ({percent(found.share.low)} to {percent(found.share.high)})"
    heard = f"People who judged the two blind prefer {candidate} in {share} of {found.prompts} prompts"
    if found.prompts < FEWEST_PROMPTS:
        return f"{answer} {heard}; from {FEWEST_PROMPTS} on that counts."
    if said == "open":
        return f"{answer} {heard}, which holds one half, so that the judge decides."
    _, _, judged = answer.partition(": ")
    if said == "better" and evaluation.high < 0.5:
        return f"No: {judged} {heard}: the two contradict each other, so that neither promotes it."
    return f"{'Yes' if said == 'better' else 'No'}: {judged} {heard}, and that decides."


def against_best_of(evaluation: Evaluation, candidate: str, parent: str) -> str:
    """Whether the candidate beats its parent's best of n, in a sentence; nothing where that was not measured."""
    baseline = evaluation.result.get("baseline")
    if not baseline:
        return ""
    best = f"the best of {baseline['best_of']} answers of {parent}, which takes no training"
    wins = f"against that it wins {spread(baseline, 'beaten')}"
    if baseline["beaten_low"] > 0.5:
        return f"{candidate} beats {best}: {wins}."
    if baseline["beaten_high"] < 0.5:
        return f"{candidate} does not beat {best}: {wins}."
    return f"Whether {candidate} beats {best}, is open: {wins}."


def baseline_wins(evaluation: Evaluation) -> str:
    """The win rate of the parent's best of n, to stand beside the candidate's; nothing where it was not measured."""
    baseline = evaluation.result.get("baseline")
    if not baseline:
        return ""
    return f"the best of {baseline['best_of']} wins {_wins(baseline)}"


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
        ("Win rate at equal length", spread(result, "length_controlled_win_rate", "length_controlled")),
        *_baseline(result.get("baseline") or {}),
        ("Loss on held-out demonstrations", _both(result, "sft_loss", lambda value: f"{value:.3f}")),
        ("Words an answer", _both(result, "mean_words", lambda value: f"{value:.0f}")),
        ("Answers that end", _both(result, "ended", percent)),
        ("Repetition", _both(result, "repetition", lambda value: f"{value:.1%}")),
        ("Distinct word pairs", _both(result, "distinct_2", percent)),
        ("KL from its parent", _one({**policy, **known(result, "kl")}, "kl", lambda value: f"{value:.2f} nats")),
        ("Agrees with unseen votes", spread(policy, "accuracy")),
        ("Its judge agrees with", spread(judge, "accuracy")),
        ("Judged by", evaluation.judge),
    ]
    return [(name, value) for name, value in rows if value]


def meanings(names: list[str]) -> list[tuple[str, str]]:
    """Of figures with these names, the ones that need saying what they mean, and that."""
    found = [(name, next((said for start, said in MEANINGS.items() if name.startswith(start)), "")) for name in names]
    return [(name, said) for name, said in found if said]


def spread(result: Figures, name: str, ends: str | None = None) -> str | None:
    """A share with its interval, as in "68% (61 to 74)"; None where it was not measured.

    The ends are under the share's own name with _low and _high behind it, or under `ends`.
    """
    if not isinstance(result.get(name), (int, float)):
        return None
    low, high = result.get(f"{ends or name}_low"), result.get(f"{ends or name}_high")
    interval = f" ({100 * low:.0f} to {100 * high:.0f})" if low is not None and high is not None else ""
    return f"{percent(result[name])}{interval}"


def _baseline(baseline: Figures) -> list[tuple[str, str | None]]:
    """How a policy does that only picks the best of several samples, and how the candidate does against that."""
    if not baseline:
        return []
    best = f"best of {baseline['best_of']}"
    return [
        (f"Win rate of its parent's {best}", _wins(baseline)),
        (f"Wins against that {best}", spread(baseline, "beaten")),
    ]


def _wins(baseline: Figures) -> str | None:
    return spread({"win_rate_low": baseline["low"], "win_rate_high": baseline["high"], **baseline}, "win_rate")


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
