"""What the pages ask of the parts that this package may not import; `app.py` fills it in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from storage.records import Message, Model, Picking


class Inference(Protocol):
    """A server that answers a conversation. Messages of any length in, text as it is written out."""

    def start(self) -> None:
        """Bring the server up in the background; returns at once."""

    def stop(self) -> None:
        """Take the server down."""

    def state(self) -> str:
        """Empty when the server is ready, else one sentence for the page: starting, restarting, unreachable."""

    def sampling(self, model_path: str, picking: Picking | None = None) -> dict[str, Any]:
        """How the model in that directory draws an answer, in the words that a completion's record has for it."""

    def stream(
        self, model_path: str, messages: Sequence[Message], seed: int | None = None, picking: Picking | None = None
    ) -> Iterator[str]:
        """Pieces of the answer of the model in that directory, or of the best of several.

        Raises UserError when there is no answer to be had.
        """


@dataclass(frozen=True)
class Actions:
    """Deeds of the training side, each of which raises UserError with a sentence for the page."""

    start_round: Callable[[str, dict[str, Any], str], int]  # method, settings, actor -> round_id
    replay_round: Callable[[int, str], int]  # round_id, actor -> the replay's round_id
    plan_round: Callable[[dict[str, Any]], tuple[str, str]]  # settings -> whole recipe as YAML, estimate in words
    job_deed: Callable[[str, int, str], str]  # first, cancel, resume or retry; job_id, actor -> what was done
    cancel_round: Callable[[int, str], None]  # round_id, actor
    resume_round: Callable[[int, str], None]  # round_id, actor
    # File of instructions if any, base, name, settings, actor, whether to add what labelers wrote, and whether to keep
    # a copy of the file -> job_id
    start_sft: Callable[[Path | None, str, str, dict[str, Any], str, bool, bool], int]
    score_votes: Callable[[str, str], int]  # reward model's name, actor -> job_id
    compare: Callable[[str, str, str, int, str], int]  # policy, against, judge, best of, actor -> job_id
    continuous_on: Callable[[int, dict[str, Any], str], None]  # new votes to a round, settings of one, actor
    continuous_said: Callable[[], str]  # how continuous mode stands, in a sentence
    picker: Callable[[Model], Model]  # policy -> the reward model that picks the best of several of its answers
    ready: Callable[[], dict[str, Any]]  # whether the labels are enough, in figures and in sentences under `said`
    measure_curve: Callable[[str], int]  # actor -> job_id of the learning curve on the votes as they stand
    start_battles: Callable[[list[str], int, str], list[int]]  # two policies, prompts, actor -> job_ids
    check_labels: Callable[[], None]  # raises UserError that says what is missing before a round can start
    inference: Inference
