"""The real server as a process of its own, to be killed and started again."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
NOBODY = "http://127.0.0.1:9/v1"  # no chat server: these tests need no model


def free_port() -> int:
    """A port of the loopback that nobody uses, and that no other process of this test run will draw.

    Below the range from which the system draws the ports of outgoing connections.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = 12_000 + 5_000 * (worker % 4) + random.SystemRandom().randrange(5_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class ServerProcess:
    """`python app.py serve` on a home directory. As a context manager it is up inside and killed at the end."""

    options: tuple[str, ...] = ("--inference-url", NOBODY)

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | BaseProcess | None = None

    def start(self) -> None:
        """Start it and wait for its first page."""
        self.process = self.spawn("serve", "--port", str(self.port), "--home", str(self.home), *self.options)
        self.wait_until_up()

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes] | BaseProcess:
        """The process."""
        command = [sys.executable, "app.py", *arguments]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_until_up(self) -> None:
        """Wait for the first page of the process that was just started."""
        assert self.process is not None
        while not self.listens():
            if (code := exit_code(self.process)) is not None:
                raise AssertionError(f"the server ended with {code}")
            time.sleep(0.02)
        httpx.get(self.address, timeout=20, trust_env=False, verify=False).raise_for_status()

    def listens(self) -> bool:
        """Whether anybody answers at the port. A bare socket: it leaves the processor to the server that starts."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.join() if isinstance(self.process, BaseProcess) else self.process.wait()

    def __enter__(self) -> ServerProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class ForkedServer(ServerProcess):
    """The same, forked from a process that has its libraries loaded: it is up in a second, not in four."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.forks = multiprocessing.get_context("forkserver")
        self.forks.set_forkserver_preload(["gradio", "app", "labeling.ui.shell", "tests.server_process"])

    def spawn(self, *arguments: str) -> BaseProcess:
        """The process."""
        process = self.forks.Process(target=serve, args=[arguments])
        process.start()
        return process


def serve(arguments: tuple[str, ...]) -> None:
    """Be `python app.py` with these arguments."""
    import app

    silence = os.open(os.devnull, os.O_RDWR)
    for output in (1, 2):
        os.dup2(silence, output)
    sys.argv = ["app.py", *arguments]
    app.main()


def exit_code(process: subprocess.Popen[bytes] | BaseProcess) -> int | None:
    """How a process ended; None while it runs."""
    return process.exitcode if isinstance(process, BaseProcess) else process.poll()


class PageCalls:
    """What the scripts of the Rank and the Data page ask of the server at an address, asked by a program."""

    def __init__(self, address: str, headers: dict[str, str] | None = None) -> None:
        self.client = httpx.Client(base_url=address, headers=headers, timeout=20, trust_env=False, verify=False)
        self.page = uuid.uuid4().hex
        components = self.client.get("/config").json()["components"]
        self.component_ids = {name: one["id"] for one in components for name in one["props"].get("server_fns", [])}

    def __call__(self, name: str, **asked: Any) -> Any:
        """The answer to one call. Raises httpx.TransportError when the server is gone."""
        return self.ask(name, asked)

    def ask(self, name: str, data: Any) -> Any:
        """The same with anything for what is asked, also what no script would send."""
        body = {"component_id": self.component_ids[name], "fn_name": name, "session_hash": self.page, "data": data}
        escaped = json.dumps(body)  # as a script escapes it, so that half a character travels too
        headers = {"Content-Type": "application/json"}
        answer = self.client.post("/gradio_api/component_server/", content=escaped, headers=headers)
        answer.raise_for_status()
        return answer.json()
