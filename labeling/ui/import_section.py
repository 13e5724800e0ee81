"""Data from a file, on the Data page: uploaded, previewed as it would come in, and brought in at a press of a button.

What is in a file is hostile text: it is escaped wherever it is shown. Reading and writing happen in a process of their
own (`storage.exchange.apart`), so that neither keeps a vote waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from labeling.ui.errors import notice
from labeling.ui.identity import researcher_of
from storage.database import Store
from storage.errors import UserError
from storage.exchange import apart
from storage.exchange.formats import FORMATS
from storage.exchange.reading import SUFFIXES

KINDS = [*SUFFIXES, ".gz"]
GUESSED = [("guessed", "auto"), *((name, name) for name in FORMATS)]
AS = [("what it holds", ""), ("prompts", "prompts"), ("demonstrations", "demonstrations")]
WHAT = (
    "Prompts, preferences, thumbs, demonstrations or votes, in the formats of TRL, Anthropic HH, UltraFeedback, "
    "HelpSteer3, Arena, Argilla, Label Studio, OpenAI, Alpaca and more. First you see what would come in."
)


@dataclass(frozen=True)
class ImportSection:
    """What happens in the section; every handler asks for the role itself, and answers with the view and the button."""

    store: Store

    def look(self, upload: str | None, format: str, what: str, request: gr.Request) -> Iterator[list[Any]]:
        """Show what would come in; the button is there when anything would."""
        researcher_of(self.store, request)
        if not upload:
            yield ["", gr.update(visible=False)]
            return
        yield from self._followed(upload, "preview", _preview, format=format, what=what or None)

    def bring(
        self, upload: str | None, format: str, what: str, strict: bool, request: gr.Request
    ) -> Iterator[list[Any]]:
        """Bring it in, with a bar; the button is gone afterwards, for the same file adds nothing more."""
        actor = researcher_of(self.store, request)
        if not upload:
            yield [notice("There is no file yet: choose one.", trouble=True), gr.update(visible=False)]
            return
        asked = {"format": format, "what": what or None, "strict": bool(strict), "actor": actor}
        yield from self._followed(upload, "import", _done, **asked)

    def _followed(
        self, upload: str, deed: str, shown: Callable[[dict[str, Any]], str], **asked: Any
    ) -> Iterator[list[Any]]:
        """A deed with a bar, and in the end what came of it, as `shown` has it, or what is wrong.

        The button comes where a preview has rows to bring in, and comes back after an import that failed.
        """
        yield [_bar("Reading", 0, 0), gr.update(visible=False)]
        try:
            for line in apart.ask(self.store, Path(upload), deed, **asked):
                if "done" in line:
                    yield [shown(line["done"]), gr.update(visible=line["done"].get("accepted", 0) > 0)]
                else:
                    yield [_bar(*line["progress"]), gr.skip()]
        except UserError as error:
            yield [notice(_named(error, upload), trouble=True), gr.update(visible=deed == "import")]


def section(store: Store) -> None:
    """Put the section into the page that is being built."""
    this = ImportSection(store)
    plain: dict[str, Any] = {"apply_default_css": False}
    with gr.Column(elem_classes="page-import"), gr.Accordion("Bring in data from a file", open=False):
        gr.HTML(f'<p class="quiet">{WHAT}</p>', **plain)
        with gr.Row():
            upload = gr.File(label="File", file_types=KINDS, type="filepath", height=140)
            with gr.Column():
                with gr.Row():
                    format = gr.Dropdown(GUESSED, value="auto", label="Format", filterable=False)
                    what = gr.Dropdown(AS, value="", label="Read as", filterable=False)
                strict = gr.Checkbox(label="Refuse the file for a single bad row", value=False)
        view = gr.HTML("", **plain)
        bring = gr.Button("Bring it in", variant="primary", visible=False, scale=0, min_width=200)
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    for event in (upload.change, format.change, what.change):
        event(this.look, [upload, format, what], [view, bring], trigger_mode="always_last", **private)
    bring.click(this.bring, [upload, format, what, strict], [view, bring], trigger_mode="once", **private)


def _bar(doing: str, done: int, of: int) -> str:
    said = f"{done:,} of {of:,} rows" if of else f"{done:,} rows" if done else "a moment"
    value = f' value="{done}" max="{of}"' if of else ""
    label = escape(f"{doing}: {said}")
    return f'<p class="bar" role="status"><progress{value} aria-label="{label}"></progress> <span>{label}</span></p>'


def _preview(data: dict[str, Any]) -> str:
    rows = "".join(
        f"<li><p class='quiet'>Row {row['row']}</p><dl>"
        + "".join(f"<dt>{escape(name)}</dt><dd dir='auto'>{escape(text)}</dd>" for name, text in row["parts"])
        + "</dl></li>"
        for row in data["shown"]
    )
    return f"{notice(data['said'])}<ol class='rows' aria-label='The first rows as they would come in'>{rows}</ol>" + (
        _reasons(data["reasons"])
    )


def _done(data: dict[str, Any]) -> str:
    return notice(data["said"]) + _reasons(data["reasons"])


def _reasons(reasons: list[str]) -> str:
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f"<p class='quiet'>Not brought in</p><ul class='reasons'>{items}</ul>" if reasons else ""


def _named(error: UserError, upload: str) -> str:
    """A file is named as its owner knows it."""
    return str(error).replace(upload, Path(upload).name)
