"""The server behind the chat, as it is in earnest: `transformers serve` with tiny models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from alignment.inference import SAMPLING, InferenceServer
from alignment.models import load_policy, load_reward_model
from alignment.normalise import normalise
from alignment.sampling import Sampling, sample
from storage.errors import UserError
from storage.records import Message, Model, Picking
from tests.tiny_models import POSITIONS, make_model, make_reward_model

QUESTION: list[Message] = [{"role": "user", "content": "Tell me about the sea, please."}]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a@home")  # an @ is a name like another
    for kind in ("llama", "gpt2", "qwen2"):
        normalise(make_model(kind, folder / kind))
    return folder


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[InferenceServer]:
    running = InferenceServer(models / "inference.log", promoted=lambda: str(models / "llama"))
    running.start()
    wait_until(lambda: not running.state())
    yield running
    running.stop()


def test_answers_arrive_in_pieces(server: InferenceServer, models: Path) -> None:
    pieces = list(server.stream(str(models / "llama"), QUESTION, seed=1))
    assert len(pieces) > 1
    assert pieces == list(server.stream(str(models / "llama"), QUESTION, seed=1))
    assert "".join(pieces) != answer(server, models / "llama", seed=2)


@pytest.mark.parametrize("kind", ["gpt2", "qwen2"])
def test_another_model_needs_no_restart(server: InferenceServer, models: Path, kind: str) -> None:
    child = child_of(server).pid
    assert answer(server, models / kind)
    assert child_of(server).pid == child


@pytest.mark.parametrize("kind", ["llama", "gpt2"])  # of which the second has no token to pad with
def test_it_answers_with_the_best_of_several(server: InferenceServer, models: Path, kind: str) -> None:
    picking = by(make_reward_model(models / kind, models / f"{kind}-reward"))
    *writing, best = server.stream(str(models / kind), QUESTION, seed=5, picking=picking)
    assert set(writing) == {""}
    assert best
    drawn = server.sampling(str(models / kind), picking)
    said = {"best_of": 4, "reward_model": f"{kind}-reward", "max_new_tokens": POSITIONS // 2}
    assert drawn == {**SAMPLING, **said}
    if kind == "llama":
        assert best == best_answer(models / kind, picking, drawn, seed=5)


def test_a_reward_model_that_cannot_be_loaded_is_one_sentence(server: InferenceServer, models: Path) -> None:
    with pytest.raises(UserError, match=r"^There is no model directory .*no-reward"):
        list(server.stream(str(models / "llama"), QUESTION, picking=by(models / "no-reward")))


def test_another_server_has_no_reward_model() -> None:
    remote = InferenceServer(Path("unused.log"), url="http://127.0.0.1:9/v1")
    with pytest.raises(UserError, match="has no reward model to pick the best of several answers: ask for one answer"):
        list(remote.stream("/models/any", QUESTION, picking=by(Path("/models/reward"))))


def test_a_long_conversation_keeps_its_newest_turns(server: InferenceServer, models: Path) -> None:
    turns: list[Message] = [
        {"role": role, "content": "the wide blue sea " * 4} for _ in range(40) for role in ("user", "assistant")
    ]
    assert answer(server, models / "gpt2", [*turns, *QUESTION])  # which cannot count beyond its 256 positions


def test_a_model_that_cannot_be_loaded_is_one_sentence(server: InferenceServer, models: Path) -> None:
    with pytest.raises(UserError, match="nowhere could not be loaded"):
        answer(server, models / "nowhere")


def test_it_listens_on_loopback_only(server: InferenceServer) -> None:
    sockets = [c.laddr.ip for c in child_of(server).net_connections() if c.status == psutil.CONN_LISTEN]
    assert sockets == ["127.0.0.1"]


def test_a_killed_child_is_replaced_and_answers_again(server: InferenceServer, models: Path) -> None:
    before = child_of(server)
    before.kill()
    wait_until(lambda: "started again" in server.state())
    with pytest.raises(UserError, match="started again"):
        answer(server, models / "llama")
    wait_until(lambda: not server.state())
    assert child_of(server).pid != before.pid
    assert answer(server, models / "llama")


def test_a_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from alignment.inference import InferenceServer\n"
        "InferenceServer(Path(sys.argv[1])).start(); time.sleep(600)"
    )
    parent = psutil.Popen(
        [sys.executable, "-c", script, str(tmp_path / "inference.log")], cwd=Path(__file__).parents[1]
    )
    wait_until(lambda: bool(parent.children()))
    (child,) = parent.children()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    remote = InferenceServer(Path("unused.log"), url="http://127.0.0.1:9/v1")
    with pytest.raises(UserError, match=r"^The inference server at http://127.0.0.1:9/v1 cannot be reached"):
        list(remote.stream("/models/any", QUESTION))
    remote.start()
    wait_until(lambda: "cannot be reached" in remote.state())
    remote.stop()


def test_a_server_by_url_is_asked_for_the_model_by_its_path(server: InferenceServer, models: Path) -> None:
    elsewhere = models / "inference.log"
    port = next(c.laddr.port for c in child_of(server).net_connections() if c.status == psutil.CONN_LISTEN)
    remote = InferenceServer(elsewhere, url=f"http://127.0.0.1:{port}")
    plain = make_model("llama", models.parent / "plain-name")
    normalise(plain)
    assert answer(remote, plain)


@pytest.mark.parametrize("spoilt", ["tokenizer.json", "config.json"])
def test_a_spoilt_model_does_not_end_the_supervision(tmp_path: Path, spoilt: str) -> None:
    model = make_model("llama", tmp_path / "model")
    (model / spoilt).write_text('{"text_config": 5, "model": 5}')
    InferenceServer(tmp_path / "log", promoted=lambda: str(model))._keep_warm()


def test_a_store_that_cannot_say_who_is_promoted_does_not_end_the_supervision(tmp_path: Path) -> None:
    def promoted() -> str:
        raise OSError("the disk is gone")

    InferenceServer(tmp_path / "log", promoted=promoted)._keep_warm()


@pytest.mark.parametrize("url", ["localhost:8000", "http://[::1", "http://localhost:abc", "ftp://localhost", "http://"])
def test_a_url_is_one(url: str) -> None:
    with pytest.raises(UserError, match="is none"):
        InferenceServer(Path("unused.log"), url=url)


def test_the_server_process_loads_no_torch() -> None:
    code = "import sys, alignment.inference, alignment.bring; print({'torch', 'transformers'} & set(sys.modules))"
    run = [sys.executable, "-c", code]
    assert subprocess.check_output(run, cwd=Path(__file__).parents[1], text=True) == "set()\n"


def answer(server: InferenceServer, model: Path, turns: list[Message] = QUESTION, seed: int | None = None) -> str:
    return "".join(server.stream(str(model), turns, seed))


def by(reward_model: Path) -> Picking:
    return Picking(4, Model(7, reward_model.name, "reward", str(reward_model), None, None, "registered", {}, ""))


def best_answer(policy: Path, picking: Picking, drawn: dict[str, Any], seed: int) -> str:
    """What the functions of the jobs say is the best of the answers that this seed gives."""
    sampling = Sampling(drawn["temperature"], drawn["top_p"], drawn["max_new_tokens"])
    answers = sample(*load_policy(policy), [QUESTION] * picking.best_of, sampling, seed)
    judge, _ = load_reward_model(picking.reward_model.path)
    scores = [judge(input_ids=torch.tensor([[*one.prompt_ids, *one.token_ids]])).logits.item() for one in answers]
    return answers[scores.index(max(scores))].text


def child_of(server: InferenceServer) -> psutil.Process:
    assert server._child is not None
    return psutil.Process(server._child.pid)


def wait_until(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)
