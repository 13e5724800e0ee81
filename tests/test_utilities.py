"""Utilities: a user's own function, found by FILE.py:NAME, and what happens when it is not as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import UserError
from storage.utilities import load_utility, value_of

SOURCE = """
from math import inf
GOLD = 7
def length(prompt, completion):
    return len(completion)
def endless(prompt, completion):
    return inf
def wordy(prompt, completion):
    return "very good"
def broken(prompt, completion):
    raise KeyError(prompt)
"""


@pytest.fixture
def taste(tmp_path: Path) -> str:
    (tmp_path / "taste.py").write_text(SOURCE)
    return str(tmp_path / "taste.py")


def test_a_function_is_found_by_its_file_and_name(taste: str) -> None:
    assert value_of(load_utility(f"{taste}:length"), "Hi", "Hello") == 5.0


@pytest.mark.parametrize("name", ["endless", "wordy", "broken"])
def test_what_gives_no_finite_number_is_refused(taste: str, name: str) -> None:
    with pytest.raises(UserError, match="utility"):
        value_of(load_utility(f"{taste}:{name}"), "Hi", "Hello")


@pytest.mark.parametrize("name", ["absent", "GOLD", ""])
def test_what_is_no_function_of_the_file_is_refused(taste: str, name: str) -> None:
    with pytest.raises(UserError, match="no function named"):
        load_utility(f"{taste}:{name}")


@pytest.mark.parametrize("reference", ["taste.py", "absent.py:length", ":length", ""])
def test_what_names_no_file_is_refused(reference: str) -> None:
    with pytest.raises(UserError, match=r"FILE\.py:FUNCTION"):
        load_utility(reference)


@pytest.mark.parametrize("source", ["def f(:", "1 / 0", "import no_such_module_at_all"])
def test_a_file_that_does_not_run_is_refused(tmp_path: Path, source: str) -> None:
    (tmp_path / "taste.py").write_text(source)
    with pytest.raises(UserError, match="does not run"):
        load_utility(f"{tmp_path / 'taste.py'}:f")


def test_a_file_that_is_no_python_by_its_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taste.txt").write_text(SOURCE)
    with pytest.raises(UserError, match=r"FILE\.py:FUNCTION"):
        load_utility(f"{tmp_path / 'taste.txt'}:length")
