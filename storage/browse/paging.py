"""One page of a list, newest first. A page begins at a row's id, so a million rows take no longer than ten."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlite_utils.utils import sqlite3

from storage.database import Store
from storage.errors import UserError

PAGE = 50  # rows to a page
PATIENCE_S = 10.0  # for one page; a filter that fits almost nothing can have a reader wait for all rows
STEPS = 100_000  # of SQLite's machine between two looks at the clock

Row = TypeVar("Row")


@dataclass(frozen=True)
class Edge:
    """Where a page begins: below the row of id `before`, above the one of id `after`, or with the newest."""

    before: int | None = None
    after: int | None = None


NEWEST = Edge()


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of one page, newest first, and whether there are matching ones on either side of it."""

    rows: list[Row]
    newer: bool
    older: bool


def page(
    store: Store, select: str, conditions: list[str], key: str, wanted: Mapping[str, Any], edge: Edge
) -> Page[dict[str, Any]]:
    """The rows of a SELECT up to its WHERE that meet all conditions, in the order of their `key`, a rowid.

    `wanted` are the parameters of both. Raises UserError where it takes too long.
    """
    where, order = [*conditions], "DESC"
    if edge.after is not None:
        where.append(f"{key} > :after")
        order = "ASC"
    elif edge.before is not None:
        where.append(f"{key} < :before")
    sql = f"{select} WHERE {' AND '.join(where) or 'true'} ORDER BY {key} {order} LIMIT {PAGE + 1}"
    with patience(store):
        rows = store.rows(sql, {**wanted, "before": edge.before, "after": edge.after})
    more = len(rows) > PAGE
    if edge.after is not None:
        return Page(rows[:PAGE][::-1], newer=more, older=True)
    return Page(rows[:PAGE], newer=edge.before is not None, older=more)


@contextmanager
def patience(store: Store, seconds: float = PATIENCE_S) -> Iterator[None]:
    """End what is asked of the store within the block after so many seconds, with a UserError."""
    connection = store.db().conn
    until = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        raise UserError(
            "Too few rows fit this to be found in time: leave a filter out, or look for a rarer word."
        ) from error
    finally:
        connection.set_progress_handler(None, 0)
