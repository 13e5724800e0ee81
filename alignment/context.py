"""Fitting a conversation into what a model can take in at once. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from storage.errors import UserError
from storage.records import Message

TOKENS_A_TURN = 8  # what a chat template puts around a turn; enough for the common ones
BYTES_A_TOKEN = 3  # where a model's own tokenizer cannot be asked


def fit(messages: Sequence[Message], room: int, count: Callable[[str], int]) -> list[Message]:
    """The newest turns that fit into `room` tokens, behind the system messages, which stay.

    What is kept opens with a user's turn, as templates ask for. Raises UserError when not even the last turn fits.
    """
    system = [turn for turn in messages if turn["role"] == "system"]
    talk = [turn for turn in messages if turn["role"] != "system"]
    left = room - sum(count(turn["content"]) + TOKENS_A_TURN for turn in system)
    kept = 0
    for turn in reversed(talk):
        left -= count(turn["content"]) + TOKENS_A_TURN
        if left < 0:
            break
        kept += 1
    newest = talk[len(talk) - kept :]
    while newest and newest[0]["role"] == "assistant":
        newest = newest[1:]
    if not newest:
        raise UserError(
            f"The message is too long for this model, which takes about {room} tokens and also needs room for its "
            f"answer; this is {-left} too many: shorten it."
        )
    return [*system, *newest]


def context_length(model: Path) -> int | None:
    """Tokens that the model in a directory takes at most, or None where its config names no limit."""
    try:
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return limit_in((config.get("text_config") or config).get)


def limit_in(setting: Callable[[str], int | None]) -> int | None:
    """Tokens that a model takes at most by the settings of its config, or None where it names no limit."""
    limit = setting("max_position_embeddings") or setting("n_positions")
    return int(limit) if limit else None


@lru_cache(maxsize=8)
def token_counter(model: Path) -> Callable[[str], int]:
    """Counts the tokens of a text with the tokenizer in a directory, or about, where it is not a tokenizer.json."""
    from tokenizers import Tokenizer

    file = model / "tokenizer.json"
    if not file.is_file():
        return lambda text: len(text.encode()) // BYTES_A_TOKEN + 1
    tokenizer = Tokenizer.from_file(str(file))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
