"""The text in an answer that comes as server-sent events, one line of JSON each: the OpenAI protocol's, and our own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from storage.errors import UserError


def pieces(lines: Iterable[str]) -> Iterator[str]:
    """The pieces of text in these lines; a field that is null is taken as absent.

    Raises UserError where an event reports an error.
    """
    for line in lines:
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or data == "[DONE]":
            continue
        try:
            event = json.loads(data)
        except ValueError:  # an error message that the server did not escape
            event = {"error": data}
        if not isinstance(event, dict):
            continue
        if event.get("error"):
            raise UserError(f"The model could not answer ({str(event['error'])[:200]}).")
        for choice in event.get("choices") or []:
            if piece := (choice.get("delta") or {}).get("content"):
                yield piece


def picked(lines: Iterable[str]) -> Iterator[str]:
    """The one answer in the events of `alignment.best_of`; before it an empty piece for each that says it is written.

    Raises UserError where an event reports an error, or the last one is missing.
    """
    for line in lines:
        if not line.startswith("data:"):
            continue
        event = json.loads(line.removeprefix("data:"))
        if "error" in event:
            raise UserError(event["error"])
        yield event.get("text", "")
        if "text" in event:
            return
    raise UserError("The chat server stopped before the best answer was picked: ask again.")
