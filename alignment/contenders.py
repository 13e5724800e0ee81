"""Who answers in an evaluation: a policy by its plain samples, or by the best of several, and how far it has moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment.chatformat import CutOff
from alignment.judging import Score
from alignment.sampling import Sample, Sampling, sample
from alignment.scoring import Answered, sequence_log_probs
from storage.records import Message

Policy = tuple[PreTrainedModel, PreTrainedTokenizerBase]
Prompts = Sequence[Sequence[Message]]
OnProgress = Callable[[float], None]


@dataclass(frozen=True)
class Answers:
    """As many answers to each prompt, in the order of the prompts."""

    prompts: Prompts
    samples: Sequence[Sequence[Sample]]

    def flat(self) -> list[Sample]:
        """All answers in a row."""
        return [sample for group in self.samples for sample in group]

    def scored(self, score: Score) -> list[list[float]]:
        """Each answer's score, prompt by prompt."""
        asked = [prompt for prompt, group in zip(self.prompts, self.samples, strict=True) for _ in group]
        scores = iter(score([_answered(prompt, found) for prompt, found in zip(asked, self.flat(), strict=True)]))
        return [[next(scores) for _ in group] for group in self.samples]

    def first(self, prompts: int) -> Answers:
        """The first answer to each of the first `prompts` prompts."""
        return Answers(self.prompts[:prompts], [group[:1] for group in self.samples[:prompts]])


@dataclass(frozen=True)
class Contender:
    """A policy that answers with a plain sample, or with the one of `best_of` that `pick` scores highest."""

    policy: Policy
    best_of: int = 1
    pick: Score | None = None

    def answers(self, prompts: Prompts, each: int, sampling: Sampling, seed: int, on_progress: OnProgress) -> Answers:
        """`each` answers to every prompt; the same seed gives the same. `on_progress` takes the share that is done."""
        per_prompt = each * self.best_of
        asked = [prompt for prompt in prompts for _ in range(per_prompt)]
        drawn = sample(*self.policy, asked, sampling, seed, on_progress)
        groups = Answers(prompts, [drawn[start : start + per_prompt] for start in range(0, len(drawn), per_prompt)])
        if self.best_of == 1:
            return groups
        assert self.pick is not None
        scores = groups.scored(self.pick)
        starts = range(0, per_prompt, self.best_of)
        best = [
            [_highest(group[start : start + self.best_of], marks[start : start + self.best_of]) for start in starts]
            for group, marks in zip(groups.samples, scores, strict=True)
        ]
        return Answers(prompts, best)


def kl(policy: Policy, against: Policy, answers: Sequence[Sample], temperature: float) -> float | None:
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


def _answered(prompt: Sequence[Message], found: Sample) -> Answered:
    return prompt, found.text if found.ended else CutOff(found.text)


def _highest(samples: Sequence[Sample], scores: Sequence[float]) -> Sample:
    return samples[max(range(len(samples)), key=scores.__getitem__)]
