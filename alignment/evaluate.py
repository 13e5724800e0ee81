"""An evaluate job: one policy's win rate against another on held-out prompts.

Both answer every prompt several times with the same sampling, a judge gives every answer a number, and an answer
beats another with the higher one. The interval is a bootstrap over prompts: answers to one prompt are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment.chatformat import CutOff
from alignment.generate import read_prompts
from alignment.jobdir import JobDir
from alignment.models import load_policy, load_reward_model
from alignment.recipes.sampling import EvaluateRecipe, Judge
from alignment.sampling import Sample, Sampling, have_room, sample
from alignment.scoring import Answered, rewards, sequence_log_probs
from alignment.statistics import bootstrap_mean, distinct, length_controlled, repetition, win_share
from storage.errors import UserError
from storage.records import Message, prompt_text
from storage.utilities import load_utility, value_of

Prompts = Sequence[Sequence[Message]]
Policy = tuple[PreTrainedModel, PreTrainedTokenizerBase]


def run(job: JobDir, recipe: EvaluateRecipe) -> dict[str, Any]:
    """Result: win_rate, low, high, prompts; the rate at equal lengths; KL; and how each policy's answers look.

    Keys that end in `_against` are the other policy's; `skipped` counts prompts too long for one of the two.
    """
    judge = _judge(job, recipe.judge)
    given = [messages for _, messages in read_prompts(job.resolve(recipe.prompts))[: recipe.max_prompts]]
    policy, against = load_policy(job.resolve(recipe.policy)), load_policy(job.resolve(recipe.against))
    asked = _answerable(given, policy, against)
    prompts = [messages for messages in asked for _ in range(recipe.samples_per_prompt)]
    mine = _answers(job, recipe, policy, prompts, 0.0)
    theirs = _answers(job, recipe, against, prompts, 0.45)
    texts = [s.text if s.ended else CutOff(s.text) for s in (*mine, *theirs)]
    scores = judge(list(zip([*prompts, *prompts], texts, strict=True)))
    size = recipe.samples_per_prompt
    groups = [slice(start, start + size) for start in range(0, len(prompts), size)]
    first, second = scores[: len(prompts)], scores[len(prompts) :]
    shares = [win_share(first[group], second[group]) for group in groups]
    win = bootstrap_mean(shares, recipe.seed)
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in zip(first, second, strict=True)]
    longer = [len(a.text.split()) - len(b.text.split()) for a, b in zip(mine, theirs, strict=True)]
    return {
        "win_rate": win.value,
        "low": win.low,
        "high": win.high,
        "prompts": len(asked),
        "skipped": len(given) - len(asked),
        "samples": size,
        "length_controlled_win_rate": length_controlled(wins, longer),
        "kl": _kl(policy, against, mine, recipe.temperature),
        **_looks(mine, ""),
        **_looks(theirs, "_against"),
        "examples": _examples(prompts, mine, theirs, first, second, size),
    }


def _answerable(prompts: Prompts, *policies: Policy) -> Prompts:
    """The prompts that leave every policy room for an answer. Raises UserError when there is none."""
    room = zip(*(have_room(model, tokenizer, prompts) for model, tokenizer in policies), strict=True)
    kept = [prompt for prompt, fits in zip(prompts, room, strict=True) if all(fits)]
    if not kept:
        raise UserError(f"All {len(prompts)} held-out prompts are longer than the policies take: bring shorter ones.")
    return kept


def _answers(job: JobDir, recipe: EvaluateRecipe, policy: Policy, prompts: Prompts, begun: float) -> list[Sample]:
    """A policy's answers; `begun` is the job's progress before, of which this takes 0.45."""
    sampling = Sampling(recipe.temperature, 1.0, recipe.max_new_tokens, recipe.batch_size)
    return sample(
        *policy,
        prompts,
        sampling,
        recipe.seed,
        lambda done: job.log_progress(round((begun + 0.45 * done) * len(prompts)), begun + 0.45 * done),
    )


def _kl(policy: Policy, against: Policy, answers: Sequence[Sample], temperature: float) -> float | None:
    """The KL of a policy from another in nats an answer: the mean of log p - log q over the policy's own samples.

    At the temperature they were drawn with; greedy answers have none, nor have policies of different vocabularies.
    """
    (model, tokenizer), (other, other_tokenizer) = policy, against
    if temperature == 0 or other_tokenizer.get_vocab() != tokenizer.get_vocab():
        return None
    sequences = [(answer.prompt_ids, answer.token_ids) for answer in answers]
    mine = sequence_log_probs(model, tokenizer.pad_token_id, sequences, temperature)
    theirs = sequence_log_probs(other, tokenizer.pad_token_id, sequences, temperature)
    return sum(p - q for p, q in zip(mine, theirs, strict=True)) / len(sequences)


def _judge(job: JobDir, judge: Judge) -> Callable[[Sequence[Answered]], list[float]]:
    """What gives answers their numbers. Raises UserError when it cannot be loaded."""
    if judge.reward is not None:
        model, tokenizer = load_reward_model(job.resolve(judge.reward))
        return lambda answered: rewards(model, tokenizer, answered)
    assert judge.utility is not None
    path, _, name = judge.utility.rpartition(":")
    if not path:
        raise UserError(f"The judge's utility {judge.utility!r} is not of the form FILE.py:FUNCTION.")
    utility = load_utility(f"{job.resolve(path)}:{name}")
    return lambda answered: [value_of(utility, prompt_text(prompt), text) for prompt, text in answered]


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
    prompts: Prompts,
    mine: Sequence[Sample],
    theirs: Sequence[Sample],
    first: Sequence[float],
    second: Sequence[float],
    size: int,
    count: int = 8,
) -> list[dict[str, Any]]:
    """The first answers to the first prompts, unselected, to read beside the figures."""
    return [
        {
            "prompt": prompt_text(prompts[place]),
            "answer": mine[place].text,
            "against": theirs[place].text,
            "score": first[place],
            "score_against": second[place],
        }
        for place in range(0, min(len(prompts), count * size), size)
    ]
