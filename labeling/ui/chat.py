"""The Chat page: talk to the promoted model, to another one, or to two at once without knowing which is which."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr
from gradio.context import Context

from labeling.accounts import require
from labeling.ui import theme
from labeling.ui.actions import Actions
from labeling.ui.answering import answers
from labeling.ui.best_of import CHOICES, meaning, pickings
from labeling.ui.chat_endpoints import ChatEndpoints
from labeling.ui.conversation import conversation
from labeling.ui.errors import gradio_error, sentence
from labeling.ui.hidden_pair import VERDICTS, Pair, judge, so_far
from labeling.ui.identity import user_of
from labeling.ui.thumbs import Answers, press, thumbs_under
from labeling.ui.turns import remembered
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Message, Model

PROMOTED = "the promoted model"  # a choice that follows promotions; no model can have a name with blanks
# What is in the message box, or else the question that is being answered.
ASKED = """(turns, pair, text) => [turns, pair, text
  || [...document.querySelectorAll(".turns[aria-busy=true] .mine .said")].pop()?.textContent || ""]"""
AT_ONCE = 16  # conversations: each holds one of the 40 threads that all pages share, and votes need some too
NO_ANSWER = "The model gave no answer: ask again, or in other words."
NO_PAIR = "Not both models gave an answer, so there is nothing to compare: ask again, or in other words."
GONE = "This vote could not be saved, as its answers are no longer on the server: ask the question again."
HOW_TO_VOTE = "Which answer is better? The vote counts as a preference, and the conversation goes on with that answer."


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

    def meaning(self, best_of: int, name: str, other: str, two: bool, request: gr.Request) -> str:
        """What the choice of so many answers to choose from means, or why it cannot be."""
        self._labeler(request)
        try:
            said = meaning(pickings(self.actions, self._models(name, other, two), best_of))
            return f'<p class="meaning">{escape(said)}</p>' if said else ""
        except UserError as error:
            return f'<p class="meaning trouble">{escape(str(error))}</p>'

    def second(self, two: bool, request: gr.Request) -> Any:
        """The choice of a second model, where two are to answer."""
        self._labeler(request)
        return gr.update(visible=two)

    def send(
        self,
        text: str,
        turns: Any,
        pair: Pair | None,
        name: str,
        other: str,
        two: bool,
        best_of: int,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Ask one model or two; yields view, history, pair, message box and the row of verdicts."""
        labeler = self._labeler(request)
        before = remembered(turns)
        if pair is not None or not text.strip():
            note = HOW_TO_VOTE if pair else ""
            yield self._shown(labeler, before, pair, note), gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        asked: list[Message] = [*before, {"role": "user", "content": text.strip()}]
        origins = self.answers.origins(labeler, before)
        empty = conversation(asked, [""] * (1 + two), writing=True, origins=origins)
        yield empty, gr.skip(), gr.skip(), box_while_writing(), gr.skip()
        kept, waits = before, None
        texts: tuple[str, ...] = ()
        try:
            models = self._models(name, other, two)
            if two and secrets.randbits(1):
                models.reverse()
            picked = pickings(self.actions, models, best_of)
            paths = [model.path for model in models]
            drawn = [self.actions.inference.sampling(*one) for one in zip(paths, picked, strict=True)]
            for now in answers(self.actions.inference, paths, asked, picked):
                texts = now.texts
                kept, waits = so_far(before, asked, models, texts, drawn)
                note = now.note or ("" if all(texts) else meaning(picked))
                yield conversation(asked, texts, note, True, origins=origins), kept, waits, gr.skip(), gr.skip()
        except UserError as error:
            view = conversation(asked, note=str(error), origins=origins)
            yield view, before, None, box_to_write(text), gr.skip()
            return
        if not all(texts):
            view = conversation(asked, texts if two else (), NO_PAIR if two else NO_ANSWER, origins=origins)
            yield view, before, None, box_to_write(text), gr.skip()
            return
        if waits is None:
            self.answers.remember(labeler, kept, models[0].model_id, drawn[0])
        view = self._shown(labeler, kept, waits, HOW_TO_VOTE)
        yield view, kept, waits, box_to_write(), gr.update(visible=waits is not None)

    def stop(self, turns: Any, pair: Pair | None, asked: str, request: gr.Request) -> tuple[Any, ...]:
        """Leave an answer as far as it has come; where nothing has, what was `asked` can be sent again."""
        labeler = self._labeler(request)
        before = remembered(turns)
        kept = pair is not None or any(turn["content"] == asked.strip() for turn in before[-2:-1])
        shown = self._shown(labeler, before, pair, HOW_TO_VOTE)
        return shown, box_to_write(None if kept else asked), gr.update(visible=pair is not None)

    def vote(self, label: str, pair: Pair | None, request: gr.Request) -> tuple[Any, ...]:
        """Record a verdict as a preference, say whose the answers were, and go on with the better one."""
        labeler = self._labeler(request)
        verdict = VERDICTS.get(label)
        if pair is None or verdict is None:
            gr.Warning(GONE)  # the server was started anew, or another button was quicker
            return gr.skip(), gr.skip(), None, gr.update(visible=False)
        note = judge(self.store, labeler, pair, verdict)
        better = pair.texts[1 if verdict == "right" else 0]
        after: list[Message] = [*pair.messages, {"role": "assistant", "content": better}]
        view = conversation(after, note=note, origins=self.answers.origins(labeler, pair.messages))
        return view, after, None, gr.update(visible=False)

    def begin(self, request: gr.Request) -> tuple[Any, ...]:
        """An empty conversation."""
        self._labeler(request)
        return conversation([]), [], None, box_to_write(""), gr.update(visible=False)

    def server_state(self, request: gr.Request) -> dict[str, str]:
        """For the line above the conversation: what ails the server, and who is promoted."""
        self._labeler(request)
        promoted = registry.promoted(self.store)
        return {"state": self.actions.inference.state(), "promoted": promoted.name if promoted else ""}

    @gradio_error
    def _labeler(self, request: gr.Request) -> str:
        return require(self.store, user_of(request), "labeler")

    def _model(self, name: str) -> Model:
        return registry.policy_named(self.store, "" if name == PROMOTED else name)

    def _models(self, name: str, other: str, two: bool) -> list[Model]:
        return [self._model(one) for one in ((name, other) if two else (name,))]

    def _shown(self, labeler: str, turns: list[Message], pair: Pair | None, note: str) -> str:
        origins = self.answers.origins(labeler, pair.messages if pair else turns)
        if pair is None:
            below = thumbs_under(self.store, self.answers, labeler, turns)
            return conversation(turns, below=below, origins=origins)
        return conversation(pair.messages, pair.texts, note, origins=origins)


