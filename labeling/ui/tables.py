"""A table that may be wider than a phone: it scrolls by itself, with the keys too, and the page stays where it is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def scrolling(name: str, heads: Sequence[str], lines: str, look: str = "") -> str:
    """The HTML of a table; `name` is said to who cannot see it, `heads` and the tr of `lines` are HTML."""
    top = "".join(f"<th scope=col>{head}</th>" for head in heads)
    return (
        f'<div class="scroll {look}" role="region" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def scrolling_rows(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], look: str = "") -> str:
    """The same of rows of cells, which are HTML; the first of each is its head. Nothing where there is no row."""
    lines = "".join(
        f"<tr><th scope=row>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows
    )
    return scrolling(name, heads, lines, look) if rows else ""


def minute(moment: str) -> str:
    """When something was, as in "2026-03-01 12:30", of a time as the database has it."""
    return moment[:16].replace("T", " ")
