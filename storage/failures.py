"""Why a job ended without a result, in four classes, with what to do about each."""

from __future__ import annotations

from typing import Literal

Failure = Literal["out_of_memory", "bad_data", "crash", "cancelled"]

REMEDIES: dict[str, str] = {
    "out_of_memory": "The batch is as small as it gets: set a smaller max_length, gradient_checkpointing=true or "
    "tuning=lora, or take a smaller model.",
    "bad_data": "Put right what the sentence names, then start it anew.",
    "crash": "Resume it from its newest checkpoint, or look at the end of its log.txt where it crashes again.",
    "cancelled": "Resume it to go on where it was stopped.",
}
