"""The chat's endpoints for programs: /chat, and /rate for a thumb on what it answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from labeling.accounts import require
from labeling.rating import rate
from labeling.ui.actions import Actions
from labeling.ui.answering import answers
from labeling.ui.best_of import pickings
from labeling.ui.errors import gradio_error
from labeling.ui.identity import user_of
from labeling.ui.thumbs import Answers
from labeling.ui.turns import to_messages
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.prompts import prompt_hash
from storage.records import Message
from storage.text import is_text


@dataclass(frozen=True)
class ChatEndpoints:
    """What programs may ask. Both ask for the role themselves; `known` is what the page knows of its answers too."""

    store: Store
    actions: Actions
    known: Answers

    def answer(
        self,
        message: str,
        request: gr.Request,
        history: list[dict[str, str]] | None = None,
        model: str = "",
        best_of: int = 1,
    ) -> str:
        """Answer a message after the turns in `history` (role and content); `model` is a name, "" the promoted one.
        With `best_of` (2 to 16) the best of so many answers, picked by the newest reward model of its vocabulary."""
        labeler = require(self.store, user_of(request), "labeler")
        if not is_text(message) or not is_text(model):
            raise UserError("The message and the name of the model are texts.")
        asked: list[Message] = [*to_messages(history or []), {"role": "user", "content": message}]
        policy = registry.policy_named(self.store, model)
        picked = pickings(self.actions, [policy], best_of)
        *_, whole = answers(self.actions.inference, [policy.path], asked, picked)
        drawn = self.actions.inference.sampling(policy.path, picked[0])
        self.known.remember(labeler, [*asked, {"role": "assistant", "content": whole.texts[0]}], policy.model_id, drawn)
        return whole.texts[0]

    def rate(
        self,
        message: str,
        answer: str,
        thumb: str,
        client_key: str,
        request: gr.Request,
        history: list[dict[str, str]] | None = None,
        model: str = "",
    ) -> dict[str, Any]:
        """Give the answer that `model` ("" for the promoted one) gave to a message, after the turns in `history`, a
        thumb: up, down, or withdrawn to take it back. It is on disk when this answers with its rating_id. The same
        client_key again is the same rating."""
        labeler = require(self.store, user_of(request), "labeler")
        if not is_text(message) or not is_text(answer) or not is_text(model):
            raise UserError("The message, the answer and the name of the model are texts.")
        asked: list[Message] = [*to_messages(history or []), {"role": "user", "content": message}]
        model_id = registry.policy_named(self.store, model).model_id
        given = self.known.find(labeler, prompt_hash([*asked, {"role": "assistant", "content": answer}]))
        drawn = given.sampling if given is not None and given.model_id == model_id else {}
        return asdict(rate(self.store, labeler, asked, model_id, answer, thumb, client_key, drawn))

    def add(self, **limited: Any) -> None:
        """Put both among the endpoints of the app that is being built; `limited` is how many chats run at once."""
        gr.api(gradio_error(self.answer), api_name="chat", **limited)
        gr.api(gradio_error(self.rate), api_name="rate", concurrency_limit=None)
