"""What a labeler may say with a decision besides its verdict, read and checked."""

from __future__ import annotations

from typing import Any

from storage.errors import UserError
from storage.project import LONGEST_WORD, MOST_WORDS, is_word
from storage.records import Details
from storage.text import is_text

LONGEST_COMMENT = 2000  # characters
RATINGS = range(1, 6)


def read_details(asked: Any) -> Details:
    """Details from what a page or a program sent: null, or an object with any of their fields.

    Raises UserError for anything else.
    """
    if asked is None:
        return Details()
    if not isinstance(asked, dict) or not asked.keys() <= {"flagged", "reasons", "comment", "ratings"}:
        raise UserError("The details of a vote are an object with flagged, reasons, comment and ratings.")
    ratings = asked.get("ratings") or {}
    if not isinstance(ratings, dict) or not all(_is_rating(name, given) for name, given in ratings.items()):
        raise UserError("A rating is of a criterion, and gives both answers a whole number from 1 to 5.")
    reasons = asked.get("reasons") or []
    if not isinstance(reasons, list) or len(reasons) > MOST_WORDS or not all(map(is_word, reasons)):
        raise UserError(
            f"The reasons of a vote are up to {MOST_WORDS} texts of 1 to {LONGEST_WORD} printable characters."
        )
    comment = asked.get("comment") or ""
    if not is_text(comment) or len(comment) > LONGEST_COMMENT or "\0" in comment:
        raise UserError(f"The comment of a vote is a text of up to {LONGEST_COMMENT:,} characters.")
    if not isinstance(asked.get("flagged", False), bool):
        raise UserError("A vote is flagged or not: true or false.")
    given = {name: (left, right) for name, (left, right) in ratings.items()}
    return Details(asked.get("flagged", False), tuple(dict.fromkeys(reasons)), comment.strip(), given)


def check_flag(verdict: str, details: Details) -> None:
    """Raise UserError for a flag that does not come with a skip: what is wrong cannot be compared."""
    if details.flagged and verdict != "skip":
        raise UserError(f"A flagged pair is skipped, and {verdict} compares its answers: flag it, or vote on it.")


def _is_rating(name: Any, given: Any) -> bool:
    return is_word(name) and isinstance(given, list) and len(given) == 2 and all(map(_is_grade, given))


def _is_grade(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in RATINGS
