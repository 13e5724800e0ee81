"""The text in an answer of the OpenAI protocol, which comes as server-sent events, one line of JSON each."""

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
