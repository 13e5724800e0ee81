"""The ladder of models: the Bradley-Terry model of blind battles, as they are and at equal style.

Style is what the Chatbot Arena controls for (Li, Angelopoulos and Chiang 2024, "Does style matter? Disentangling style
and substance in Chatbot Arena"): the difference in length, headings, lists and bold text, each divided by the sum of
both sides' and then scaled to one standard deviation. Its coefficients are fitted beside the models', and what is left
to the models is what they win by at equal style.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.statistics import Interval

STYLE = ("length", "headings", "list items", "bold texts")
START, SCALE = 1000.0, 400 / np.log(10)  # of ratings as in chess: 400 points are odds of ten to one
RIDGE = 1e-3  # keeps the rating of a model that won or lost every battle finite
DRAWS = 200

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Battles:
    """Votes on answers of two known models, as columns.

    `first` and `second` are places in `models`, `won` is 1 for the first, 0 for the second and 0.5 for neither, `style`
    (battles, 4) the difference in STYLE as above, before it is scaled.
    """

    models: tuple[str, ...]
    first: Integers
    second: Integers
    won: Floats
    prompt_id: Integers
    style: Floats


@dataclass(frozen=True)
class Rung:
    """A model's rating with its interval over prompts, raw and at equal style, from so many battles."""

    model: str
    battles: int
    rating: Interval
    styled: Interval


@dataclass(frozen=True)
class Ladder:
    """All models that met another, the best first; and by how much one more standard deviation of a style wins.

    The coefficients are in rating points, without those of a style that no two answers differ in.
    """

    rungs: list[Rung]
    style: dict[str, Interval]


def ladder(battles: Battles, seed: int = 0) -> Ladder:
    """Ratings of the models. They stand around 1000, and compare only models that are linked by battles."""
    if not len(battles.won):
        return Ladder([], {})
    models = np.zeros((len(battles.won), len(battles.models)))
    rows = np.arange(len(battles.won))
    models[rows, battles.first], models[rows, battles.second] = 1.0, -1.0
    spread = battles.style.std(axis=0)
    style = battles.style[:, spread > 0] / spread[spread > 0]
    raw = _ratings(models, battles, seed)
    styled = _ratings(np.hstack([models, style]), battles, seed)
    met = np.bincount(np.concatenate([battles.first, battles.second]), minlength=len(battles.models))
    rungs = [Rung(name, int(met[at]), raw[at], styled[at]) for at, name in enumerate(battles.models) if met[at]]
    names = [name for name, varies in zip(STYLE, spread > 0, strict=True) if varies]
    return Ladder(
        sorted(rungs, key=lambda rung: -rung.rating.value),
        {
            name: Interval(one.value - START, one.low - START, one.high - START)
            for name, one in zip(names, styled[len(battles.models) :], strict=True)
        },
    )


def bradley_terry(x: Floats, won: Floats, weight: Floats, start: Floats | None = None, steps: int = 50) -> Floats:
    """Log strengths: a logistic regression of `won` on rows of `x`, each counted `weight` times, by Newton's method.

    A row of a plain battle is 1 for the first model, -1 for the second and 0 for the others (Bradley and Terry 1952). A
    tie is half a win of each. A weak ridge makes the strengths of the models sum to 0.
    """
    found = np.zeros(x.shape[1]) if start is None else start.copy()
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        gradient = x.T @ (weight * (won - p)) - RIDGE * found
        curve = x.T @ (x * (weight * p * (1 - p))[:, None]) + RIDGE * np.eye(x.shape[1])
        step = np.clip(np.linalg.solve(curve, gradient), -2.0, 2.0)
        found += step
        if np.abs(step).max() < 1e-8:
            break
    return found


def _ratings(x: Floats, battles: Battles, seed: int) -> list[Interval]:
    """Every column's coefficient as a rating, with a percentile interval of a bootstrap over prompts.

    Battles that are alike in all that is fitted are counted together first.
    """
    kinds, kind = np.unique(np.column_stack([x, battles.won]), axis=0, return_inverse=True)
    rows, won = kinds[:, :-1], kinds[:, -1]
    value = bradley_terry(rows, won, np.bincount(kind, minlength=len(kinds)).astype(np.float64))
    prompts, prompt = np.unique(battles.prompt_id, return_inverse=True)
    random = np.random.default_rng(seed)
    drawn = []
    for counts in random.multinomial(len(prompts), np.full(len(prompts), 1 / len(prompts)), size=DRAWS):
        weight = np.bincount(kind, weights=counts[prompt], minlength=len(kinds)).astype(np.float64)
        drawn.append(bradley_terry(rows, won, weight, start=value, steps=3))
    low, high = np.quantile(np.stack(drawn), (0.025, 0.975), axis=0)
    return [
        Interval(*(float(START + SCALE * end) for end in (one, min(below, one), max(above, one))))
        for one, below, above in zip(value, low, high, strict=True)
    ]