def box_while_writing() -> Any:
    """The message box while an answer comes: empty, with a button that stops it."""
    return gr.update(value="", submit_btn=False, stop_btn="Stop")


def box_to_write(text: str | None = None) -> Any:
    """The message box as it waits for a message; with a `text`, which replaces what is in it."""
    return gr.update(submit_btn="Send", stop_btn=False, **({} if text is None else {"value": text}))


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built, and the chat's among the endpoints."""
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
            best = gr.Dropdown(CHOICES, value=1, label="Answers to choose from", **choice)
            two = gr.Checkbox(label="Side by side", container=False, scale=0, min_width=140)
            new = gr.Button("New chat", size="md", scale=0, min_width=120)
        means = gr.HTML("", apply_default_css=False)
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
    two.change(chat.second, [two], [other], **private)
    of = [model, other, two]
    gr.on([part.change for part in (best, *of)], chat.meaning, [best, *of], [means], **private)
    sent = box.submit(chat.send, [box, history, pair, *of, best], outputs, **private, **limited)
    # First nothing more is written, then what there is is shown: a late picture would come over it.
    stopped = box.stop(None, cancels=[sent], **private)
    stopped.then(chat.stop, [history, pair, box], [view, box, row], js=ASKED, **private)
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
    ChatEndpoints(store, actions, chat.answers).add(**limited)
