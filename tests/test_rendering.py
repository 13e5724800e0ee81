"""A model's text as HTML: what Markdown means is shown, and nothing in it can do anything."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.rendering import ATTRIBUTES, LONGEST_RENDERED, TAGS, rendered

FORMULA = "<math"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and *italic*", "<p><strong>bold</strong> and <em>italic</em></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("# Title", "<h3>Title</h3>"),
        ("###### Small", "<h6>Small</h6>"),
        ("```html\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
    ],
)
def test_markdown_is_shown(text: str, html: str) -> None:
    assert (rendered(text) or "").strip() == html


def test_a_table_keeps_its_alignment() -> None:
    html = rendered("|a|b|\n|-|-:|\n|1|2|") or ""
    assert "<th>a</th>" in html
    assert '<td style="text-align:right">2</td>' in html


@pytest.mark.parametrize("text", ["$x^2$", r"so \(x\) is", "$$\nx\n$$", r"\[ \frac{a}{b} \]", "- $$x$$", "a $$x$$ b"])
def test_latex_becomes_mathml(text: str) -> None:
    html = rendered(text) or ""
    assert FORMULA in html
    assert "$" not in html
    assert ('display="block"' in html) == ("$$" in text or r"\[" in text)


@pytest.mark.parametrize(
    "text", ["from $5 to $10", "it is 5$ or 6$", "$ x $", "a single $", r"$\sqrt$", "`$x$`", "$x\n\ny$", "$$\nx"]
)
def test_what_is_no_formula_stays_as_it_was_written(text: str) -> None:
    html = rendered(text) or ""
    assert FORMULA not in html
    assert re.sub(r"<[^>]+>|\s", "", html) == re.sub(r"[`\s]", "", text)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><input name=q></form>",
    "<style>* { display: none }</style>",
    "<svg onload=alert(1)>",
    "</div></article><h1>Vote A</h1>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![see](https://evil.example/who-reads.png)",
    "![see](data:image/svg+xml,<svg/>)",
    '[a]: https://evil.example "><img src=x>"\n\n[a]',
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\text{</mtext></math><script>alert(1)</script>}$",
    r"$\text{<style>*{}</style>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{position:fixed}{x}$ $\class{masthead}{x}$",
    "<a href='https://evil.example' style='position:fixed;inset:0'>x</a>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless_and_what_follows_is_still_there(text: str) -> None:
    html = rendered(text + "\n\nThe **end**.") or ""
    assert_harmless(html)
    assert html.rstrip().endswith("<p>The <strong>end</strong>.</p>")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([*HOSTILE, "$", "`", "\n", "> ", "- ", "[", "](", "<", ">", "\\", '"', "a"]), max_size=9)
)
def test_hostile_texts_together_are_as_harmless(parts: list[str]) -> None:
    assert_harmless(rendered("".join(parts)) or "")


def assert_harmless(html: str) -> None:
    """Every tag and every attribute is of the list, every address leads to a page or a mailbox."""
    for name, attributes in re.findall(r"<\s*/?\s*([^\s/>]+)([^>]*)>", html):
        assert name in TAGS
        for attribute, value in re.findall(r'([\w:-]+)="([^"]*)"', attributes):
            assert attribute in ATTRIBUTES.get(name, set()) | {"target", "rel", "class"}
            if attribute == "href":
                assert re.match(r"https?:|mailto:", value)
            if attribute == "style":
                assert re.fullmatch(r"text-align:\w+", value)
            if attribute == "class":
                assert value == "image"


def test_a_link_opens_a_window_that_learns_nothing_of_this_one() -> None:
    html = rendered("[site](https://example.org)") or ""
    assert 'href="https://example.org"' in html
    assert 'target="_blank" rel="noopener noreferrer nofollow"' in html


def test_an_image_is_told_and_not_loaded() -> None:
    assert rendered("![a cat](https://example.org/cat.png)") == (
        '<p><span class="image">a cat (https://example.org/cat.png)</span></p>\n'
    )


@pytest.mark.parametrize(
    "text", ["x" * (LONGEST_RENDERED + 1), ">" * 200 + " deep", "\n".join(" " * 2 * i + "- x" for i in range(60))]
)
def test_what_is_too_long_or_too_deep_is_not_rendered_rather_than_cut(text: str) -> None:
    assert rendered(text) is None


@pytest.mark.parametrize("bit", ["[", "*a **b ", "$a ", "![[]()"])
def test_no_text_takes_long(bit: str) -> None:
    """What takes more than linear time in a parser; a quarter of the longest, which takes a tenth of a second each."""
    began = time.process_time()
    assert rendered(bit * (LONGEST_RENDERED // 4 // len(bit))) is not None
    assert time.process_time() - began < 5
