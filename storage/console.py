"""What all commands share: the --home and --json options, and the two ways to answer.

With --json a command prints exactly one JSON object on stdout; everything else, logs and progress, goes to stderr.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from storage.errors import UserError

DEFAULT_HOME = Path("plumbline-home")
BAR_WIDTH = 30
ACTOR = "cli"  # who did what a command does, on record


def _directory(text: str | Path) -> Path:
    if not str(text).strip():
        raise UserError("The home directory has no name: give one with --home, or leave the option out.")
    return Path(text)


Home = Annotated[
    Path,
    typer.Option(
        "--home",
        envvar="PLUMBLINE_HOME",
        parser=_directory,
        metavar="DIRECTORY",
        help="The home directory of the store.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def answer(as_json: bool, data: dict[str, Any], text: str) -> None:
    """Print a command's answer, as one JSON object or as text for a person."""
    print(json.dumps(data, ensure_ascii=False) if as_json else text)


def tell(text: str) -> None:
    """Tell the person at the terminal what is going on."""
    typer.echo(text, err=True)


def bar(doing: str, done: int, of: int) -> None:
    """Draw on stderr how far something is, over what stood there; only at a terminal. `of` is 0 where nobody knows."""
    if not sys.stderr.isatty():
        return
    filled = BAR_WIDTH * done // of if of else 0
    shown = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done:,} of {of:,}" if of else f"{done:,}" if done else "..."
    print(f"\r\033[K{doing} {shown}", end="\n" if of and done >= of else "", file=sys.stderr, flush=True)


def table(headings: list[str], rows: list[list[object]]) -> str:
    """Plain columns for a terminal."""
    cells = [headings, *[[str(value) for value in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    lines = ["  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)
