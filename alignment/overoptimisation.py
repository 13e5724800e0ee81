"""Over-optimisation: a run's snapshots answer held-out prompts, and its reward model and the judge score them."""

from __future__ import annotations

from typing import Any

from alignment.contenders import Answers, Contender, Policy, kl
from alignment.course import Point, figures, gains, over_optimised
from alignment.jobdir import JobDir
from alignment.judging import Score
from alignment.recipes.sampling import EvaluateRecipe
from alignment.sampling import Sampling
from alignment.snapshots import load_snapshot, snapshots_in


def course(
    job: JobDir,
    recipe: EvaluateRecipe,
    policies: tuple[Policy, Policy],
    answers: tuple[Answers, Answers],
    scores: tuple[Score, Score],
) -> dict[str, Any]:
    """course: figures of the start, each snapshot and the end; over_optimised, as `alignment.course` says it.

    `policies` are the run's end and the one that it started from, `answers` theirs, of which the first are taken;
    `scores` are the proxy and the judge. A run that kept no snapshots has no course, nor has one whose KL is unknown.
    """
    assert recipe.run_snapshots is not None
    kept = snapshots_in(job.path / recipe.run_snapshots)
    if not kept:
        return {}
    end, before = (one.first(recipe.snapshot_prompts) for one in answers)
    marks = [_marks(before, score) for score in scores]
    sampling = Sampling(recipe.temperature, 1.0, recipe.max_new_tokens, recipe.batch_size)

    def point(step: int | None, distance: float, found: Answers) -> Point:
        proxy, judge = (gains(_marks(found, score), mark) for score, mark in zip(scores, marks, strict=True))
        return Point(step, distance, proxy, judge)

    (last, start), points = policies, [point(0, 0.0, before)]
    if (moved := kl(last, start, end.flat(), recipe.temperature)) is None:
        return {}
    for step, folder in kept:
        policy = load_snapshot(folder, job.resolve(recipe.against)), last[1]
        found = Contender(policy).answers(before.prompts, 1, sampling, recipe.seed, lambda _: None)
        points.append(point(step, kl(policy, start, found.flat(), recipe.temperature) or 0.0, found))
    points.append(point(None, moved, end))
    return {"course": figures(points, recipe.seed), "over_optimised": over_optimised(points, recipe.seed)}


def _marks(answers: Answers, score: Score) -> list[float]:
    """The score of the one answer to each prompt."""
    return [mark for (mark,) in answers.scored(score)]
