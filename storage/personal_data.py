"""Personal data in prompts: mail addresses, phone numbers and card numbers, found before a labeler is shown them.

Phone numbers are Google's libphonenumber's to find: in international form those of every country, in national form
those of the United States and Canada. Card numbers are of a known issuer's form and pass the check of ISO/IEC 7812
(Luhn). Of a mail address the form is checked; domains that RFC 2606 keeps for examples are nobody's. Years, prices,
sums and the like pass. What is kept is the kind and the place, not the number itself once more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from phonenumbers import Leniency, PhoneNumberMatcher
from sqlite_utils import Database
from stdnum import luhn

from storage.database import now
from storage.records import Message

REGION = "US"  # of numbers without a country's code
MOST_TRIES = 1000  # at what looks like a phone number in one turn, so that a turn all of digits costs no minutes

_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@((?:[\w-]{1,63}\.)+[^\W\d_]{2,24})\b(?!\()")
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.com|\.net|\.org)?|test|invalid|localhost)$", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])")
_ISSUED = re.compile(r"4(\d{12}|\d{15}|\d{18})|(5[1-5]|2[2-7]|35)\d{14}|3[47]\d{13}|3[068]\d{12}|6(011|2|5)\d{12,16}")
_DIGITS = re.compile(r"\d(?:[^\w\n]{0,3}\d){6}")
# Ten digits in a row are as well a count or an order's number, unless something says that they are to be called.
_CALLED = re.compile(
    r"\b(?:phone|telephone|tel|call|mobile|cell|text|fax|whatsapp|dial)\b[^\d\n]{0,24}$", re.IGNORECASE
)


@dataclass(frozen=True)
class Finding:
    """Where a conversation seems to hold personal data: characters of one of its turns, counted from 0."""

    kind: Literal["mail", "phone", "card"]
    turn: int
    start: int
    length: int


def find(messages: Sequence[Message]) -> list[Finding]:
    """Everything found in a conversation, in its order."""
    return [finding for turn, message in enumerate(messages) for finding in _in_turn(turn, message["content"])]


def inspect(db: Database, prompt_id: int, messages: Sequence[Message]) -> None:
    """Keep what is found in a prompt, inside the transaction that stores it; it is withheld from then on."""
    for finding in find(messages):
        db.execute(
            "INSERT INTO personal_data (prompt_id, kind, turn, start, length, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            [prompt_id, finding.kind, finding.turn, finding.start, finding.length, now()],
        )


def inspect_all(db: Database) -> None:
    """`inspect` every prompt of a store from before there was such a search."""
    for row in db.query("SELECT prompt_id, messages FROM prompts"):
        inspect(db, row["prompt_id"], json.loads(row["messages"]))


def _in_turn(turn: int, text: str) -> list[Finding]:
    found = []
    if "@" in text:
        mails = (match for match in _MAIL.finditer(text) if not _RESERVED.search(match[1]))
        found += [Finding("mail", turn, match.start(), len(match[0])) for match in mails]
    if _DIGITS.search(text):
        cards = [match.span() for match in _CARD.finditer(text) if _is_card(match[0])]
        found += [Finding("card", turn, start, end - start) for start, end in cards]
        phones = ((start, end) for start, end in _phones(text) if not any(a < end and start < b for a, b in cards))
        found += [Finding("phone", turn, start, end - start) for start, end in phones]
    return sorted(found, key=lambda finding: finding.start)


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return _ISSUED.fullmatch(digits) is not None and luhn.is_valid(digits)


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in PhoneNumberMatcher(text, REGION, leniency=Leniency.VALID, max_tries=MOST_TRIES):
        if not match.raw_string.isdigit() or _CALLED.search(text, max(0, match.start - 60), match.start):
            yield match.start, match.end
