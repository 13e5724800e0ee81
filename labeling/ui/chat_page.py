"""The Chat page: its components, and what of `labeling.ui.chat` each of them asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from labeling.accounts import require
from labeling.ui import theme
from labeling.ui.actions import Actions
from labeling.ui.best_of import CHOICES
from labeling.ui.chat import ASKED, PROMOTED, RIVAL, Chat
from labeling.ui.chat_endpoints import ChatEndpoints
from labeling.ui.conversation import conversation
from labeling.ui.errors import sentence
from labeling.ui.events import PRIVATE, on_load
from labeling.ui.hidden_pair import VERDICTS
from labeling.ui.identity import user_of
from labeling.ui.thumbs import press
from storage.database import Store

AT_ONCE = 16  # conversations: each holds one of the 40 threads that all pages share, and votes need some too
LIMITED: dict[str, Any] = {"concurrency_id": "chat", "concurrency_limit": AT_ONCE}
ONE_BY_ONE: dict[str, Any] = {"concurrency_id": "chat-vote", "concurrency_limit": 1}
CHOICE: dict[str, Any] = {
    "show_label": False,
    "container": False,
    "filterable": False,
    "min_width": 140,
    "elem_classes": "choice",
}
SCRIPTS = ("chat_follow.js", "key.js", "chat_thumbs.js", "chat_dispute.js")


@dataclass(frozen=True)
class Options:
    """The line on top: who answers, and how."""

    model: gr.Dropdown
    other: gr.Dropdown
    best: gr.Dropdown
    two: gr.Checkbox
    new: gr.Button
    means: gr.HTML


@dataclass(frozen=True)
class Talk:
    """The conversation, and what is below it."""

    view: gr.HTML
    row: gr.Row
    buttons: list[gr.Button]
    box: gr.Textbox


def page(store: Store, actions: Actions) -> None:
    """Put the page's components into the route that is being built, and the chat's among the endpoints."""
    chat = Chat(store, actions)
    history = gr.BrowserState([], storage_key="plumbline-conversation", secret="plumbline")
    pair = gr.State(None)
    with gr.Column(elem_classes="chat"):
        gr.HTML('<h1 class="unseen">Chat</h1>', apply_default_css=False)
        options = _options(chat)
        _server_state(chat)
        talk = _talk(store, chat)
    _wire(chat, options, talk, history, pair)
    ChatEndpoints(store, actions, chat.answers).add(**LIMITED)


def _options(chat: Chat) -> Options:
    with gr.Row(elem_classes="chat-options"):
        # Already here they can be all of them: after a restart of the server, it knows an open page by this alone.
        model = gr.Dropdown(chat.names(), value=PROMOTED, label="Model", **CHOICE)
        other = gr.Dropdown(chat.rivals(), value=RIVAL, label="Second model", visible=False, **CHOICE)
        best = gr.Dropdown(CHOICES, value=1, label="Answers to choose from", **CHOICE)
        two = gr.Checkbox(label="Side by side", container=False, scale=0, min_width=140)
        new = gr.Button("New chat", size="md", scale=0, min_width=120)
    return Options(model, other, best, two, new, means=gr.HTML("", apply_default_css=False))


def _server_state(chat: Chat) -> None:
    def server_state(_: dict[str, Any], request: gr.Request) -> dict[str, str]:
        return chat.server_state(request)

    gr.HTML(
        html_template='<p class="server-state" role="status"></p>',
        js_on_load=theme.text("chat_state.js"),
        server_functions=[server_state],
        apply_default_css=False,
    )


def _talk(store: Store, chat: Chat) -> Talk:
    @sentence
    def rate(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        return press(store, chat.answers, require(store, user_of(request), "labeler"), asked)

    view = gr.HTML(
        conversation([]),
        js_on_load="".join(map(theme.text, SCRIPTS)),
        server_functions=[rate],
        apply_default_css=False,
    )
    with gr.Column(elem_classes="composer"):
        with gr.Row(elem_classes="verdicts", visible=False) as row:
            buttons = [gr.Button(label, size="md") for label in VERDICTS]
        box = gr.Textbox(
            label="Message", show_label=False, placeholder="Message", max_lines=6, submit_btn="Send", autofocus=True
        )
    return Talk(view, row, buttons, box)


def _wire(chat: Chat, options: Options, talk: Talk, history: gr.BrowserState, pair: gr.State) -> None:
    outputs = [talk.view, history, pair, talk.box, talk.row]
    of = [options.model, options.other, options.two]
    on_load(chat.load, [talk.view, options.model, options.other], [history])
    options.two.change(chat.second, [options.two], [options.other], **PRIVATE)
    changes = [part.change for part in (options.best, *of)]
    gr.on(changes, chat.meaning, [options.best, *of], [options.means], **PRIVATE)
    sent = talk.box.submit(chat.send, [talk.box, history, pair, *of, options.best], outputs, **PRIVATE, **LIMITED)
    disputed = talk.view.dispute(chat.dispute, [history, pair], outputs, **PRIVATE, **LIMITED)
    talk.view.better(chat.better, [history], [talk.view, history], **PRIVATE, **ONE_BY_ONE)
    # First nothing more is written, then what there is is shown: a late picture would come over it.
    stopped = talk.box.stop(None, cancels=[sent, disputed], **PRIVATE)
    stopped.then(chat.stop, [history, pair, talk.box], [talk.view, talk.box, talk.row], js=ASKED, **PRIVATE)
    for button in talk.buttons:
        # One at a time: of two clicks, the second finds the pair gone.
        button.click(chat.vote, [button, pair], [talk.view, history, pair, talk.row], **PRIVATE, **ONE_BY_ONE)
    options.new.click(chat.begin, None, outputs, cancels=[sent, disputed], **PRIVATE)
