"""Utilities: functions `f(prompt: str, completion: str) -> float` in a user's file that stand in for a person's taste.

Simulated labelers vote by one, and an evaluation can be judged by one. The file is the user's own program and is run
as such.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path

from storage.errors import UserError

Utility = Callable[[str, str], float]


def load_utility(reference: str) -> Utility:
    """The function that "FILE.py:NAME" names. Raises UserError when there is none."""
    path, colon, name = reference.rpartition(":")
    if not colon or not path.endswith(".py") or not Path(path).is_file():
        raise UserError(f"The utility {reference!r} is not of the form FILE.py:FUNCTION with a file that is there.")
    spec = importlib.util.spec_from_file_location("plumbline_utility", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the file is the user's, and anything in it may go wrong
        raise UserError(f"The utility file {path} does not run ({type(error).__name__}: {error}).") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise UserError(f"The utility file {path} has no function named {name!r}.")
    return function


def value_of(utility: Utility, prompt: str, completion: str) -> float:
    """What the utility gives for an answer. Raises UserError when it fails or gives no finite number."""
    try:
        value = float(utility(prompt, completion))
    except Exception as error:  # the function is the user's, and anything in it may go wrong
        raise UserError(f"The utility failed on an answer ({type(error).__name__}: {error}).") from error
    if not math.isfinite(value):
        raise UserError(f"The utility gave {value} for an answer: it has to be a finite number.")
    return value
