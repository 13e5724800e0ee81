"""How the page of quality looks. All that people or models wrote is shown as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from labeling.attention import Standing
from labeling.quality import words
from labeling.quality.ladder import Ladder
from labeling.quality.report import Quality
from labeling.ui.charts import share_bar
from labeling.ui.tables import scrolling_rows
from storage.adjudications import Case, Ruling
from storage.gold import Gold, Proposal
from storage.records import prompt_text
from storage.statistics import Interval

VERDICTS = {"a": "A", "b": "B", "tie": "tie", "both_bad": "both bad"}
STRENGTHS = ("", ", barely", "", ", clearly", ", far better")


def summary(found: Quality) -> str:
    """The question, the answer, and what else is known of all votes together."""
    more = (words.on_steadiness(found), words.on_bias(found.bias)) if found.votes else ()
    measured = "".join(f'<p class="measured">{escape(one)}</p>' for one in more)
    answer = words.on_agreement(found) if found.votes else "There is no vote yet: rank some pairs first."
    return (
        f'<section class="card verdict"><h1>How good are the labels?</h1><p class="answer">{escape(answer)}</p>'
        f"{measured}</section>"
    )


def ready(found: dict[str, Any], working: bool) -> str:
    """Whether the labels are enough, with the learning curve where there is one."""
    said = "".join(f"<li>{escape(one)}</li>" for one in found["said"])
    note = '<p class="measured" role="status">The learning curve is being measured.</p>' if working else ""
    drawn = _curve(found["curve"], found["ceiling"]) if found["curve"] else ""
    return f'<section class="card ready" id="ready"><h2>Ready to train?</h2><ul>{said}</ul>{note}{drawn}</section>'


def labelers(found: Quality, attention: dict[str, Standing]) -> str:
    """A line for each labeler, with who is warned or paused and why, and agreement by week."""
    rows = [
        [
            escape(one.name) + _attention(attention.get(one.name)),
            f"{one.votes:,}",
            _bar(one.agrees),
            words.figure(one.reliability),
            words.percent(one.steady),
            words.percent(one.bias.left),
            words.percent(one.bias.longer),
        ]
        for one in found.labelers
    ]
    heads = ["Labeler", "Votes", "Agrees with others", "Reliability", "Same again", "For the left", "For the longer"]
    note = (
        '<p class="quiet">With 95% intervals. Reliability is the chance that somebody follows the better answer rather '
        "than votes against it (Crowd-BT): one half is a coin, and it is to be read beside the others'.</p>"
    )
    people = f"<h2>Labelers</h2>{note}{_table(heads, rows)}" if rows else ""
    weeks = [
        [
            one.monday,
            str(one.agreement.comparisons),
            words.figure(one.agreement.alpha),
            words.percent(one.agreement.same),
            words.percent(one.agreement.same_side),
        ]
        for one in found.weeks
        if one.agreement.comparisons
    ]
    heads = ["Week from", "Pairs of several", "Krippendorff's alpha", "The same", "For the same side"]
    return people + (f"<h2>Agreement by week</h2>{_table(heads, weeks)}" if weeks else "")


def contested(found: Sequence[Case]) -> str:
    """The pairs to rule on, the most contested first."""
    if not found:
        return '<p class="quiet">No two people disagree about a pair that has not been ruled on.</p>'
    items = "".join(
        f'<details class="card case"><summary><b>Pair {one.pair_id}</b> '
        f'<span class="prompt">{escape(one.prompt)}</span>'
        f'<span class="votes">{escape(_votes(one))}</span></summary><div class="pair"><div><h4>A</h4>'
        f"<p>{escape(one.a)}</p></div><div><h4>B</h4><p>{escape(one.b)}</p></div></div></details>"
        for one in found
    )
    return (
        '<p class="quiet">The most divided first. A ruling is a vote of yours with a reason: models learn from it, and '
        f'no longer from votes that say otherwise.</p><div class="cases">{items}</div>'
    )


def rulings(found: Sequence[Ruling]) -> str:
    """The newest rulings."""
    rows = [
        [
            f"Pair {one.pair_id}",
            escape(VERDICTS[one.verdict] + STRENGTHS[one.strength]),
            f'<span class="why">{escape(one.reason)}</span>',
            escape(one.actor),
        ]
        for one in found
    ]
    return f"<h3>Rulings that stand</h3>{_table(['Pair', 'Verdict', 'Why', 'By'], rows)}" if rows else ""


def ladder(found: Ladder) -> str:
    """The models, the best first."""
    rows = [
        [escape(one.model), f"{one.battles:,}", words.rating(one), words.rating(one, styled=True)]
        for one in found.rungs
    ]
    table = _table(["Model", "Votes", "Rating", "At equal style"], rows)
    return f'<p class="quiet">{escape(words.on_ladder(found))}</p>{table}'


def gold(found: Sequence[Gold], proposed: Sequence[Proposal]) -> str:
    """The pairs whose verdict is known, and those that people of one mind propose."""
    rows = [
        [
            f"Pair {one.pair_id}",
            VERDICTS[one.verdict],
            f'<span class="why">{escape(one.why)}</span>',
            "for new labelers, who are told" if one.calibration else "silent, among all others",
            escape(one.set_by),
        ]
        for one in found
    ]
    table = _table(["Pair", "Verdict", "Why", "Use", "By"], rows)
    items = "".join(
        f"<li>Pair {one.pair_id}: {one.people} people chose {VERDICTS[one.verdict]}. "
        f'<span class="quiet">{escape(prompt_text(json.loads(one.messages)))}</span></li>'
        for one in proposed
    )
    said = "People of one mind propose these:" if items else "No three people are of one mind on a pair that is new."
    return (
        '<p class="quiet">Pairs whose verdict is known, mixed in silently, tell who has stopped to look.</p>'
        f'{table}<p class="quiet">{said}</p><ul class="proposals">{items}</ul>'
    )


def _attention(of: Standing | None) -> str:
    return f' <span class="status failed">{escape(of.state)}: {escape(of.why)}</span>' if of else ""


def _votes(one: Case) -> str:
    return "; ".join(f"{who}: {VERDICTS[verdict]}{STRENGTHS[strength]}" for who, verdict, strength in one.votes)


def _bar(share: Interval | None) -> str:
    if share is None:
        return "–"
    return f"{share_bar(share.value, share.low, share.high, None)}{words.percent(share)}"


def _curve(curve: dict[str, Any], ceiling: float | None) -> str:
    """Accuracy on unseen votes by the number of votes learned from, each with its interval."""
    rows = "".join(
        f"<li><span>{point['votes']} votes</span>"
        f"{share_bar(point['accuracy']['value'], point['accuracy']['low'], point['accuracy']['high'], ceiling)}"
        f"<span>{point['accuracy']['value']:.0%}</span></li>"
        for point in curve["points"]
    )
    mark = " The dashed mark is the most that labelers' agreement allows." if ceiling is not None else ""
    return (
        f'<h3>Unseen votes told right, by how many it learned from</h3><ol class="points">{rows}</ol>'
        f'<p class="quiet">From 0 to 100%, with 95% intervals; the line is one half.{mark}</p>'
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML; nothing where there is no row."""
    return scrolling_rows(heads[0], [escape(head) for head in heads], rows)
