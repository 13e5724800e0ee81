"""What happens on the Chat page: talk to the promoted model, to another one, or to two without knowing which is which.

The page itself is in `labeling.ui.chat_page`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr

from labeling.ui.actions import Actions
from labeling.ui.answering import answers
from labeling.ui.best_of import meaning, pickings
from labeling.ui.conversation import conversation
from labeling.ui.disputing import after_edit, another_answer, disputed, save_edit
from labeling.ui.hidden_pair import VERDICTS, Pair, goes_on, judge, so_far
from labeling.ui.identity import labeler_of
from labeling.ui.thumbs import Answers, thumbs_by_turn
from labeling.ui.turns import remembered
from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Message, Model

PROMOTED = "the promoted model"  # a choice that follows promotions; no model can have a name with blanks
RIVAL = "the newest other model"  # for the second of two: known by this name before the page has asked which it is
# What is in the message box, or else the question that is being answered.
ASKED = """(turns, pair, text) => [turns, pair, text
  || [...document.querySelectorAll(".turns[aria-busy=true]:not(.disputing) .mine .said")].pop()?.textContent || ""]"""
NO_ANSWER = "The model gave no answer: ask again, or in other words."
NO_PAIR = "Not both models gave an answer, so there is nothing to compare: ask again, or in other words."
GONE = "This vote could not be saved, as its answers are no longer on the server: ask the question again."
HOW_TO_DISPUTE = "Which answer is better: the one you had, A, or another one by the same model, B?"
HOW_TO_VOTE = "Which answer is better? The vote counts as a preference, and the conversation goes on with that answer."


@dataclass(frozen=True)
class Chat:
    """What happens on the page. Every handler asks for the role itself; `turns` is what the browser remembers."""

    store: Store
    actions: Actions
    answers: Answers = field(default_factory=Answers)

    def load(self, turns: Any, request: gr.Request) -> tuple[Any, ...]:
        """The conversation as the browser kept it, and the models there are now."""
        labeler = labeler_of(self.store, request)
        shown = self._shown(labeler, remembered(turns), None, "")
        return shown, gr.update(choices=self.names()), gr.update(choices=self.rivals())

    def names(self) -> list[str]:
        """What can be chosen to answer."""
        return [PROMOTED, *(found.name for found in registry.models(self.store, "policy"))]

    def rivals(self) -> list[str]:
        """What can be chosen to answer beside it."""
        return [RIVAL, *self.names()]

    def meaning(self, best_of: int, name: str, other: str, two: bool, request: gr.Request) -> str:
        """What the choice of so many answers to choose from means, or why it cannot be."""
        labeler_of(self.store, request)
        try:
            said = meaning(pickings(self.actions, self._models(name, other, two), best_of))
            return f'<p class="meaning">{escape(said)}</p>' if said else ""
        except UserError as error:
            return f'<p class="meaning trouble">{escape(str(error))}</p>'

    def second(self, two: bool, request: gr.Request) -> Any:
        """The choice of a second model, where two are to answer."""
        labeler_of(self.store, request)
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
        labeler = labeler_of(self.store, request)
        before = remembered(turns)
        if pair is not None or not text.strip():
            yield self._shown(labeler, before, pair, how_to_vote(pair)), gr.skip(), gr.skip(), gr.skip(), gr.skip()
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
        view = self._shown(labeler, kept, waits, HOW_TO_VOTE if waits else "")
        yield view, kept, waits, box_to_write(), gr.update(visible=waits is not None)

    def stop(self, turns: Any, pair: Pair | None, asked: str, request: gr.Request) -> tuple[Any, ...]:
        """Leave an answer as far as it has come; where nothing has, what was `asked` can be sent again."""
        labeler = labeler_of(self.store, request)
        before = remembered(turns)
        kept = pair is not None or any(turn["content"] == asked.strip() for turn in before[-2:-1])
        shown = self._shown(labeler, before, pair, how_to_vote(pair))
        return shown, box_to_write(None if kept else asked), gr.update(visible=pair is not None)

    def vote(self, label: str, pair: Pair | None, request: gr.Request) -> tuple[Any, ...]:
        """Record a verdict as a preference, say whose the answers were, and go on with the better one."""
        labeler = labeler_of(self.store, request)
        verdict = VERDICTS.get(label)
        if pair is None or verdict is None:
            gr.Warning(GONE)  # the server was started anew, or another button was quicker
            return gr.skip(), gr.skip(), None, gr.update(visible=False)
        note = judge(self.store, labeler, pair, verdict)
        after, better = goes_on(pair, verdict)
        if better is not None:
            self.answers.remember(labeler, after, pair.models[better].model_id, pair.drawn[better])
        return self._shown(labeler, after, None, note), after, None, gr.update(visible=False)

    def dispute(
        self, turns: Any, pair: Pair | None, request: gr.Request, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """Another answer of the same model beside the one that is disputed; yields what `send` does."""
        labeler = labeler_of(self.store, request)
        before = remembered(turns)
        if pair is not None:
            yield self._shown(labeler, before, pair, how_to_vote(pair)), gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        try:
            given = disputed(self.answers, labeler, sent_with(event).get("answer"))
            for now in another_answer(self.store, self.actions, given, before):
                if now.pair is not None:
                    view = self._shown(labeler, before, now.pair, HOW_TO_DISPUTE)
                    yield view, gr.skip(), now.pair, box_to_write(), gr.update(visible=True)
                else:
                    view = conversation(given.messages, now.texts, now.note, writing=True, disputing=True)
                    yield view, gr.skip(), gr.skip(), gr.update(submit_btn=False, stop_btn="Stop"), gr.skip()
        except UserError as error:
            yield self._shown(labeler, before, None, str(error)), gr.skip(), None, box_to_write(), gr.skip()

    def better(self, turns: Any, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Keep the better answer that somebody wrote in place of one; a refused one stays where it was written."""
        labeler = labeler_of(self.store, request)
        before, asked = remembered(turns), sent_with(event)
        try:
            given = disputed(self.answers, labeler, asked.get("answer"))
            note = save_edit(self.store, labeler, given, asked.get("text"), asked.get("client_key"))
        except UserError as error:
            gr.Warning(str(error))
            return gr.skip(), gr.skip()
        after = after_edit(given, asked["text"], before)
        return self._shown(labeler, after, None, note), after

    def begin(self, request: gr.Request) -> tuple[Any, ...]:
        """An empty conversation."""
        labeler_of(self.store, request)
        return conversation([]), [], None, box_to_write(""), gr.update(visible=False)

    def server_state(self, request: gr.Request) -> dict[str, str]:
        """For the line above the conversation: what ails the server, and who is promoted."""
        labeler_of(self.store, request)
        promoted = registry.promoted(self.store)
        return {"state": self.actions.inference.state(), "promoted": promoted.name if promoted else ""}

    def _model(self, name: str) -> Model:
        if name == RIVAL:
            others = [found for found in registry.models(self.store, "policy") if found.status != "promoted"]
            name = others[-1].name if others else PROMOTED
        return registry.policy_named(self.store, "" if name == PROMOTED else name)

    def _models(self, name: str, other: str, two: bool) -> list[Model]:
        return [self._model(one) for one in ((name, other) if two else (name,))]

    def _shown(self, labeler: str, turns: list[Message], pair: Pair | None, note: str) -> str:
        origins = self.answers.origins(labeler, pair.messages if pair else turns)
        if pair is None:
            below = thumbs_by_turn(self.store, self.answers, labeler, turns)
            return conversation(turns, note=note, below=below, origins=origins)
        return conversation(pair.messages, pair.texts, note, origins=origins)


def how_to_vote(pair: Pair | None) -> str:
    """What is asked of somebody before whom two answers wait; nothing where none do."""
    return "" if pair is None else HOW_TO_DISPUTE if pair.disputed else HOW_TO_VOTE


def sent_with(event: Any) -> dict[str, Any]:
    """What the page's script sent with an event of its own; nothing where that is no object."""
    data = getattr(event, "_data", None)
    return data if isinstance(data, dict) else {}


def box_while_writing() -> Any:
    """The message box while an answer comes: empty, with a button that stops it."""
    return gr.update(value="", submit_btn=False, stop_btn="Stop")


def box_to_write(text: str | None = None) -> Any:
    """The message box as it waits for a message; with a `text`, which replaces what is in it."""
    return gr.update(submit_btn="Send", stop_btn=False, **({} if text is None else {"value": text}))
