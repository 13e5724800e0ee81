"""A model's text as HTML that is safe to show: Markdown with tables, code and LaTeX, sanitised by nh3 (ammonia).

Raw HTML in the text is shown as text. No image is ever loaded, as it would tell another server who reads; its
description and its address stand in its place. Links open in a window of their own that learns nothing of this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from labeling import math_in_markdown

LONGEST_RENDERED = 40_000  # characters: the worst of that length takes a second
NESTING = 40  # quotes in quotes and lists in lists; of what is deeper the parser would leave out text
FIRST_HEADING = 3  # below the page's own headings

HTML = "p br hr h3 h4 h5 h6 ul ol li blockquote pre code em strong s a table thead tbody tr th td span"
TAGS = {*HTML.split(), *math_in_markdown.TAGS}
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "movablelimits", "minsize", "maxsize"},
    "mi": {"mathvariant"},
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "mtable": {"columnalign"},
    "menclose": {"notation"},
}


@lru_cache(maxsize=256)
def rendered(text: str) -> str | None:
    """The text as sanitised HTML, or None where it is too long or nested too deeply to be rendered."""
    if len(text) > LONGEST_RENDERED:
        return None
    parser = _parser()
    tokens = parser.parse(text)
    if any(token.level >= NESTING - 1 for token in tokens):
        return None
    return str(_sanitiser().clean(parser.renderer.render(tokens, parser.options, {})))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTING, "breaks": True})
    parser.enable(["table", "strikethrough"])
    math_in_markdown.add_math(parser)
    parser.add_render_rule("image", _image)
    for name in ("heading_open", "heading_close"):
        parser.add_render_rule(name, _heading)
    return parser


@lru_cache(maxsize=1)
def _sanitiser() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes={"span": {"image"}},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        filter_style_properties={"text-align"},
    )


def _image(self: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    image = tokens[place]
    described = " ".join(part for part in (image.content, f"({image.attrGet('src')})") if part)
    return f'<span class="image">{escapeHtml(described)}</span>'


def _heading(self: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    token = tokens[place]
    token.tag = f"h{min(6, int(token.tag[1]) + FIRST_HEADING - 1)}"
    return str(self.renderToken(tokens, place, options, env))
