"""Over-optimisation as a picture: what the reward model and the judge say of a run, as it moves from its start."""

from __future__ import annotations

from html import escape
from typing import Any

WIDTH, HEIGHT = 560.0, 200.0
LINES = {"proxy": "Its reward model", "judge": "The judge"}

Course = list[dict[str, Any]]


def course_chart(course: Course, over_optimised: dict[str, Any] | None) -> str:
    """Gain over KL of the start, the snapshots and the end, with the judge's interval; nothing without snapshots."""
    if len(course) < 3:
        return ""
    most_kl = max(point["kl"] for point in course) or 1.0
    lowest = min(0.0, *(min(point["judge_low"], point["proxy"]) for point in course))
    highest = max(0.1, *(max(point["judge_high"], point["proxy"]) for point in course))

    def at(kl: float, gain: float) -> tuple[float, float]:
        return max(kl, 0.0) / most_kl * WIDTH, (1 - (gain - lowest) / (highest - lowest)) * HEIGHT

    zero = at(0, 0)[1]
    drawn = [f'<line class="zero" x1="0" x2="{WIDTH:.0f}" y1="{zero:.1f}" y2="{zero:.1f}"/>']
    for point in course:
        (x, top), (_, bottom) = at(point["kl"], point["judge_high"]), at(point["kl"], point["judge_low"])
        drawn.append(f'<line class="judge" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>')
    for name in LINES:
        places = [at(point["kl"], point[name]) for point in course]
        drawn.append(f'<polyline class="{name}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
        drawn += [f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
    legend = "".join(f'<span class="{name}">{escape(text)}</span>' for name, text in LINES.items())
    return (
        f'<figure class="course"><figcaption>{escape(sentence(course, over_optimised))}</figcaption>'
        f'<div class="legend">{legend}</div><div class="plot">'
        f'<svg viewBox="-6 -6 {WIDTH + 12:.0f} {HEIGHT + 12:.0f}" role="img" aria-label="{escape(_said(course))}">'
        f'{"".join(drawn)}</svg><span class="range"><span>{highest:+.1f}</span><span>{lowest:+.1f}</span></span></div>'
        f'<span class="axis"><span>0</span><span>nats of KL from the start</span><span>{most_kl:.1f}</span></span>'
        "<p>Gain over the start model's answers to the same prompts, in standard deviations of their scores; bars are "
        "the judge's 95% interval.</p></figure>"
    )


def sentence(course: Course, over_optimised: dict[str, Any] | None) -> str:
    """What the picture says: whether the judge went along with the reward model to the end."""
    if over_optimised is None:
        return "The judge goes along with the reward model that the run was tuned to: no over-optimisation shows."
    step = over_optimised["step"]
    then = next(point for point in course if point["step"] == step)
    when = "at its start" if step == 0 else f"at step {step} (KL {then['kl']:.1f})"
    return (
        f"Over-optimised: the judge liked the policy best {when}, and its end {over_optimised['drop']:.2f} standard "
        f"deviations less (95% interval {over_optimised['low']:.2f} to {over_optimised['high']:.2f}), while its reward "
        "model did not."
    )


def _said(course: Course) -> str:
    told = (f"KL {p['kl']:.1f}: reward model {p['proxy']:+.2f}, judge {p['judge']:+.2f}" for p in course)
    return f"Gain against KL. {'; '.join(told)}"
