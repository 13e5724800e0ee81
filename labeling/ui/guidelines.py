"""The page of the guideline, /guidelines, for researchers; on it, too, gold pairs and labelers who are paused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labeling.accounts import require
from labeling.attention import resume, stopped
from labeling.mine import number_of
from labeling.ui.door import Access
from labeling.ui.errors import UNREADABLE, notice
from labeling.ui.identity import user_of
from labeling.ui.plain import answered, fields, moment, page, readable, status_of
from storage.errors import UserError
from storage.gold import gold, proposals, retire_gold, set_gold
from storage.guidelines import LONGEST, confirm, guideline, history, set_guideline
from storage.records import prompt_text

LARGEST_FORM = 12 * LONGEST  # bytes: a character is four at most, each of which a form may send as three


@dataclass(frozen=True)
class Guidelines:
    """What happens on the page. Both handlers ask for the role themselves, and answer with the whole page."""

    access: Access

    async def show(self, request: Request) -> Response:
        """The page as it is."""
        return await self._whole(request, "", "", 200)

    async def change(self, request: Request) -> Response:
        """Do what the form asks for: look at a text, let it hold, take up gold, let a labeler go on."""
        actor = require(self.access.store, user_of(request), "researcher")
        form = await fields(request, LARGEST_FORM)
        deeds: dict[str, Callable[[], str]] = {
            "preview": lambda: preview(form.get("text", "")),
            "save": lambda: self._save(form.get("text", ""), actor),
            "gold": lambda: self._gold(form, actor),
            "retire": lambda: self._retire(form, actor),
            "resume": lambda: self._resume(form.get("labeler", ""), actor),
        }
        deed = deeds.get(form.get("deed", ""))
        try:
            if deed is None:
                raise UserError(UNREADABLE)
            told, status = await run_in_threadpool(deed), 200
        except UserError as error:
            told, status = notice(str(error), trouble=True), status_of(error)
        return await self._whole(request, told, form.get("text", ""), status)

    async def _whole(self, request: Request, told: str, draft: str, status: int) -> Response:
        asker = require(self.access.store, user_of(request), "researcher")
        main = await run_in_threadpool(self._main, told, draft)
        return page("Guideline", main, self.access.masthead(asker), status)

    def _main(self, told: str, draft: str) -> str:
        return (
            "<h1>Guideline</h1>"
            '<p class="quiet">How to judge, in Markdown. Labelers have it on the key G of the Rank page, and confirm a '
            f"new version before they go on.</p>{told}{self._editor(draft)}{self._paused()}{self._known()}"
        )

    def _editor(self, draft: str) -> str:
        stands = guideline(self.access.store)
        text = draft or (stands.text if stands else "")
        rows = "".join(
            f"<tr><th>{one.version}</th><td>{moment(one.created_at)}</td>"
            f"<td>{escape(one.set_by)}</td><td><details><summary>{len(one.text):,} characters</summary>"
            f"<pre>{escape(one.text)}</pre></details></td></tr>"
            for one in history(self.access.store)
        )
        versions = f"<h2>Versions</h2><table><tbody>{rows}</tbody></table>" if rows else ""
        return (
            '<form method="post" action="/guidelines" class="editor"><label>The text '
            f'<textarea name="text" rows="14" maxlength="{LONGEST}" required>{escape(text)}</textarea></label>'
            '<p><button name="deed" value="preview">Preview</button> '
            f'<button class="main" name="deed" value="save">Save as a new version</button></p></form>{versions}'
        )

    def _paused(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{one.state}</td><td>{escape(one.why)}</td><td>'
            f'<form method="post" action="/guidelines"><input type="hidden" name="labeler" value="{escape(name)}">'
            '<button name="deed" value="resume">Let go on</button></form></td></tr>'
            for name, one in stopped(self.access.store).items()
        )
        table = f"<table><tbody>{rows}</tbody></table>" if rows else '<p class="quiet">Nobody is warned or paused.</p>'
        return f"<h2>Attention</h2>{table}"

    def _known(self) -> str:
        store = self.access.store
        proposed = "".join(
            f"<tr><th>{one.pair_id}</th><td>{escape(prompt_text(json.loads(one.messages))[:160])}</td>"
            f"<td>{one.verdict}, {one.people} people agree</td><td>"
            f'<form method="post" action="/guidelines"><input type="hidden" name="pair" value="{one.pair_id}">'
            f'<input type="hidden" name="verdict" value="{one.verdict}">'
            '<label>Why <input name="why" maxlength="2000" required></label>'
            '<label><input type="checkbox" name="calibration" value="1"> for practice</label>'
            '<button name="deed" value="gold">Take up</button></form></td></tr>'
            for one in proposals(store, 10)
        )
        used = "".join(
            f"<tr><th>{one.pair_id}</th><td>{escape(one.why)}</td>"
            f"<td>{one.verdict}{', for practice' if one.calibration else ''}</td><td>"
            f'<form method="post" action="/guidelines"><input type="hidden" name="pair" value="{one.pair_id}">'
            '<button name="deed" value="retire">Retire</button></form></td></tr>'
            for one in gold(store)[:50]
        )
        rows = proposed + used
        table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
        return (
            '<h2>Gold pairs</h2><p class="quiet">Pairs whose verdict is known. They are proposed where three people '
            f"agree and nobody does otherwise.</p>{table}"
        )

    def _save(self, text: str, actor: str) -> str:
        stands = set_guideline(self.access.store, text, actor)
        confirm(self.access.store, stands.version, actor)  # who wrote it has read it
        return notice(f"Version {stands.version} holds. Labelers are asked to confirm it.")

    def _gold(self, form: dict[str, str], actor: str) -> str:
        practice = form.get("calibration") == "1"
        pair_id = number_of(form.get("pair", ""))
        known = set_gold(self.access.store, pair_id, form.get("verdict", ""), form.get("why", ""), actor, practice)
        return notice(f"Pair {known.pair_id} is gold: {known.verdict}.")

    def _retire(self, form: dict[str, str], actor: str) -> str:
        pair_id = number_of(form.get("pair", ""))
        retire_gold(self.access.store, pair_id, actor)
        return notice(f"Pair {pair_id} is gold no more.")

    def _resume(self, labeler: str, actor: str) -> str:
        resume(self.access.store, labeler, actor)
        return notice(f"{labeler} is served pairs again.")

    def routes(self) -> list[Route]:
        """The paths of the page."""
        return [
            Route("/guidelines", answered(self.show), methods=["GET"]),
            Route("/guidelines", answered(self.change), methods=["POST"]),
        ]


def preview(text: str) -> str:
    """How labelers will see a text, above the form that still has it."""
    return f'<section class="preview" aria-label="Preview">{readable(text)}</section>'
