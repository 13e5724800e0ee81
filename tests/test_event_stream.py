"""What is read out of the events of a chat server, our own or anybody's."""

from __future__ import annotations

import pytest

from alignment.event_stream import pieces
from storage.errors import UserError


def text(*events: str) -> str:
    return "".join(pieces(f"data: {event}" for event in events))


def test_the_contents_are_the_text() -> None:
    assert text('{"choices": [{"delta": {"content": "The "}}]}', '{"choices": [{"delta": {"content": "sea."}}]}') == (
        "The sea."
    )


@pytest.mark.parametrize(
    "event",
    [
        "[DONE]",
        "null",
        "{}",
        '{"choices": null}',
        '{"choices": []}',
        '{"error": null}',
        '{"choices": [{"delta": null}]}',
    ],
)
def test_an_event_without_text_is_no_trouble(event: str) -> None:
    assert text(event, '{"choices": [{"delta": {"content": "On."}}]}') == "On."


@pytest.mark.parametrize("event", ['{"error": {"message": "out of memory"}}', "out of memory"])
def test_an_error_is_one_sentence(event: str) -> None:
    with pytest.raises(UserError, match=r"The model could not answer \(.*out of memory"):
        text(event)
