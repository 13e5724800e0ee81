"""The page about a labeler's own labels, /me, for everybody about themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labeling.accounts import require
from labeling.mine import BeforeAfter, Mine, before_and_after, mine, number_of
from labeling.ui.catalogues import catalogues, said
from labeling.ui.door import Access
from labeling.ui.identity import user_of
from labeling.ui.plain import answered, moment, page, readable
from storage import browse
from storage.browse.vote_list import ShownVote
from storage.records import prompt_text

SIDES = ("left", "right")
VERDICTS = {
    **{verdict: f"known.{verdict}" for verdict in ("left", "right", "tie", "both_bad")},
    "skip": "decision.skip",
}
RECENT = 20  # votes in the list


@dataclass(frozen=True)
class Me:
    """What happens on the page. The handler asks for the role itself."""

    access: Access

    async def show(self, request: Request) -> Response:
        """The page; `number` is which prompt to compare on, and `chose` the side that was taken, left or right."""
        store = self.access.store
        asker = require(store, user_of(request), "labeler")
        number, chose = number_of(request.query_params.get("number", "0")), request.query_params.get("chose", "")
        tell = Teller(request.headers.get("accept-language", ""))

        def whole() -> str:
            found = mine(store, asker)
            pair = before_and_after(store, asker, found.shaped, number)
            votes = browse.votes(store, browse.VoteListFilters(labeler=asker)).rows[:RECENT]
            title = tell(said("me.title"))
            return (
                f"<h1>{title}</h1>{figures(found, tell)}{models(found, tell)}"
                f"{comparison(pair, number, chose, tell)}{history(votes, tell)}"
            )

        return page(asker, await run_in_threadpool(whole), self.access.masthead(asker))

    def routes(self) -> list[Route]:
        """The path of the page."""
        return [Route("/me", answered(self.show), methods=["GET"])]


class Teller:
    """Says a text of the catalogues, as HTML, in the first language that a browser asks for and there is."""

    def __init__(self, accepted: str) -> None:
        asked = [one.split(";")[0].strip().split("-")[0].lower() for one in accepted.split(",")]
        self.texts = catalogues()[next((one for one in asked if one in catalogues()), "en")]["texts"]

    def __call__(self, text: dict[str, Any]) -> str:
        """The text that `said` names, its values put in."""
        return escape(self.texts[text["key"]].format(**text["values"]))


def figures(found: Mine, tell: Teller) -> str:
    """The labeler's figures, a line each."""
    pace = "–" if found.seconds is None else tell(said("me.seconds", seconds=f"{found.seconds:.1f}"))
    rows = [
        (tell(said("me.votes")), f"{found.votes:,}"),
        (tell(said("me.pace")), pace),
        (tell(said("me.agrees", pairs=found.comparisons)), found.agrees),
        (tell(said("me.steady", pairs=found.repeats)), found.steady),
        (tell(said("me.practice", pairs=found.practised)), str(found.practised_same) if found.practised else "–"),
    ]
    lines = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in rows)
    return f'<p class="quiet">{tell(said("me.how"))}</p><table class="figures"><tbody>{lines}</tbody></table>'


def models(found: Mine, tell: Teller) -> str:
    """What the labels did."""
    title, promoted = heading(tell(said("me.shaped"))), tell(said("me.promoted"))
    if not found.shaped:
        return f'{title}<p class="quiet">{tell(said("me.shaped_none"))}</p>'
    rows = "".join(
        f'<tr><th scope="row">{escape(one.model.name)}</th><td>{tell(said("me.rows", votes=one.votes))}</td>'
        f"<td>{promoted if one.model.status in ('promoted', 'former') else ''}</td></tr>"
        for one in reversed(found.shaped)
    )
    return f"{title}<table><tbody>{rows}</tbody></table>"


def comparison(pair: BeforeAfter | None, number: int, chose: str, tell: Teller) -> str:
    """A model before and after it learned from the labeler, sides hidden until one is chosen."""
    title = heading(tell(said("me.blind")))
    if pair is None:
        return f'{title}<p class="quiet">{tell(said("me.blind_none"))}</p>'
    names = dict(
        zip(SIDES, (pair.model, pair.parent) if pair.left_is_after else (pair.parent, pair.model), strict=True)
    )
    cards = []
    for letter, side, text in zip("AB", SIDES, (pair.left, pair.right), strict=True):
        whose = f' <span class="quiet">{escape(names[side])}</span>' if chose in SIDES else ""
        cards.append(f"<article><h3>{letter}{whose}</h3>{readable(text)}</article>")
    if chose in SIDES:
        took = said("me.took_after") if names[chose] == pair.model else said("me.took_before")
        asked = f'<p role="status">{tell(took)}</p>'
        asked += f'<p><a href="/me?number={number + 1}#blind">{tell(said("me.another"))}</a></p>'
    else:
        buttons = "".join(
            f'<button name="chose" value="{side}">{tell(said("me.take", side=letter))}</button>'
            for letter, side in zip("AB", SIDES, strict=True)
        )
        which = f'<input type="hidden" name="number" value="{number}">'
        asked = f'<form class="line" action="/me#blind">{which}{buttons}</form>'
    prompt = escape(prompt_text(json.loads(pair.messages)))
    return (
        f'<section id="blind">{title}<p class="quiet">{tell(said("me.blind_how"))}</p>'
        f'<blockquote>{prompt}</blockquote><div class="two">{"".join(cards)}</div>{asked}</section>'
    )


def history(votes: list[ShownVote], tell: Teller) -> str:
    """The newest votes."""
    title = heading(tell(said("me.history")))
    rows = "".join(
        f"<tr><td>{moment(vote.created_at)}</td>"
        f"<td>{tell(said(VERDICTS[vote.verdict]))}</td><td>{escape(vote.prompt[-1]['content'][:200])}</td></tr>"
        for vote in votes
    )
    change = f'<p class="quiet">{tell(said("me.change"))}</p>'
    return f"{title}{change}<table><tbody>{rows}</tbody></table>" if votes else ""


def heading(text: str) -> str:
    """A heading on the page."""
    return f"<h2>{text}</h2>"
