"""An evaluate job: one policy's win rate against another on held-out prompts, and what it rests on.

Both answer every prompt several times with the same sampling, a judge gives every answer a number, and an answer
beats another with the higher one. The interval is a bootstrap over prompts: answers to one prompt are not independent.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from alignment.capability import losses
from alignment.contenders import Answers, Contender, Policy, kl
from alignment.generate import read_prompts
from alignment.jobdir import JobDir
from alignment.judging import judge_of, picker_of
from alignment.models import load_policy
from alignment.overoptimisation import course
from alignment.recipes.sampling import EvaluateRecipe
from alignment.sampling import Sample, Sampling, have_room
from alignment.statistics import as_voters_judge, best_of_n_kl, distinct, length_controlled, repetition, win_share
from storage.errors import UserError
from storage.records import Message, prompt_text
from storage.statistics import win_rate

Prompts = Sequence[Sequence[Message]]
SHOWN = 20  # prompts whose answers are kept to read


def run(job: JobDir, recipe: EvaluateRecipe) -> dict[str, Any]:
    """Result: win_rate, low, high, prompts; the same at equal lengths and as voters would find it; loss on held-out
    demonstrations, KL, and how each policy's answers look; best-of-n as a baseline; the course of the run.

    Keys that end in `_against` are the other policy's; `skipped` counts prompts too long for one of the two. What
    cannot be measured with what the recipe names is left out.
    """
    judge, pick = judge_of(job, recipe.judge), picker_of(job, recipe)
    given = [messages for _, messages in read_prompts(job.resolve(recipe.prompts))[: recipe.max_prompts]]
    policy, against = load_policy(job.resolve(recipe.policy)), load_policy(job.resolve(recipe.against))
    prompts = _answerable(given, policy, against)
    size = recipe.samples_per_prompt
    baseline = recipe.baseline_best_of if recipe.baseline_best_of > 1 else 0
    parts = [size * recipe.best_of, size, baseline]
    told = [_progress(job, len(prompts), sum(parts[:part]), parts[part], sum(parts)) for part in range(len(parts))]
    job.in_batches = True
    sampling = Sampling(recipe.temperature, 1.0, recipe.max_new_tokens, recipe.batch_size)
    mine = Contender(policy, recipe.best_of, pick).answers(prompts, size, sampling, recipe.seed, told[0])
    theirs = Contender(against).answers(prompts, size, sampling, recipe.seed, told[1])
    mine_scores, their_scores = mine.scored(judge), theirs.scored(judge)
    result = {
        **_verdict(mine, theirs, mine_scores, their_scores, recipe),
        "skipped": len(given) - len(prompts),
        "kl": kl(policy, against, mine.flat(), recipe.temperature) if recipe.best_of == 1 else None,
        **_looks(mine.flat(), ""),
        **_looks(theirs.flat(), "_against"),
        "examples": _examples(mine, theirs, mine_scores, their_scores, recipe.seed),
    }
    if recipe.best_of > 1:
        result |= {"best_of": recipe.best_of, "kl_bound": best_of_n_kl(recipe.best_of)}
    if baseline:
        contender = Contender(against, recipe.baseline_best_of, pick)
        picked = contender.answers(prompts[: recipe.baseline_prompts], 1, sampling, (recipe.seed + 1) % 2**32, told[2])
        result["baseline"] = _baseline(picked.scored(judge), mine_scores, their_scores, recipe)
    if recipe.demonstrations is not None:
        result |= losses(
            job.resolve(recipe.demonstrations), policy, against, recipe.max_demonstrations, recipe.batch_size
        )
    if recipe.run_snapshots is not None and pick is not None and recipe.best_of == 1:
        result |= course(job, recipe, (policy, against), (mine, theirs), (pick, judge))
    return result


def _progress(job: JobDir, prompts: int, before: int, samples: int, total: int) -> Callable[[float], None]:
    """What takes the progress of one part of the sampling; all numbers but `prompts` are of answers to a prompt."""

    def tell(done: float) -> None:
        drawn = before + done * samples
        job.log_progress(round(prompts * drawn), 0.95 * drawn / total)

    return tell


def _answerable(prompts: Prompts, *policies: Policy) -> Prompts:
    """The prompts that leave every policy room for an answer. Raises UserError when there is none."""
    room = zip(*(have_room(model, tokenizer, prompts) for model, tokenizer in policies), strict=True)
    kept = [prompt for prompt, fits in zip(prompts, room, strict=True) if all(fits)]
    if not kept:
        raise UserError(f"All {len(prompts)} held-out prompts are longer than the policies take: bring shorter ones.")
    return kept


def _verdict(
    mine: Answers, theirs: Answers, first: list[list[float]], second: list[list[float]], recipe: EvaluateRecipe
) -> dict[str, Any]:
    """The win rate with its interval: raw, at equal lengths, and as voters would find it."""
    shares = [win_share(a, b) for a, b in zip(first, second, strict=True)]
    win = win_rate(shares, recipe.seed)
    even = length_controlled(
        [
            (_couples(a, b, _win), _couples(_lengths(m), _lengths(t), lambda one, other: one - other))
            for a, b, m, t in zip(first, second, mine.samples, theirs.samples, strict=True)
        ],
        recipe.seed,
    )
    result: dict[str, Any] = {
        "win_rate": win.value,
        "low": win.low,
        "high": win.high,
        "prompts": len(shares),
        "samples": recipe.samples_per_prompt,
        "length_controlled_win_rate": even.value,
        "length_controlled_low": even.low,
        "length_controlled_high": even.high,
    }
    judge = recipe.judge
    if judge.agreement is not None and judge.agreement_prompts is not None:
        voters = as_voters_judge(shares, judge.agreement, judge.agreement_prompts, recipe.seed)
        result |= {"voter_win_rate": voters.value, "voter_low": voters.low, "voter_high": voters.high}
    return result


def _win(mine: float, theirs: float) -> float:
    return 1.0 if mine > theirs else 0.5 if mine == theirs else 0.0


def _couples(mine: Iterable[float], theirs: Sequence[float], compare: Callable[[float, float], float]) -> list[float]:
    """What comes of every couple of one of mine and one of theirs."""
    return [compare(a, b) for a in mine for b in theirs]


def _lengths(samples: Sequence[Sample]) -> list[float]:
    return [float(len(sample.text.split())) for sample in samples]


def _baseline(
    picked: list[list[float]], mine: list[list[float]], theirs: list[list[float]], recipe: EvaluateRecipe
) -> dict[str, Any]:
    """How the other policy's best of n does against its own plain samples, and the evaluated policy against that.

    On the first prompts, as many as were picked for.
    """
    plain = win_rate([win_share(a, b) for a, b in zip(picked, theirs, strict=False)], recipe.seed)
    beaten = win_rate([win_share(a, b) for a, b in zip(mine, picked, strict=False)], recipe.seed)
    return {
        "best_of": recipe.baseline_best_of,
        "prompts": len(picked),
        "win_rate": plain.value,
        "low": plain.low,
        "high": plain.high,
        "kl_bound": best_of_n_kl(recipe.baseline_best_of),
        "beaten": beaten.value,
        "beaten_low": beaten.low,
        "beaten_high": beaten.high,
    }


def _looks(samples: Sequence[Sample], suffix: str) -> dict[str, float]:
    """What the answers look like, whoever likes them: length, whether they end, and how much they repeat."""
    texts = [s.text for s in samples]
    return {
        f"mean_words{suffix}": sum(len(text.split()) for text in texts) / len(texts),
        f"ended{suffix}": sum(s.ended for s in samples) / len(samples),
        f"repetition{suffix}": sum(map(repetition, texts)) / len(texts),
        f"distinct_2{suffix}": distinct(texts),
    }


def _examples(
    mine: Answers, theirs: Answers, first: list[list[float]], second: list[list[float]], seed: int
) -> list[dict[str, Any]]:
    """The first answers of both to prompts that the seed picks, whatever their scores, to read beside the figures."""
    count = len(mine.prompts)
    return [
        {
            "prompt": prompt_text(mine.prompts[place]),
            "answer": mine.samples[place][0].text,
            "against": theirs.samples[place][0].text,
            "score": first[place][0],
            "score_against": second[place][0],
        }
        for place in sorted(random.Random(seed).sample(range(count), min(count, SHOWN)))
    ]
