"""The Chat page: talk to the promoted model, to another one, or to two at once without knowing which is which."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.context import Context

from labeling import session
from labeling.accounts import require
from labeling.ui import theme
from labeling.ui.actions import Actions
from labeling.ui.answering import answers
from labeling.ui.conversation import conversation
from labeling.ui.errors import gradio_error, is_text, sentence
from labeling.ui.identity import user_of
from labeling.ui.thumbs import SAVED_HELD_OUT, Answers, press, thumbs_under
from labeling.ui.turns import remembered, to_messages
from storage import labels, registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Message, Model

PROMOTED = "the promoted model"  # a choice that follows promotions; no model can have a name with blanks
STRENGTH = 3  # of 4, for one answer over the other: "better"
VERDICTS = {"A better": "left", "Tie": "tie", "B better": "right", "Both bad": "both_bad"}
AT_ONCE = 16  # conversations: each holds one of the 40 threads that all pages share, and votes need some too
NO_ANSWER = "The model gave no answer: ask again, or in other words."
NO_PAIR = "Not both models gave an answer, so there is nothing to compare: ask again, or in other words."
GONE = "This vote could not be saved, as its answers are no longer on the server: ask the question again."
SAVED = "Saved as a preference."
HOW_TO_VOTE = "Which answer is better? The vote counts as a preference, and the conversation goes on with that answer."


@dataclass(frozen=True)
class Pair:
    """Two answers that wait for a vote; only the server knows whose they are."""

    messages: tuple[Message, ...]
    models: tuple[Model, Model]
    texts: tuple[str, str]


@dataclass(frozen=True)
class Chat:
    """What happens on the page. Every handler asks for the role itself; `turns` is what the browser remembers."""

    store: Store
    actions: Actions
    answers: Answers = field(default_factory=Answers)

    def load(self, turns: Any, request: gr.Request) -> tuple[Any, ...]:
        """The conversation as the browser kept it, and the models there are now; the newest stands against."""
        labeler = self._labeler(request)
        names = self.names()
        policies = registry.models(self.store, "policy")
        rival = next((found.name for found in reversed(policies) if found.status != "promoted"), PROMOTED)
        shown = self._shown(labeler, remembered(turns), None, "")
        return shown, gr.update(choices=names), gr.update(choices=names, value=rival)

    def names(self) -> list[str]:
        """What can be chosen to answer."""
        return [PROMOTED, *(found.name for found in registry.models(self.store, "policy"))]

    def send(
        self, text: str, turns: Any, pair: Pair | None, name: str, other: str, two: bool, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Ask one model or two; yields view, history, pair, message box and the row of verdicts."""
        labeler = self._labeler(request)
        before = remembered(turns)
        if pair is not None or not text.strip():
            note = HOW_TO_VOTE if pair else ""
            yield self._shown(labeler, before, pair, note), gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        asked: list[Message] = [*before, {"role": "user", "content": text.strip()}]
        yield conversation(asked, [""] * (1 + two), writing=True), gr.skip(), gr.skip(), box_while_writing(), gr.skip()
        kept, waits = before, None
        texts: tuple[str, ...] = ()
        try:
            models = [self._model(name), *([self._model(other)] if two else [])]
            if two and secrets.randbits(1):
                models.reverse()
            for now in answers(self.actions.inference, [model.path for model in models], asked):
                texts = now.texts
                kept, waits = so_far(before, asked, models, texts)
                yield conversation(asked, texts, now.note, True), kept, waits, gr.skip(), gr.skip()
        except UserError as error:
            yield conversation(asked, note=str(error)), before, None, box_to_write(text), gr.skip()
            return
        if not all(texts):
            view = conversation(asked, texts if two else (), NO_PAIR if two else NO_ANSWER)
            yield view, before, None, box_to_write(text), gr.skip()
            return
        if waits is None:
            self.answers.remember(labeler, kept, models[0].model_id, self.actions.inference.sampling())
        view = self._shown(labeler, kept, waits, HOW_TO_VOTE)
        yield view, kept, waits, box_to_write(), gr.update(visible=waits is not None)

    def stop(self, turns: Any, pair: Pair | None, request: gr.Request) -> tuple[Any, ...]:
        """Leave an answer as far as it has come."""
        labeler = self._labeler(request)
        shown = self._shown(labeler, remembered(turns), pair, HOW_TO_VOTE)
        return shown, box_to_write(), gr.update(visible=pair is not None)

    def vote(self, label: str, pair: Pair | None, request: gr.Request) -> tuple[Any, ...]:
        """Record a verdict as a preference, say whose the answers were, and go on with the better one."""
        labeler = self._labeler(request)
        verdict = VERDICTS.get(label)
        if pair is None or verdict is None:
            gr.Warning(GONE)  # the server was started anew, or another button was quicker
            return gr.skip(), gr.skip(), None, gr.update(visible=False)
        sides = tuple((model.model_id, text) for model, text in zip(pair.models, pair.texts, strict=True))
        names = f"A was {pair.models[0].name}, B was {pair.models[1].name}."
        try:
            showing = session.record_chat_pair(self.store, labeler, pair.messages, (sides[0], sides[1]))
            strength = STRENGTH if verdict in ("left", "right") else 0
            session.vote(self.store, labeler, showing.showing_id, verdict, strength, client_key=uuid.uuid4().hex)
            note = f"{SAVED_HELD_OUT if labels.is_held_out(self.store, showing.pair_id) else SAVED} {names}"
        except UserError as error:
            note = f"{error} {names}"
        better = pair.texts[1 if verdict == "right" else 0]
        after: list[Message] = [*pair.messages, {"role": "assistant", "content": better}]
        return conversation(after, note=note), after, None, gr.update(visible=False)

    def begin(self, request: gr.Request) -> tuple[Any, ...]:
        """An empty conversation."""
        self._labeler(request)
        return conversation([]), [], None, box_to_write(""), gr.update(visible=False)

    def server_state(self, request: gr.Request) -> dict[str, str]:
        """For the line above the conversation: what ails the server, and who is promoted."""
        self._labeler(request)
        promoted = registry.promoted(self.store)
        return {"state": self.actions.inference.state(), "promoted": promoted.name if promoted else ""}

    def answer(
        self, message: str, request: gr.Request, history: list[dict[str, str]] | None = None, model: str = ""
    ) -> str:
        """Answer a message after the turns in `history` (role and content); `model` is a name, "" the promoted one."""
        self._labeler(request)
        if not is_text(message) or not is_text(model):
            raise UserError("The message and the name of the model are texts.")
        asked: list[Message] = [*to_messages(history or []), {"role": "user", "content": message}]
        *_, whole = answers(self.actions.inference, [self._model(model).path], asked)
        return whole.texts[0]

    @gradio_error
    def _labeler(self, request: gr.Request) -> str:
        return require(self.store, user_of(request), "labeler")

    def _model(self, name: str) -> Model:
        return registry.policy_named(self.store, "" if name == PROMOTED else name)

    def _shown(self, labeler: str, turns: list[Message], pair: Pair | None, note: str) -> str:
        if pair is None:
            return conversation(turns, below=thumbs_under(self.store, self.answers, labeler, turns))
        return conversation(pair.messages, pair.texts, note)


