"""Everyday things and what there is to say about each, read from the hand-written table things.txt."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "things.txt"
_TIMES = re.compile(r"(after|before|once|in (winter|summer$|the middle of the year)|on (grey|hot|autumn|a rainy))\b")


@dataclass(frozen=True)
class Thing:
    """A thing with its article, and phrases that fit a sentence about it: "a river is KIND", "it DOES", "it FEATURE".

    `look` follows "is", `feel` follows "makes people feel", `found` says where or when; the others are clauses.
    """

    group: str
    name: str
    kind: str
    does: str
    feature: str
    look: str
    feel: str
    found: str
    example: str
    why: str
    good: str
    bad: str

    @property
    def bare(self) -> str:
        """The name without its article."""
        return re.sub(r"^(an?|the) ", "", self.name)

    @property
    def it(self) -> str:
        """The pronoun."""
        return "this person" if self.group == "job" else "it"

    @property
    def place(self) -> str:
        """A clause that says where or when."""
        if _TIMES.match(self.found):
            return f"it comes {self.found}"
        one = "one" if self.name.startswith(("a ", "an ")) else "it"
        return f"you can {'meet' if self.group == 'job' else 'find'} {one} {self.found}"

    def words(self, suffix: str = "") -> dict[str, str]:
        """Every phrase by its name, for a template that may be about two things."""
        phrases = {field.name: getattr(self, field.name) for field in fields(self)}
        phrases |= {"bare": self.bare, "it": self.it, "place": self.place}
        return {name + suffix: phrase for name, phrase in phrases.items()}


@cache
def things() -> tuple[Thing, ...]:
    """All things, group by group, in the table's order."""
    found, group = [], ""
    for line in TABLE.read_text(encoding="ascii").splitlines():
        if line.startswith("# "):
            group = line[2:]
        else:
            found.append(Thing(group, *line.split(" | ")))
    return tuple(found)
