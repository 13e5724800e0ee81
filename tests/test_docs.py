"""The documents: what they point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage.exchange.formats import FORMATS
from storage.exchange.reading import SUFFIXES
from storage.exchange.tables import COLUMNS
from storage.exchange.writing import FILES

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
MODULE = re.compile(r"`((?:storage|labeling|alignment|tests|benchmarks|docs)/[\w/.-]*)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_is_named_exists(page: Path) -> None:
    for name in MODULE.findall(page.read_text()):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"`[^`\n]*`|^ {4}.*$|^```.*?^```", page.read_text(), re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"\bmake ([a-z][\w-]*)", "\n".join(code)))
    assert named <= targets


def test_every_command_of_the_makefile_is_said_to_a_reader() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "make run" in readme
    assert "make test" in readme


def test_every_format_and_every_field_is_in_the_page_of_formats() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    written = {name for one in FORMATS.values() for writer in one.writers.values() for name in writer.schema.names}
    for name in ("auto", *FORMATS, *SUFFIXES, *FILES, *COLUMNS, *sorted(written)):
        assert re.search(rf"{re.escape(name)}\b", page), name
