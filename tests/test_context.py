"""What is kept of a conversation, with every letter a token and eight more to a turn."""

from __future__ import annotations

import pytest

from alignment.context import fit
from storage.errors import UserError
from storage.records import Message


def test_all_is_kept_where_there_is_room() -> None:
    turns = [turn("user", "aa"), turn("assistant", "bb"), turn("user", "cc")]  # 10 each
    assert fit(turns, 30, len) == turns


def test_the_oldest_turns_go_first_and_a_user_opens() -> None:
    turns = [turn("user", "aa"), turn("assistant", "bb"), turn("user", "cc")]
    assert fit(turns, 29, len) == [turn("user", "cc")]


def test_system_messages_stay() -> None:
    turns = [turn("system", "ss"), turn("user", "aa"), turn("assistant", "bb"), turn("user", "cc")]
    assert fit(turns, 20, len) == [turn("system", "ss"), turn("user", "cc")]


def test_a_last_turn_that_does_not_fit_is_refused_with_how_much_it_is_over() -> None:
    with pytest.raises(UserError, match="this is 3 too many"):
        fit([turn("user", "aaaaa")], 10, len)


def turn(role: str, content: str) -> Message:
    return {"role": role, "content": content}
