"""The chat's route that answers with the best of several answers: one policy writes them, a reward model picks.

It stands beside the routes of `transformers serve` and shares its policy, which is loaded once and let go of when it is
idle; so is the reward model, of which there is one at a time. Answers are scored as token ids, which must mean the
same to both models: `alignment.picking` sees to that. Runs in the process of `alignment.serve_child`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.cli.serving.model_manager import TimedModel

from alignment.critic import score
from alignment.models import context_length, load_reward_model
from alignment.rollouts import lay_out
from alignment.sampling import Sample, Sampling, sample
from storage.errors import UserError
from storage.records import Message

if TYPE_CHECKING:
    from transformers.cli.serving.model_manager import ModelManager
    from transformers.cli.serving.utils import GenerationState

CPU = torch.device("cpu")
AS_REWARD_MODEL = "@reward model"  # behind its directory: a policy's name there ends in a revision

log = logging.getLogger("plumbline.best_of")


class Asked(BaseModel):
    """What to answer and how: the two models by their directories, and the sampling."""

    model: str
    reward_model: str
    messages: list[dict[str, str]]  # of role and content
    n: int = Field(ge=2)
    max_tokens: int = Field(ge=1)
    temperature: float = Field(gt=0)
    top_p: float = Field(gt=0, le=1)
    seed: int | None = None


class RewardModels:
    """The reward model in memory, one at a time: among the models of `transformers serve`, which drops idle ones."""

    def __init__(self, manager: ModelManager) -> None:
        self._manager = manager
        self._lock = threading.Lock()

    def get(self, path: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """The reward model in a directory, and its tokenizer. Raises UserError when it cannot be loaded."""
        key, loaded = f"{path}{AS_REWARD_MODEL}", self._manager.loaded_models
        with self._lock:
            held = loaded.get(key)
            model, tokenizer = (held.model, held.processor) if held is not None else (None, None)
            if held is not None and model is not None:
                held.reset_timer()
                return model, tokenizer
            for other in [one for name, one in list(loaded.items()) if name.endswith(AS_REWARD_MODEL)]:
                other.delete_model()
            model, tokenizer = load_reward_model(path, device=CPU)
            idle_s = self._manager.model_timeout
            loaded[key] = TimedModel(model, idle_s, processor=tokenizer, on_unload=lambda: loaded.pop(key, None))
            return model, tokenizer


def add_route(app: FastAPI, manager: ModelManager, state: GenerationState) -> None:
    """Add POST /v1/best_of, a stream of events: `{"writing": tokens}` again and again, then `{"text": answer}` or
    `{"error": sentence}`. A reader who goes away ends the writing.
    """
    rewards = RewardModels(manager)

    @app.post("/v1/best_of")
    async def best_of(asked: Asked) -> StreamingResponse:
        name = manager.process_model_name(asked.model)
        policy, processor = await asyncio.to_thread(manager.load_model_and_processor, name)
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        loop, gone = asyncio.get_running_loop(), threading.Event()

        def tell(event: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def work() -> None:
            try:
                tell({"text": best_answer(policy, processor, rewards, asked, _telling(tell, gone))})
            except UserError as error:
                tell({"error": str(error)})
            except Exception as error:  # the reader waits for a last word
                log.exception("no answer could be picked")
                tell({"error": f"The answers could not be written ({type(error).__name__}): {str(error)[:200]}"})

        # The one thread on which this policy writes all its answers.
        state.get_manager(name).submit(work)
        return StreamingResponse(as_lines(events, gone), media_type="text/event-stream")


def best_answer(
    policy: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rewards: RewardModels,
    asked: Asked,
    writing: Callable[[int], bool] = lambda _: True,
) -> str:
    """The answer of `asked.n` that its reward model scores highest. `writing` as in `alignment.sampling.sample`.

    Raises UserError when the reward model cannot be loaded, which is found before anything is written.
    """
    judge, its_tokenizer = rewards.get(asked.reward_model)
    seed = secrets.randbits(31) if asked.seed is None else asked.seed
    sampling = Sampling(asked.temperature, asked.top_p, asked.max_tokens, asked.n)
    messages: list[Message] = [{"role": one["role"], "content": one["content"]} for one in asked.messages]
    drawn = sample(policy, tokenizer, [messages] * asked.n, sampling, seed, writing=writing)
    return drawn[highest(drawn, scores_of(judge, its_tokenizer.pad_token_id, drawn))].text


@torch.inference_mode()
def scores_of(judge: PreTrainedModel, pad_id: int, drawn: Sequence[Sample]) -> list[float]:
    """A reward model's scores of answers to one prompt, whose front it does not read where that is too long for it."""
    limit = context_length(judge)
    room = None if limit is None else max(1, limit - max(len(one.token_ids) for one in drawn))
    seen = [one if room is None else replace(one, prompt_ids=one.prompt_ids[-room:]) for one in drawn]
    scores: list[float] = score(judge, lay_out(seen, pad_id, judge.device))[0].tolist()
    return scores


def highest(drawn: Sequence[Sample], scores: Sequence[float]) -> int:
    """Which answer has the highest score, the first of equals; an empty one only where all are."""
    return max(range(len(drawn)), key=lambda place: (bool(drawn[place].text.strip()), scores[place]))


def _telling(tell: Callable[[dict[str, Any]], None], gone: threading.Event) -> Callable[[int], bool]:
    def writing(tokens: int) -> bool:
        tell({"writing": tokens})
        return not gone.is_set()

    return writing


async def as_lines(events: asyncio.Queue[dict[str, Any]], gone: threading.Event) -> AsyncIterator[str]:
    try:
        last = False
        while not last:
            event = await events.get()
            last = "writing" not in event
            yield f"data: {json.dumps(event)}\n\n"
    finally:
        gone.set()
