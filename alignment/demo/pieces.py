"""How families put hand-written pieces together: tables of rows, which rows meet, and which wordings are used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def table(text: str) -> list[list[str]]:
    """The rows of a table written as one line a row, with its cells parted by a bar."""
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def meetings(left: int, right: int, each: int) -> Iterator[tuple[int, int]]:
    """Index pairs in which every left index meets `each` right ones (at most `right`), all of them about as often."""
    for i in range(left):
        for k in range(each):
            yield i, (i + k * max(1, right // each)) % right


def some(options: Sequence[str], start: int, count: int) -> list[str]:
    """`count` neighbouring options from `start` on, going round at the end."""
    return [options[(start + k) % len(options)] for k in range(count)]


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
