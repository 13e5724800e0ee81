"""The Journal page, for researchers: who did what, newest first, and the whole of it as a file."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from labeling.accounts import require
from labeling.mine import number_of
from labeling.ui.door import Access
from labeling.ui.identity import user_of
from labeling.ui.plain import answered, moment, page
from storage.journal import Entry, entries, in_words, lines

MOST = 100  # entries on a page


@dataclass(frozen=True)
class Journal:
    """What happens on the page. Both handlers ask for the role themselves."""

    access: Access

    async def show(self, request: Request) -> Response:
        """A page of entries, those from before an id where `before` names one."""
        asker = require(self.access.store, user_of(request), "researcher")
        before = request.query_params.get("before", "")
        found = await run_in_threadpool(entries, self.access.store, MOST, number_of(before) if before else None)
        return page("Journal", whole(found), self.access.masthead(asker))

    async def export(self, request: Request) -> Response:
        """The whole journal as JSON lines, oldest first."""
        require(self.access.store, user_of(request), "researcher")
        return StreamingResponse(
            lines(self.access.store),
            media_type="application/jsonl",
            headers={"Content-Disposition": 'attachment; filename="journal.jsonl"', "Cache-Control": "no-store"},
        )

    def routes(self) -> list[Route]:
        """The paths of the page."""
        return [
            Route("/journal", answered(self.show), methods=["GET"]),
            Route("/journal.jsonl", answered(self.export), methods=["GET"]),
        ]


def whole(found: list[Entry]) -> str:
    """The page's column."""
    rows = "".join(
        f"<tr><td>{moment(one.created_at)}</td>"
        f'<td>{escape(one.actor)}</td><td>{escape(one.action)}</td><th scope="row">{escape(one.subject)}</th>'
        f'<td class="detail">{escape(in_words(one))}</td></tr>'
        for one in found
    )
    older = f'<p><a href="/journal?before={found[-1].entry_id}">Older</a></p>' if len(found) == MOST else ""
    return (
        '<h1>Journal</h1><p class="quiet">Who did what, newest first. Votes are not in it: they are on the Data page. '
        '<a href="/journal.jsonl" download>Export all of it</a></p>'
        '<table class="journal"><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Did</th>'
        f'<th scope="col">What</th><th scope="col">Details</th></tr></thead><tbody>{rows}</tbody></table>{older}'
    )