def so_far(
    before: list[Message], asked: list[Message], models: list[Model], texts: tuple[str, ...]
) -> tuple[list[Message], Pair | None]:
    """What to remember while answers are written: the conversation with the answer in it, or a pair to vote on.

    A question without an answer is not remembered, for the next one could not follow it.
    """
    if not all(texts):
        return before, None
    if len(models) == 2:
        return before, Pair(tuple(asked), (models[0], models[1]), (texts[0], texts[1]))
    return [*asked, {"role": "assistant", "content": texts[0]}], None


def box_while_writing() -> Any:
    """The message box while an answer comes: empty, with a button that stops it."""
    return gr.update(value="", submit_btn=False, stop_btn="Stop")


def box_to_write(text: str | None = None) -> Any:
    """The message box as it waits for a message; with a `text`, which replaces what is in it."""
    return gr.update(submit_btn="Send", stop_btn=False, **({} if text is None else {"value": text}))


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built, and /chat among the endpoints."""
    chat = Chat(store, actions)

    def server_state(_: dict[str, Any], request: gr.Request) -> dict[str, str]:
        return chat.server_state(request)

    @sentence
    def rate(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        return press(store, chat.answers, require(store, user_of(request), "labeler"), asked)

    choice: dict[str, Any] = {
        "show_label": False,
        "container": False,
        "filterable": False,
        "min_width": 140,
        "elem_classes": "choice",
    }
    history = gr.BrowserState([], storage_key="plumbline-conversation", secret="plumbline")
    pair = gr.State(None)
    with gr.Column(elem_classes="chat"):
        with gr.Row(elem_classes="chat-options"):
            # Already here they can be all of them: after a restart of the server, it knows an open page by this alone.
            model = gr.Dropdown(chat.names(), value=PROMOTED, label="Model", **choice)
            other = gr.Dropdown(chat.names(), value=PROMOTED, label="Second model", visible=False, **choice)
            two = gr.Checkbox(label="Side by side", container=False, scale=0, min_width=140)
            new = gr.Button("New chat", size="md", scale=0, min_width=120)
        gr.HTML(
            html_template='<p class="server-state" role="status"></p>',
            js_on_load=theme.text("chat_state.js"),
            server_functions=[server_state],
            apply_default_css=False,
        )
        view = gr.HTML(
            conversation([]),
            js_on_load="".join(theme.text(name) for name in ("chat_follow.js", "key.js", "chat_thumbs.js")),
            server_functions=[rate],
            apply_default_css=False,
        )
        with gr.Column(elem_classes="composer"):
            with gr.Row(elem_classes="verdicts", visible=False) as row:
                buttons = [gr.Button(label, size="md") for label in VERDICTS]
            box = gr.Textbox(
                label="Message", show_label=False, placeholder="Message", max_lines=6, submit_btn="Send", autofocus=True
            )
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    limited: dict[str, Any] = {"concurrency_id": "chat", "concurrency_limit": AT_ONCE}
    outputs = [view, history, pair, box, row]
    assert Context.root_block is not None
    Context.root_block.load(chat.load, [history], [view, model, other], **private)
    two.change(lambda shown: gr.update(visible=shown), [two], [other], **private)
    sent = box.submit(chat.send, [box, history, pair, model, other, two], outputs, **private, **limited)
    box.stop(chat.stop, [history, pair], [view, box, row], cancels=[sent], **private)
    for button in buttons:
        # One at a time: of two clicks, the second finds the pair gone.
        button.click(
            chat.vote,
            [button, pair],
            [view, history, pair, row],
            concurrency_id="chat-vote",
            concurrency_limit=1,
            **private,
        )
    new.click(chat.begin, None, outputs, cancels=[sent], **private)
    gr.api(gradio_error(chat.answer), api_name="chat", **limited)
