"""Answers as they are written out, of one model or of two at once, and what happens when the server goes away."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labeling.ui.actions import Inference
from storage.errors import UserError
from storage.records import Message, Picking

PAUSE_S = 0.05  # between two pictures of an answer: what a browser can follow
ASK_AGAIN_S = 0.3
PATIENCE_S = 120.0  # for a server that starts

log = logging.getLogger("plumbline.chat")


@dataclass(frozen=True)
class Answering:
    """How far the answers are. `note` says why nothing is coming just now."""

    texts: tuple[str, ...]
    note: str = ""


def answers(
    inference: Inference, paths: Sequence[str], messages: Sequence[Message], pickings: Sequence[Picking | None] = ()
) -> Iterator[Answering]:
    """Pictures of the answers of the models in these directories, the last one complete.

    `pickings` says of each how its answer is picked among several; None, or nothing, is its only one.

    Waits for a server that starts, and asks once more when it was replaced in the middle. Raises UserError when there
    is no answer to be had.
    """
    try:
        yield from _wait(inference, len(paths))
        yield from _write(inference, paths, messages, pickings or [None] * len(paths))
    except UserError:
        time.sleep(ASK_AGAIN_S)  # by then the server has noticed what befell it
        if not inference.state():
            raise
        yield from _wait(inference, len(paths))
        yield from _write(inference, paths, messages, pickings or [None] * len(paths))


def _wait(inference: Inference, count: int) -> Iterator[Answering]:
    deadline = time.monotonic() + PATIENCE_S
    while sentence := inference.state():
        if time.monotonic() > deadline:
            raise UserError(sentence)
        yield Answering(("",) * count, sentence)
        time.sleep(ASK_AGAIN_S)


def _write(
    inference: Inference, paths: Sequence[str], messages: Sequence[Message], pickings: Sequence[Picking | None]
) -> Iterator[Answering]:
    """Each model writes in a thread of its own; when the reader goes away, they stop at their next piece."""
    texts = [""] * len(paths)
    pieces: queue.Queue[tuple[int, str | UserError | None]] = queue.Queue()
    stopped = threading.Event()

    def write(side: int) -> None:
        try:
            for piece in inference.stream(paths[side], messages, picking=pickings[side]):
                if stopped.is_set():
                    return
                pieces.put((side, piece))
            pieces.put((side, None))
        except UserError as error:
            pieces.put((side, error))
        except Exception as error:  # whatever befell it, the reader waits for a last word of this thread
            log.exception("an answer broke off")
            pieces.put((side, UserError(f"The answer broke off ({type(error).__name__}): the app's log says why.")))

    for side in range(len(paths)):
        threading.Thread(target=write, args=[side], daemon=True).start()
    writing = len(paths)
    try:
        while writing:
            batch = [pieces.get()]
            while not pieces.empty():
                batch.append(pieces.get())
            for side, piece in batch:
                if isinstance(piece, UserError):
                    raise piece
                writing -= piece is None
                texts[side] += piece or ""
            yield Answering(tuple(text.strip() for text in texts))
            time.sleep(PAUSE_S)
    finally:
        stopped.set()
