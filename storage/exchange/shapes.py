"""The shapes that the rows of all formats come in as and go out from, one a kind of data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from storage.details import NOTHING, turned
from storage.records import Details, Message

What = Literal["prompts", "demonstrations", "preferences", "ratings", "votes", "rankings"]
Messages = tuple[Message, ...]


@dataclass(frozen=True)
class PromptRow:
    """A prompt alone."""

    prompt: Messages


@dataclass(frozen=True)
class DemonstrationRow:
    """A prompt and the answer that somebody wrote to it."""

    prompt: Messages
    answer: str
    labeler: str | None = None


@dataclass(frozen=True)
class RatingRow:
    """A prompt, an answer to it, and whether it was found good."""

    prompt: Messages
    answer: str
    label: bool
    labeler: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class RankingRow:
    """A prompt, several answers and what one labeler says of their order; `ranks` has 1 for the best.

    `verdict` is ranked, all_bad or skip; `arrangement` has the places of the answers in the order shown.
    """

    prompt: Messages
    answers: tuple[str, ...]
    models: tuple[str | None, ...]
    ranks: tuple[int, ...]
    verdict: str
    arrangement: tuple[int, ...]
    labeler: str
    details: Details = NOTHING


@dataclass(frozen=True)
class PreferenceRow:
    """A prompt, two answers and what one labeler says of them.

    `verdict` is a, b, tie, both_bad or skip; `strength` is 1 to 4 for a side and 0 without. `flipped` says whether b
    was shown on the left; None where the file tells nothing of sides, as where one answer is simply the chosen one.
    """

    prompt: Messages
    a: str
    b: str
    verdict: str
    strength: int = 0
    labeler: str | None = None
    model_a: str | None = None
    model_b: str | None = None
    flipped: bool | None = None
    seconds: float | None = None
    details: Details = NOTHING
    is_repeat: bool = False  # of a pair that the labeler had seen, which is never learned from

    @property
    def has_side(self) -> bool:
        """Whether one answer is the better one."""
        return self.verdict in ("a", "b")

    @property
    def chosen(self) -> str:
        """The better answer, of a vote for one side."""
        return self.a if self.verdict == "a" else self.b

    @property
    def rejected(self) -> str:
        """The other answer."""
        return self.b if self.verdict == "a" else self.a

    def turned(self) -> PreferenceRow:
        """The same with a and b in each other's place."""
        return replace(
            self,
            a=self.b,
            b=self.a,
            model_a=self.model_b,
            model_b=self.model_a,
            verdict={"a": "b", "b": "a"}.get(self.verdict, self.verdict),
            flipped=None if self.flipped is None else not self.flipped,
            details=turned(self.details, True),
        )


IMPORTED = "imported"  # the labeler of what a file says without a name; one with a name is "imported:NAME"
PREFIX = f"{IMPORTED}:"


def labeler_of(name: str | None) -> str:
    """The user that a labeler of a file is here; apart from whoever has that name in this home."""
    return IMPORTED if name is None or name == IMPORTED else PREFIX + name.removeprefix(PREFIX)


def name_in_file(labeler: str | None) -> str | None:
    """What a labeler is called in a file of somebody else's format; people of this home as they are."""
    return None if labeler is None or labeler == IMPORTED else labeler.removeprefix(PREFIX)


def named(row: PreferenceRow) -> str:
    """`name_in_file` for a format that has to name somebody."""
    return name_in_file(row.labeler) or IMPORTED


Shape = PromptRow | DemonstrationRow | RatingRow | PreferenceRow


def prefers(prompt: Messages, chosen: str, rejected: str, strength: int) -> PreferenceRow:
    """A preference of which the file says only which answer is the better one."""
    return PreferenceRow(prompt, chosen, rejected, "a", strength)
