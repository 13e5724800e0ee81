"""The one error a person can cause and mend."""

from __future__ import annotations

import reprlib
from typing import Any

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 80
_short.maxlevel = 2


class UserError(Exception):
    """One clear sentence: what is wrong, where, and what to do about it.

    The command line prints it and exits with code 2; a page shows it. Whoever raises it has changed nothing.
    """


def shown(value: Any) -> str:
    """A value that somebody gave, as a sentence quotes it: written out, of one that goes on for ever the beginning.

    A few lines of YAML whose parts name one another stand for more than a memory holds.
    """
    return _short.repr(value)
