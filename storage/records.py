"""The records that travel between the packages. Each is one row, or what a page shows of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

Verdict = Literal["a", "b", "tie", "both_bad", "skip", "withdrawn"]
Thumb = Literal["up", "down", "withdrawn"]
Split = Literal["train", "heldout"]
Fold = Literal["train", "judge"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]

# Llama 2 (Touvron et al. 2023, table 27): the stronger the preference, the larger the margin between the rewards.
MARGINS = {0: 0.0, 1: 0.0, 2: 1 / 3, 3: 2 / 3, 4: 1.0}


class Message(TypedDict):
    """One turn of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """A conversation that ends in a user's turn. Pairs come from the train split, evaluation from the held-out one."""

    prompt_id: int
    messages: tuple[Message, ...]
    split: Split
    source: str


@dataclass(frozen=True)
class NewCompletion:
    """One answer to a prompt, about to be stored. `model_id` is None for imported text.

    `imported_model` is what a file calls the model that wrote it, which is no model of this home.
    """

    prompt_id: int
    text: str
    model_id: int | None = None
    job_id: int | None = None
    seed: int | None = None
    sampling: dict[str, Any] = field(default_factory=dict)
    tokens: int | None = None
    ended: bool | None = None
    imported_model: str | None = None


@dataclass(frozen=True)
class Showing:
    """A pair as one labeler sees it: the sides are already in the order shown; `again` is why it is asked once more.

    `leaks` are the sides, left or right, on which the answer seems to name the model that wrote it.
    """

    showing_id: int
    pair_id: int
    prompt: tuple[Message, ...]
    left: str
    right: str
    leaks: tuple[str, ...] = ()
    again: str = ""


@dataclass(frozen=True)
class SetShowing:
    """A set of answers as one labeler sees it: already in the order shown.

    `leaks` are the places, from 0, of those that seem to name the model that wrote them.
    """

    showing_id: int
    set_id: int
    prompt: tuple[Message, ...]
    answers: tuple[str, ...]
    leaks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Details:
    """What a labeler says with a decision besides its verdict.

    `flagged`: something is wrong with the pair itself, for which the verdict is a skip. `ratings` has by criterion how
    good the two answers are, 1 to 5 each, in the order of the verdict's sides.
    """

    flagged: bool = False
    reasons: tuple[str, ...] = ()
    comment: str = ""
    ratings: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Vote:
    """An acknowledged vote, in the order shown. `duplicate` says that it was there already."""

    preference_id: int
    showing_id: int
    verdict: str
    strength: int
    duplicate: bool


@dataclass(frozen=True)
class Ranking:
    """An acknowledged ranking, in the order shown: `ranks` are 1 for the best, and empty where `verdict` is not ranked.

    `duplicate` says that it was there already.
    """

    ranking_id: int
    showing_id: int
    verdict: str
    ranks: tuple[int, ...]
    duplicate: bool


@dataclass(frozen=True)
class Rating:
    """An acknowledged thumb on a single answer. `duplicate` says that it was there already."""

    rating_id: int
    completion_id: int
    thumb: str
    duplicate: bool


@dataclass(frozen=True)
class Progress:
    """How far the labels are towards the next round. `seconds_per_pair` is the asking labeler's."""

    votes: int
    target: int
    seconds_per_pair: float | None


@dataclass(frozen=True)
class Snapshot:
    """An immutable Parquet file of preferences, named by the sha256 of its canonical rows."""

    snapshot_id: int
    sha256: str
    rows: int
    counts: dict[str, int]
    path: str


@dataclass(frozen=True)
class Model:
    """A registered model. `status` is promoted, former (promoted once), candidate (awaits a verdict) or registered.

    `reason` is why it was promoted although no verdict called it better.
    """

    model_id: int
    name: str
    kind: Literal["base", "policy", "reward"]
    path: str
    parent_id: int | None
    parent: str | None
    status: str
    card: dict[str, Any]
    created_at: str
    reason: str | None = None


@dataclass(frozen=True)
class Picking:
    """How one answer comes of several: so many are sampled, and the one that a reward model scores highest is given."""

    best_of: int
    reward_model: Model


@dataclass(frozen=True)
class Job:
    """A unit of heavy work. `spec` says what to run and what to do with the result; `fence` who may write it.

    `failure` is the class of the error, and `shrunk` what replaced settings of the recipe for want of memory.
    """

    job_id: int
    kind: str
    round_id: int | None
    stage: str
    status: JobStatus
    spec: dict[str, Any]
    fence: int
    attempts: int
    cancel_requested: bool
    progress: float
    result: dict[str, Any] | None
    error: str | None
    failure: str | None
    priority: int
    shrunk: dict[str, int] | None
    created_at: str
    started_at: str | None
    finished_at: str | None


@dataclass(frozen=True)
class Round:
    """One pass from a snapshot of the votes to a candidate policy; `ratings_sha256` names the thumbs it learns from.

    One that replays another makes no candidate: its weights are only compared with the other's.
    `continuous_id` is set where continuous mode started it.
    """

    round_id: int
    method: str
    status: str
    snapshot_id: int
    parent_id: int
    candidate_id: int | None
    recipe: dict[str, Any]
    requested_by: str
    error: str | None
    created_at: str
    finished_at: str | None
    estimate: dict[str, Any] | None
    ratings_sha256: str | None
    replay_of: int | None
    continuous_id: int | None


@dataclass(frozen=True)
class ContinuousRun:
    """One time that continuous mode was switched on. `recipe` holds settings of a round, its method among them.

    While it is on, `ended_at` and `reason` are None; `ended_by` stays None where it stopped by itself.
    """

    continuous_id: int
    every: int
    recipe: dict[str, Any]
    switched_on_by: str
    created_at: str
    ended_at: str | None
    ended_by: str | None
    reason: str | None


@dataclass(frozen=True)
class SavedRecipe:
    """Settings of a round under a name."""

    name: str
    settings: dict[str, Any]
    saved_by: str
    created_at: str


@dataclass(frozen=True)
class Evaluation:
    """A policy's win rate against another on held-out prompts, with a 95 % bootstrap interval over prompts."""

    evaluation_id: int
    model_id: int
    against_id: int
    judge: str
    job_id: int
    win_rate: float
    low: float
    high: float
    prompts: int
    result: dict[str, Any]
    created_at: str


def prompt_text(messages: Sequence[Message]) -> str:
    """The prompt as plain text: its content alone for a single user turn, otherwise one labelled turn a paragraph."""
    if len(messages) == 1 and messages[0]["role"] == "user":
        return messages[0]["content"]
    return "\n\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in messages)
