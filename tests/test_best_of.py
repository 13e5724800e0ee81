"""Best of n as the process behind the chat does it: which answer is picked, and what is in memory for how long."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers.cli.serving.model_manager import ModelManager

from alignment.best_of import AS_REWARD_MODEL, Asked, RewardModels, as_lines, best_answer, highest, scores_of
from alignment.models import load_policy, load_reward_model
from alignment.normalise import normalise
from alignment.sampling import Sample, Sampling, sample
from storage.records import Message
from tests.test_inference import wait_until
from tests.tiny_models import POSITIONS, make_model, make_reward_model

QUESTION: list[Message] = [{"role": "user", "content": "Tell me about the sea, please."}]
SAMPLING = {"temperature": 0.7, "top_p": 0.95}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """llama and gpt2, each with two reward models; gpt2 has no token to pad with until it is made a reward model."""
    folder = tmp_path_factory.mktemp("a@home")
    for kind in ("llama", "gpt2"):
        normalise(make_model(kind, folder / kind))
        for seed in (1, 2):
            make_reward_model(folder / kind, folder / f"{kind}-reward-{seed}", seed)
    return folder


@pytest.fixture
def rewards() -> Iterator[RewardModels]:
    manager = ModelManager(device="cpu", dtype="float32", model_timeout=600)
    yield RewardModels(manager)
    manager.shutdown()


def drawn(text: str = "so", tokens: tuple[int, ...] = (5, 6), prompt: tuple[int, ...] = (3, 4)) -> Sample:
    return Sample(text, prompt, tokens, True)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_the_answer_is_the_one_of_n_that_the_reward_model_scores_highest(
    models: Path, rewards: RewardModels, kind: str
) -> None:
    policy, tokenizer = load_policy(models / kind)
    judge, _ = load_reward_model(models / f"{kind}-reward-1")
    answers = sample(policy, tokenizer, [QUESTION] * 6, Sampling(0.7, 0.95, 40, 6), seed=3)
    ids = [torch.tensor([[*one.prompt_ids, *one.token_ids]]) for one in answers]
    scores = [judge(input_ids=one).logits.item() for one in ids]  # one by one, so that nothing is padded
    asked = Asked(
        model="",
        reward_model=str(models / f"{kind}-reward-1"),
        messages=QUESTION,
        n=6,
        max_tokens=40,
        seed=3,
        **SAMPLING,
    )
    assert best_answer(policy, tokenizer, rewards, asked) == answers[scores.index(max(scores))].text


def test_an_empty_answer_is_picked_only_where_all_are() -> None:
    assert highest([drawn(), drawn(), drawn()], [0.1, 0.3, 0.3]) == 1
    assert highest([drawn(), drawn(" \n"), drawn()], [0.1, 0.9, 0.3]) == 2
    assert highest([drawn(""), drawn(" ")], [0.1, 0.9]) == 1


def test_of_a_conversation_too_long_for_the_reward_model_the_end_is_read(models: Path) -> None:
    judge, tokenizer = load_reward_model(models / "gpt2-reward-1")  # which cannot count beyond its positions
    far = tuple(range(10, 40)) * 20
    scores = scores_of(judge, tokenizer.pad_token_id, [drawn(prompt=far), drawn(tokens=(5, 6, 7), prompt=far)])
    seen = torch.tensor([[*far[-(POSITIONS - 3) :], 5, 6, 7]])
    assert scores[1] == pytest.approx(judge(input_ids=seen).logits.item(), abs=1e-5)


def test_one_reward_model_is_held_and_let_go_of_for_another_or_when_it_is_idle(models: Path) -> None:
    manager = ModelManager(device="cpu", dtype="float32", model_timeout=600)
    rewards = RewardModels(manager)
    first = str(models / "llama-reward-1")
    model = weakref.ref(rewards.get(first)[0])
    assert rewards.get(first)[0] is model()
    rewards.get(str(models / "llama-reward-2"))
    wait_until(lambda: model() is None)
    assert [*manager.loaded_models] == [f"{models / 'llama-reward-2'}{AS_REWARD_MODEL}"]
    manager.shutdown()
    manager.model_timeout = 1
    model = weakref.ref(rewards.get(first)[0])
    wait_until(lambda: model() is None and not manager.loaded_models)


def test_a_reader_who_goes_away_ends_the_writing(models: Path) -> None:
    policy, tokenizer = load_policy(models / "llama")
    seen: list[int] = []

    def until_four(tokens: int) -> bool:
        seen.append(tokens)
        return tokens < 4

    answers = sample(policy, tokenizer, [QUESTION] * 3, Sampling(0.7, 0.95, 40, 3), seed=1, writing=until_four)
    assert seen == [1, 2, 3, 4]
    assert max(len(one.token_ids) for one in answers) == 4

    async def read_one_and_leave() -> tuple[str, bool]:
        events: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        events.put_nowait({"writing": 1})
        gone = threading.Event()
        lines = as_lines(events, gone)
        line = await anext(lines)
        await lines.aclose()
        return line, gone.is_set()

    assert asyncio.run(read_one_and_leave()) == ('data: {"writing": 1}\n\n', True)
