"""Curves and intervals as SVG, drawn on the server: small, still, and readable by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 320.0, 96.0
Points = Sequence[tuple[float, float]]


def curve(name: str, points: Points) -> str:
    """A line through (step, value) with its range at the left and its last value in the caption."""
    if not points:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(points))
    last_step, last = points[-1]
    said = f"{name}: {number(last)} at step {last_step:.0f}, between {number(low)} and {number(high)}"
    return (
        f'<figure class="curve"><figcaption>{escape(name)} <b>{number(last)}</b></figcaption>'
        f'<svg viewBox="0 -4 {WIDTH:.0f} {HEIGHT + 8:.0f}" role="img" aria-label="{escape(said)}">'
        f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>'
        f'<span class="range"><span>{number(high)}</span><span>{number(low)}</span></span></figure>'
    )


def place(points: Points, width: float = WIDTH, height: float = HEIGHT) -> list[tuple[float, float]]:
    """Points in a picture of that size, the first at the left, the largest at the top; a flat line is in the middle."""
    steps = [step for step, _ in points]
    values = [value for _, value in points]
    return [
        (_share(step, min(steps), max(steps), 0.0) * width, (1 - _share(value, min(values), max(values), 0.5)) * height)
        for step, value in points
    ]


def interval(value: float, low: float, high: float) -> str:
    """A share with its interval on a line from 0 to 100%, and a mark at one half."""
    said = f"{value:.0%}, between {low:.0%} and {high:.0%}"
    return (
        f'<div class="interval" role="img" aria-label="{said}"><span class="half"></span>'
        f'<span class="bar" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></span>'
        f'<span class="dot" style="left:{100 * value:.1f}%"></span>'
        '<span class="ends"><span>0%</span><span>one half</span><span>100%</span></span></div>'
    )


def number(value: float) -> str:
    """A figure in at most four characters that count."""
    return f"{value:.3g}"


def _share(value: float, low: float, high: float, alone: float) -> float:
    return (value - low) / (high - low) if high > low else alone
