"""The catalogues of what a labeler reads: each says all of it, and nothing is said that is in none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from labeling.ui import catalogues, shell, theme
from storage.project import Project

ENGLISH = catalogues.catalogues()["en"]["texts"]
OTHERS = sorted(set(catalogues.catalogues()) - {"en"})
CATEGORIES = {"zero", "one", "two", "few", "many", "other"}  # of the Unicode CLDR
PAGES = ("rank.html", "rank.css")


def forms(entry: Any) -> dict[str, str]:
    """A text by plural category; one that counts nothing has only `other`."""
    return entry if isinstance(entry, dict) else {"other": entry}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def used() -> tuple[set[str], set[str]]:
    """The keys that the pages' code names whole, and the beginnings of those that it puts together."""
    scripts = "".join(path.read_text() for path in sorted(theme.STATIC.glob("*.js")))
    pages = "".join(path.read_text() for path in sorted(theme.STATIC.glob("*.html")))
    server = "".join(path.read_text() for path in sorted(theme.STATIC.parent.glob("*.py")))
    whole = set(re.findall(r'data-t(?:-[a-z]+)?="([^"{]+)"', pages + server))
    whole |= set(re.findall(r'\bsaid\(\s*"([^"]+)"', server))
    for call in re.findall(r"\bt\(([^`;]*?)[,)]", scripts):
        whole |= set(re.findall(r'"([a-z]\w*(?:\.[\w ]+)*)"', call))
    beginnings = set(re.findall(r"\bt\(`([\w.]+)\$\{", scripts)) | {"header."}
    return whole, beginnings


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_says_exactly_what_the_english_one_says(code: str) -> None:
    catalogue = catalogues.catalogues()[code]
    assert set(catalogue) == {"name", "direction", "texts"}
    assert catalogue["direction"] in ("ltr", "rtl")
    assert sorted(catalogue["texts"]) == sorted(ENGLISH)


@pytest.mark.parametrize("code", ["en", *OTHERS])
def test_every_text_has_the_placeholders_of_the_english_one(code: str) -> None:
    for key, entry in catalogues.catalogues()[code]["texts"].items():
        assert isinstance(entry, dict) == isinstance(ENGLISH[key], dict), key
        assert set(forms(entry)) <= CATEGORIES, key
        assert placeholders(forms(entry)["other"]) == placeholders(forms(ENGLISH[key])["other"]), key
        for text in forms(entry).values():
            assert text.strip(), key
            assert placeholders(text) <= placeholders(forms(ENGLISH[key])["other"]), key


def test_every_text_that_the_pages_name_is_there_and_every_text_there_is_named() -> None:
    whole, beginnings = used()
    assert len(whole) > 60
    assert whole - set(ENGLISH) == set()
    spare = {key for key in set(ENGLISH) - whole if not key.startswith(tuple(beginnings))}
    assert spare == set()
    assert {begin for begin in beginnings if not any(key.startswith(begin) for key in ENGLISH)} == set()


def test_every_page_of_the_header_and_every_word_that_comes_with_the_app_has_a_text() -> None:
    project = Project()
    assert {f"header.{name.lower()}" for name, _ in shell.PAGES.values()} <= set(ENGLISH)
    assert {f"word.{word}" for word in (*project.reasons, *project.flags)} <= set(ENGLISH)
