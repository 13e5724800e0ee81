"""How a reward model's report looks: may it be trusted, by whom and on what, and where it is wrong."""

from __future__ import annotations

from html import escape
from typing import Any

from labeling.ui import charts
from labeling.ui.curves import interval
from labeling.ui.tables import scrolling
from storage.reports import Report, agreement_sentence, ceiling_sentence, newest_sentence, share

SIDES = {
    "round": ("By round", "The policy that wrote the pairs, the oldest first."),
    "labeler": ("By labeler", ""),
    "agreement": ("By agreement", "Of those who judged the same pair."),
    "strength": ("By strength", "How clear the labelers found it."),
}


def report_view(name: str, report: Report, votes_since: int) -> str:
    """The whole page of one reward model."""
    if not report["accuracy"]["votes"]:
        return trust_card(name, report, votes_since)
    return trust_card(name, report, votes_since) + _slices(report) + _plots(report) + _mistakes(report["mistakes"])


def trust_card(name: str, report: Report, votes_since: int) -> str:
    """The question, the answer in sentences, and the figures it rests on."""
    accuracy = report["accuracy"]
    drawn = interval(accuracy["accuracy"], accuracy["low"], accuracy["high"]) if accuracy["votes"] else ""
    newest = report["newest"]
    age = "caution" if newest and newest["stale"] else "measured"
    said = "".join(
        f'<p class="{style}">{escape(sentence)}</p>'
        for style, sentence in (("measured", ceiling_sentence(report)), (age, newest_sentence(report)))
        if sentence
    )
    rows = "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in figures(report))
    since = f" Votes that came or changed since: {votes_since}." if votes_since else ""
    return (
        f'<section class="card verdict trust"><h1>May I trust {escape(name)}?</h1>'
        f'<p class="answer">{escape(agreement_sentence(report))}</p>{drawn}{said}'
        f'<dl class="figures">{rows}</dl>'
        f'<p class="measured">Measured on a snapshot of {report["votes"]} votes.{since}</p></section>'
    )


def figures(report: Report) -> list[tuple[str, str]]:
    """Name and value of what else was measured."""
    apart, ece = report["mean_margin"], report["calibration"]["ece"]
    rows = [
        ("Unseen ties, both bad", f"{report['ties']}, {report['both_bad']}"),
        ("Calibration error (ECE)", f"{ece:.3f}" if ece is not None else ""),
        ("Score and length", f"correlation {report['length']['correlation']:.2f}"),
        ("Scores apart on votes", f"{apart['votes']:.2f}" if apart["votes"] is not None else ""),
        ("Scores apart on ties", f"{apart['ties']:.2f}" if apart["ties"] is not None else ""),
    ]
    return [(name, value) for name, value in rows if value]


def _slices(report: Report) -> str:
    between = report["ceiling"]["between"]
    ceiling = between["agreement"] if between else None
    legend = " The dashed mark is how often two labelers agree." if ceiling is not None else ""
    tables = "".join(_table(title, about, report["slices"][side], ceiling) for side, (title, about) in SIDES.items())
    return (
        '<h2>Where it agrees with the labelers</h2><p class="quiet">Share of unseen votes with its 95% interval, '
        f'from 0 to 100%; the line is one half.{legend}</p><div class="slices">{tables}</div>'
    )


def _table(title: str, about: str, groups: list[dict[str, Any]], ceiling: float | None) -> str:
    lines = "".join(
        f"<tr><th scope=row>{escape(one['name'])}</th>"
        f"<td>{charts.share_bar(one['accuracy'], one['low'], one['high'], ceiling)}</td>"
        f'<td class="figure">{share(one)}</td><td class="figure">{one["votes"]}</td></tr>'
        for one in groups
    )
    note = f' <span class="quiet">{escape(about)}</span>' if about else ""
    heads = ("<span class=unseen>Votes of</span>", "<span class=unseen>Interval</span>", "Agrees", "Votes")
    return f'<section class="slice"><h3>{escape(title)}{note}</h3>{scrolling(title, heads, lines)}</section>'


def _plots(report: Report) -> str:
    length, found = report["length"], report["calibration"]
    shown = f"{len(length['points'])} of {length['answers']} answers" if length["answers"] else ""
    return (
        '<div class="plots"><figure class="card"><h3>Is it as sure as it should be?</h3>'
        f"{charts.calibration(found['bins'])}<figcaption>Across, how sure it is of the answer it prefers; up, how "
        f"often that one was chosen. On the line the two agree. ECE {found['ece']:.3f}.</figcaption></figure>"
        '<figure class="card"><h3>Does it like length?</h3>'
        f"{charts.scatter(length['points'])}<figcaption>Across, words; up, score; {shown}. "
        f"Correlation {length['correlation']:.2f}.</figcaption></figure></div>"
    )


def _mistakes(mistakes: list[dict[str, Any]]) -> str:
    """The votes that it contradicts most confidently, to read: model and labelers' text, and so shown as text."""
    if not mistakes:
        return '<h2>Its mistakes</h2><p class="quiet">It contradicts no unseen vote.</p>'
    items = "".join(
        f'<li class="card"><p class="prompt">{escape(one["prompt"])}</p><div class="pair">'
        f"<div><h3>{escape(one['labeler'])} chose</h3><p>{escape(one['chosen'])}</p></div>"
        f"<div><h3>It is {one['probability']:.0%} sure of</h3><p>{escape(one['rejected'])}</p></div></div></li>"
        for one in mistakes
    )
    return f'<h2>Its {len(mistakes)} most confident mistakes</h2><ol class="mistakes">{items}</ol>'
