"""What an import would do, or did, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from storage.exchange.importing import Report, Survey
from storage.exchange.shapes import DemonstrationRow, PreferenceRow, RatingRow, Shape
from storage.records import prompt_text

SHOWN_REASONS = 10
LONGEST_SHOWN = 300  # characters of a text
NAMES_SHOWN = 10


def parts(shape: Shape) -> list[tuple[str, str]]:
    """A row as it would come in: names and texts, for a table or lines."""
    shown = [("prompt", prompt_text(shape.prompt))]
    if isinstance(shape, PreferenceRow):
        strength = f"strength {shape.strength}"
        if shape.has_side and shape.flipped is None:
            answers, verdict = [("chosen", shape.chosen), ("rejected", shape.rejected)], strength
        else:
            answers = [("a", shape.a), ("b", shape.b)]
            verdict = f"{shape.verdict}, {strength}" if shape.has_side else shape.verdict.replace("_", " ")
        models = " and ".join(filter(None, (shape.model_a, shape.model_b)))
        shown += [*answers, ("verdict", verdict), ("models", models), ("labeler", shape.labeler or "")]
    elif isinstance(shape, RatingRow):
        shown += [
            ("answer", shape.answer),
            ("thumb", "up" if shape.label else "down"),
            ("labeler", shape.labeler or ""),
        ]
    elif isinstance(shape, DemonstrationRow):
        shown += [("answer", shape.answer), ("labeler", shape.labeler or "")]
    answers_too = ("prompt", "answer", "chosen", "rejected", "a", "b")
    return [(name, cut(text)) for name, text in shown if text or name in answers_too]


def cut(text: str) -> str:
    """The beginning of a text."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} [...]"


def summary(survey: Survey) -> str:
    """What would come in, as one paragraph."""
    said = [f"Format {survey.format}, because {survey.why}: {survey.accepted} {survey.what} in {_rows(survey.rows)}"]
    if survey.counts:
        counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(survey.counts.items()))
        said[0] += f" ({counts})"
    said.append(f"{_rows(survey.rejected_count)} cannot be brought in")
    if survey.labelers and not survey.merges_labelers:
        said.append(f"by {_names(survey.labelers, 'labeler')}")
    if survey.models:
        said.append(f"answers by {_names(survey.models, 'model')}")
    return "; ".join(said) + "." + "".join(f" {note}" for note in survey.notes)


def rejections(rejected: Sequence[tuple[int, str]], count: int, most: int = SHOWN_REASONS) -> list[str]:
    """The first bad rows with their reasons, and how many more there are."""
    lines = [f"row {number}: {reason}" for number, reason in rejected[:most]]
    return [*lines, f"and {count - len(lines)} more rows"] if count > len(lines) else lines


def report_text(report: Report) -> str:
    """What an import did, in a sentence, with its notes."""
    said = (
        f"{report.imported} {report.what} imported, {report.known} there already, {report.rejected_count} rejected "
        f"(format {report.format})."
    )
    return " ".join([said, *report.notes])


def survey_text(survey: Survey) -> str:
    """All of it for a terminal. Control characters of the file are shown as such."""
    rows = [f"\nrow {number}\n{_lines(shape)}" for number, shape in survey.first]
    bad = rejections(survey.rejected, survey.rejected_count)
    return _visible("\n".join([summary(survey), *rows, *(["", *bad] if bad else [])]))


def survey_data(survey: Survey) -> dict[str, Any]:
    """All of it as JSON."""
    return {
        "format": survey.format,
        "why": survey.why,
        "what": survey.what,
        "rows": survey.rows,
        "accepted": survey.accepted,
        "rejected": survey.rejected_count,
        "reasons": [{"row": number, "reason": reason} for number, reason in survey.rejected[:SHOWN_REASONS]],
        "counts": survey.counts,
        "labelers": len(survey.labelers),
        "models": sorted(survey.models)[:NAMES_SHOWN],
        "first": [{"row": number, **dict(parts(shape))} for number, shape in survey.first],
        "notes": list(survey.notes),
    }


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _lines(shape: Shape) -> str:
    return "\n".join(f"  {name:<9}{json.dumps(text, ensure_ascii=False)}" for name, text in parts(shape))


def _names(names: set[str], noun: str) -> str:
    shown = sorted(names)[:NAMES_SHOWN]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"{len(names)} {noun}{'s' if len(names) > 1 else ''} ({', '.join(shown)}{more})"


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
