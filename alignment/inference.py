"""The server that answers in chat: `transformers serve` as a supervised child, or one that somebody else runs.

The child listens on loopback and speaks the OpenAI protocol. The model named in a request is a directory, so another
model needs no restart; a supervising thread starts the child again when it dies and keeps the promoted model loaded.
A server given by its URL gets the same requests: the model's name is the path of its directory, which is what vLLM
(`vllm serve DIR`) calls a model by itself. Imports no torch.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from alignment.chatformat import storable
from alignment.context import context_length, fit, token_counter
from alignment.event_stream import picked, pieces
from alignment.jobdir import job_environment
from storage.errors import UserError
from storage.records import Message, Picking

MAX_NEW_TOKENS = 256
SAMPLING = {"temperature": 0.7, "top_p": 0.95}
KEEP_WARM_S = 240.0  # well below the child's --model-timeout
STARTUP_S = 180.0  # a child that does not answer for so long is given up
LONGEST_BACKOFF_S = 30.0
TICK_S = 0.5
ASK_REMOTE_S = 5.0

STARTING = "The chat server is starting: this takes a few seconds."
RESTARTING = "The chat server stopped and is being started again: this takes a few seconds."

log = logging.getLogger("plumbline.inference")


class InferenceServer:
    """Answers conversations. With `url` it is a client of that server; else it starts and supervises its own."""

    def __init__(
        self,
        log_file: Path,
        url: str | None = None,
        key: str | None = None,
        promoted: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`log_file`: where the child's output goes. `promoted`: the directory of the model to keep loaded."""
        self.log_file = log_file.resolve()
        self.url = _base(url) if url else None
        self.promoted = promoted
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        # A proxy for the way out would be in the way on loopback.
        timeout = httpx.Timeout(STARTUP_S, connect=5.0)
        self._client = httpx.Client(timeout=timeout, trust_env=self.url is not None)
        self._child: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._state = STARTING
        self._stopping = threading.Event()
        self._warmed: tuple[str | None, float] = (None, 0.0)

    def start(self) -> None:
        """Bring the server up in the background; returns at once."""
        target = self._supervise if self.url is None else self._watch_remote
        threading.Thread(target=target, name="inference", daemon=True).start()

    def stop(self) -> None:
        """Take the child down; a server of somebody else's is left alone."""
        self._stopping.set()
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def state(self) -> str:
        """Empty when the server is ready, else one sentence for the page."""
        child = self._child
        if not self._state and child is not None and child.poll() is not None:
            return RESTARTING  # before the supervisor has noticed
        return self._state

    def sampling(self, model_path: str, picking: Picking | None = None) -> dict[str, Any]:
        """How the model in that directory draws an answer, as `stream` has it do."""
        longest, _ = _lengths(Path(model_path))
        best = {"best_of": picking.best_of, "reward_model": picking.reward_model.name} if picking else {}
        return {**SAMPLING, "max_new_tokens": longest, **best}

    def stream(
        self, model_path: str, messages: Sequence[Message], seed: int | None = None, picking: Picking | None = None
    ) -> Iterator[str]:
        """Pieces of the answer of the model in that directory, as they are written; with `picking` one piece in the
        end, the best of several answers, and before it empty ones while they are written.

        The oldest turns are left out where the conversation is longer than the model's context. Raises UserError when
        there is no answer to be had.
        """
        if self.url is None and (sentence := self.state()):
            raise UserError(sentence)
        body = self._request(model_path, messages, seed)
        for piece in self._ask(body) if picking is None else self._ask_best_of(body, picking):
            yield storable(piece)

    def _request(self, model_path: str, messages: Sequence[Message], seed: int | None) -> dict[str, Any]:
        path = Path(model_path).resolve()
        longest, room = _lengths(path)
        turns = list(messages) if room is None else fit(messages, room, token_counter(path))
        body = {"model": str(path), "messages": turns, "stream": True, "max_tokens": longest, **SAMPLING}
        if seed is not None:
            body["seed"] = seed
        if self.url is None:
            body["model"] = self._in_child(path)
            # It samples only if told so here; what is left open comes from the model's own settings.
            body["generation_config"] = json.dumps({"do_sample": True, **SAMPLING})
        return body

    def _in_child(self, path: Path) -> str:
        """Relative to the child's directory: it takes an @ in a name for the mark of a revision."""
        return os.path.relpath(path, self.log_file.parent)

    def _ask_best_of(self, body: dict[str, Any], picking: Picking) -> Iterator[str]:
        if self.url is not None:
            raise UserError(
                f"The inference server at {self.url} has no reward model to pick the best of several answers: ask for "
                "one answer, or start the app without --inference-url."
            )
        told = {name: body[name] for name in ("model", "messages", "max_tokens", "seed", *SAMPLING) if name in body}
        judge = self._in_child(Path(picking.reward_model.path).resolve())
        yield from self._ask({**told, "n": picking.best_of, "reward_model": judge}, "best_of", picked)

    def _ask(
        self, body: dict[str, Any], route: str = "chat/completions", read: Callable[..., Iterator[str]] = pieces
    ) -> Iterator[str]:
        try:
            with self._client.stream(
                "POST", f"{self._address()}/{route}", json=body, headers=self._headers
            ) as response:
                if response.status_code != 200:
                    response.read()
                    raise UserError(self._refusal(response, body["model"]))
                yield from read(response.iter_lines())
        except httpx.HTTPError as error:
            log.warning("an answer broke off: %r", error)
            if self.url is None:
                raise UserError("The chat server stopped before the answer was complete: ask again.") from error
            raise UserError(_unreachable(self.url, error)) from error

    def _address(self) -> str:
        return self.url or f"http://127.0.0.1:{self._port}/v1"

    def _refusal(self, response: httpx.Response, model: str) -> str:
        if self.url is None:
            return (
                f"The model in {Path(model).name} could not be loaded to answer: the reason is at the end of "
                f"{self.log_file}."
            )
        if response.status_code in (401, 403):
            return f"The inference server at {self.url} refuses the key: set PLUMBLINE_INFERENCE_KEY."
        if response.status_code == 404:
            return f"The inference server at {self.url} has no model named {model}: serve it there by that name."
        return f"The inference server at {self.url} answered {response.status_code}: {response.text.strip()[:200]}"

    def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._spawn()
            if self._answers():
                failures = 0
                self._keep_warm()
                self._state = ""
                log.info("the chat server is ready on port %d", self._port)
                while not self._stopping.wait(TICK_S) and self._alive():
                    self._keep_warm()
            failures += 1
            self._state = RESTARTING if failures < 4 else f"The chat server does not start: {self.log_file} says why."
            self._warmed = (None, 0.0)
            if not self._stopping.is_set():
                log.warning("the chat server stopped and is started again")
                self._stopping.wait(min(0.1 * 2**failures, LONGEST_BACKOFF_S))

    def _spawn(self) -> None:
        self._port = _free_port()
        threads = str(max(1, (os.cpu_count() or 2) // 2))  # the rest is the trainers'
        with self.log_file.open("ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("serve_child.py")), str(self._port)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=self.log_file.parent,
                env={**os.environ, **job_environment(), "OMP_NUM_THREADS": threads},
            )
        if self._stopping.is_set():  # `stop` came in between and saw no child
            self._child.kill()

    def _alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _answers(self) -> bool:
        """Wait until the new child is well; False when it died or took too long."""
        deadline = time.monotonic() + STARTUP_S
        while self._alive() and time.monotonic() < deadline and not self._stopping.wait(0.1):
            with contextlib.suppress(httpx.HTTPError):
                if self._client.get(f"http://127.0.0.1:{self._port}/health").status_code == 200:
                    return self._alive()
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        return False

    def _keep_warm(self) -> None:
        """Let the promoted model write a token when it is new, or was long not asked, so that it is loaded."""
        try:
            path = self.promoted()
            loaded, since = self._warmed
            if path is None or (path == loaded and time.monotonic() - since < KEEP_WARM_S):
                return
            self._warmed = (path, time.monotonic())
            for _ in self._ask({**self._request(path, [{"role": "user", "content": "Hello."}], None), "max_tokens": 1}):
                pass
        except UserError as error:
            log.warning("the promoted model was not loaded ahead: %s", error)
        except Exception:  # a spoilt model must not end the thread that supervises the server
            log.exception("the promoted model was not loaded ahead")

    def _watch_remote(self) -> None:
        assert self.url is not None
        while not self._stopping.is_set():
            try:
                self._client.get(f"{self.url}/models", headers=self._headers, timeout=ASK_REMOTE_S)
                self._state = ""
            except httpx.HTTPError as error:
                self._state = _unreachable(self.url, error)
            self._stopping.wait(ASK_REMOTE_S)


def _lengths(model: Path) -> tuple[int, int | None]:
    """Tokens of an answer at most, and of the conversation before it; None where the model names no limit."""
    limit = context_length(model)
    longest = MAX_NEW_TOKENS if limit is None else min(MAX_NEW_TOKENS, limit // 2)
    return longest, None if limit is None else limit - longest


def _base(url: str) -> str:
    """The address that the paths of the OpenAI protocol are put behind: /v1, unless `url` names a path of its own."""
    not_one = UserError(f"The inference URL {url!r} is none: give it as in http://127.0.0.1:8000/v1.")
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise not_one from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise not_one
    return url.rstrip("/") if parts.path.strip("/") else f"{url.rstrip('/')}/v1"


def _unreachable(url: str, error: httpx.HTTPError) -> str:
    return f"The inference server at {url} cannot be reached ({type(error).__name__}): check that it runs."


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
