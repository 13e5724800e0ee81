"""Plots of a reward model's report as SVG and HTML, drawn on the server, readable by a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from labeling.ui.curves import number

WIDTH, HEIGHT = 400.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 22.0, 12.0, 30.0  # room for the axes' figures
LARGEST = 11.0  # radius of the dot with the most votes


def calibration(bins: Sequence[dict[str, Any]]) -> str:
    """How often the answer that the model prefers won, against how sure it was; on the line it is right about itself.

    `bins` have probability (0.5 to 1), won (0 to 1) and votes; a dot's area is its share of the votes.
    """
    most = max(one["votes"] for one in bins)
    dots = "".join(
        f'<circle cx="{_x(one["probability"], 0.5, 1):.1f}" cy="{_y(one["won"], 0, 1):.1f}"'
        f' r="{max(3.0, LARGEST * math.sqrt(one["votes"] / most)):.1f}"/>'
        for one in bins
    )
    line = f"{_x(0.5, 0.5, 1):.1f},{_y(0.5, 0, 1):.1f} {_x(1, 0.5, 1):.1f},{_y(1, 0, 1):.1f}"
    said = "; ".join(f"{one['probability']:.0%} sure, right {one['won']:.0%} of {one['votes']} votes" for one in bins)
    return _plot(
        f'<polyline class="truth" points="{line}"/><g class="dots">{dots}</g>',
        across=[(share, f"{share:.0%}") for share in (0.5, 0.75, 1.0)],
        up=[(share, f"{share:.0%}") for share in (0.0, 0.5, 1.0)],
        said=f"Calibration: {said}",
    )


def scatter(points: Sequence[Sequence[float]]) -> str:
    """Score against words, a dot an answer."""
    words, scores = [point[0] for point in points], [point[1] for point in points]
    across, up = _ends(words), _ends(scores)
    dots = "".join(
        f'<circle cx="{_x(x, *across):.1f}" cy="{_y(y, *up):.1f}" r="3"/>' for x, y in zip(words, scores, strict=True)
    )
    return _plot(
        f'<g class="cloud">{dots}</g>',
        across=[(end, number(end)) for end in across],
        up=[(end, number(end)) for end in up],
        said=f"Score against length: {len(points)} answers of {number(across[0])} to {number(across[1])} words, "
        f"scored {number(up[0])} to {number(up[1])}",
    )


def share_bar(value: float, low: float, high: float, ceiling: float | None) -> str:
    """A share with its interval on a line from 0 to 100%, one half marked, and the ceiling where it is known."""
    mark = f'<span class="ceiling" style="left:{100 * ceiling:.1f}%"></span>' if ceiling is not None else ""
    return (
        f'<span class="share-bar" role="img" aria-label="{value:.0%}, between {low:.0%} and {high:.0%}">'
        f'<span class="half"></span>{mark}'
        f'<span class="bar" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></span>'
        f'<span class="dot" style="left:{100 * value:.1f}%"></span></span>'
    )


def _plot(inside: str, across: list[tuple[float, str]], up: list[tuple[float, str]], said: str) -> str:
    """A frame with figures at its axes, the first and last of which are the axes' ends."""
    low_x, high_x, low_y, high_y = across[0][0], across[-1][0], up[0][0], up[-1][0]
    ticks = "".join(
        f'<text x="{_x(value, low_x, high_x):.1f}" y="{HEIGHT - 8:.0f}" text-anchor="middle">{escape(text)}</text>'
        for value, text in across
    ) + "".join(
        f'<text x="{LEFT - 8:.0f}" y="{_y(value, low_y, high_y) + 4:.1f}" text-anchor="end">{escape(text)}</text>'
        for value, text in up
    )
    frame = f'<path class="frame" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>'
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(said)}">'
        f"{frame}{ticks}{inside}</svg>"
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The least and the largest value, a little apart where they are the same."""
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
