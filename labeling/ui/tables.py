"""A table that may be wider than a phone: it scrolls by itself, with the keys too, and the page stays where it is."""

from __future__ import annotations

from html import escape


def scrolling(name: str, heads: str, lines: str, look: str = "") -> str:
    """The HTML of a table; `name` is said to who cannot see it, `heads` are its th and `lines` its tr, as HTML."""
    return (
        f'<div class="scroll {look}" role="region" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )
