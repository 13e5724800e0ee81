r"""LaTeX in Markdown: `$x$` and `\(x\)` in a line, `$$x$$` and `\[x\]` on their own, as tokens of markdown-it.

A dollar opens only before a character that is no space, and closes only after one and before no digit, as in Pandoc's
`tex_math_dollars`, so that "$5 and $10" stays money. A formula is at most `LONGEST` characters, within one paragraph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST = 2000
NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
MATHML = (
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mstyle mtable mtr mtd"
    " mpadded mphantom menclose mmultiscripts mprescripts none"
)
TAGS = frozenset(MATHML.split())
CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}  # the longer ones are tried first
ON_THEIR_OWN = ("$$", "\\[")


def add_math(parser: MarkdownIt) -> None:
    """Let this parser read formulas and render them as MathML; whatever cannot be read stays as it was written."""
    parser.inline.ruler.before("escape", "math", _in_a_line)
    parser.block.ruler.before("fence", "math", _on_its_own, {"alt": ["paragraph", "blockquote", "list"]})
    parser.add_render_rule("math", _render)


def mathml(latex: str, block: bool) -> str | None:
    """The formula as MathML, or None where it is none.

    The converter quotes text without escaping it, so what comes out is taken only if it is MathML through and through.
    """
    try:
        found = str(convert(latex, display="block" if block else "inline"))
        tags = {one.tag.removeprefix(NAMESPACE) for one in ElementTree.fromstring(found).iter()}
    except Exception:  # noqa: BLE001  # text of a model's: the converter stumbles over it in ways of many kinds
        return None
    return found if tags <= TAGS else None


def _in_a_line(state: StateInline, silent: bool) -> bool:
    opening = next((mark for mark in CLOSING if state.src.startswith(mark, state.pos)), None)
    if opening is None:
        return False
    begin = state.pos + len(opening)
    end = state.src.find(CLOSING[opening], begin, min(begin + LONGEST, state.posMax))
    latex = state.src[begin:end]
    if end < 0 or not latex.strip() or (opening == "$" and not _is_no_money(state.src, begin, end)):
        return False
    if not silent:
        _put(state.push("math", "math", 0), latex, opening, opening in ON_THEIR_OWN)
    state.pos = end + len(opening)
    return True


def _is_no_money(text: str, begin: int, end: int) -> bool:
    return not text[begin].isspace() and not text[end - 1].isspace() and not text[end + 1 : end + 2].isdigit()


def _on_its_own(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    start = state.bMarks[first] + state.tShift[first]
    opening = next((mark for mark in ON_THEIR_OWN if state.src.startswith(mark, start)), None)
    if opening is None or state.is_code_block(first):
        return False
    begin = start + len(opening)
    end = state.src.find(CLOSING[opening], begin, min(begin + LONGEST, state.eMarks[last - 1]))
    line = next((line for line in range(first, last) if end <= state.eMarks[line]), last) if end >= 0 else last
    if line == last or state.src[end + len(opening) : state.eMarks[line]].strip() or not state.src[begin:end].strip():
        return False
    if not silent:
        _put(state.push("math", "math", 0), state.src[begin:end], opening, True)
        state.line = line + 1
    return True


def _put(token: Token, latex: str, opening: str, block: bool) -> None:
    token.content, token.markup, token.block = latex, opening, block


def _render(self: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    token = tokens[place]
    return mathml(token.content, token.block) or escapeHtml(token.markup + token.content + CLOSING[token.markup])
