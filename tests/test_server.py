"""The server as a process: what it loads, and what it refuses before it starts."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx

from storage.database import Store
from tests.server_process import NOBODY, ROOT, PageCalls, ServerProcess


def refused(home: Path, *options: str) -> str:
    """What `serve` says on its one line when it ends with code 2."""
    command = [sys.executable, "app.py", "serve", "--home", str(home), "--inference-url", NOBODY, *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    (sentence,) = ended.stderr.splitlines()
    return sentence


def test_the_first_pages_and_pairs_of_a_new_home_come_without_torch(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "home") as server:
        for path in ("/", "/align", "/chat", "/data"):
            assert httpx.get(server.address + path, trust_env=False).status_code == 200
        answer = PageCalls(server.address)("next_pairs", count=4, holding=[])
        assert len(answer["pairs"]) == 4
        assert server.process is not None
        loaded = Path(f"/proc/{server.process.pid}/maps").read_text()
        assert "_sqlite3" in loaded  # what is mapped is what is looked at
        assert "libtorch" not in loaded


def test_only_loopback_is_listened_on(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "example.org"):
        assert refused(tmp_path / "home", "--host", host) == (
            f"Without an admin's account the app listens on loopback only, not on {host}: make one first, with "
            "`python app.py user add NAME --role admin`."
        )
    assert not (tmp_path / "home").exists()
    Store.open(tmp_path / "other")
    assert "loopback only" in refused(tmp_path / "other", "--host", "0.0.0.0")


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refused(tmp_path / "home", "--port", str(port)) == (
            f"Port {port} of 127.0.0.1 cannot be used: choose another with --port."
        )
