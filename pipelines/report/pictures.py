"""Small pictures as inline SVG, sized by the page and coloured by its style sheet.

They repeat numbers that stand beside them, so they are hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from markupsafe import Markup

from pipelines.report.basics import Rows
from pipelines.report.checks import RuleSheet

THINNEST: Final = 1.2
"""Per cent of the width below which no part is drawn that is not nought."""


def rows_bar(rows: Rows) -> Markup:
    """Where rows went, as parts of one bar."""
    parts = ("accepted", "pending", "quarantined", "superseded", "refused")
    return stacked((name, getattr(rows, name)) for name in parts)


def rules_bar(sheet: RuleSheet) -> Markup:
    """Passed, failed and not checked rules, as parts of one bar."""
    return stacked((s, sheet.count(s)) for s in ("passed", "failed", "not_checked"))


def stacked(parts: Iterable[tuple[str, int]]) -> Markup:
    """Parts of a whole side by side; the class of each is its name."""
    shown = [(name, value) for name, value in parts if value > 0]
    widths = _widths([value for _, value in shown])
    drawn, left = [], 0.0
    for (name, _), width in zip(shown, widths, strict=True):
        drawn.append(_rect(f"part-{name}", left, width))
        left += width
    return _svg("stack", drawn)


def bar(value: float, top: float, name: str = "plain") -> Markup:
    """A bar of `value` on a track of `top`."""
    width = 0.0 if top <= 0 or value <= 0 else max(THINNEST, 100 * value / top)
    drawn = [_rect("track", 0, 100)]
    if width:
        drawn.append(_rect(f"part-{name}", 0, min(width, 100)))
    return _svg("bar", drawn)


def interval(value: float | None, low: float | None, high: float | None) -> Markup:
    """A share on a track from 0 to 1: its interval as a band, its estimate as a mark."""
    if value is None or low is None or high is None:
        return Markup("")
    drawn = [_rect("track", 0, 100), _rect("part-plain", 100 * low, max(THINNEST, 100 * (high - low)))]
    return _svg("bar", [*drawn, _rect("axis", min(99.4, 100 * value), 0.6)])


def balance(opened: int, closed: int, top: int) -> Markup:
    """Closed rows to the left of the middle, opened ones to the right."""
    left, right = (50 * value / top if top else 0 for value in (closed, opened))
    left, right = (max(THINNEST, w) if v else 0 for w, v in ((left, closed), (right, opened)))
    drawn = [_rect("part-closed", 50 - left, left), _rect("part-opened", 50, right)]
    return _svg("balance", [_rect("track", 0, 100), *drawn, _rect("axis", 49.8, 0.4)])


def sparkline(values: list[float | None] | None, top: float | None = None, floor: float = 0.0) -> Markup:
    """The course of a number over the last deliveries, oldest first, its last point marked; gaps stay gaps."""
    known = [value for value in values or [] if value is not None]
    if not known:
        return Markup("")
    highest = max([*known, top or 0.0])
    span = (highest - floor) or 1.0
    step = 96 / max(len(values or []) - 1, 1)
    dots = [
        (2 + n * step, 22 - 20 * (max(value, floor) - floor) / span) if value is not None else None
        for n, value in enumerate(values or [])
    ]
    lines, line = [], list[str]()
    for dot in [*dots, None]:
        if dot is not None:
            line.append(f"{dot[0]:.1f},{dot[1]:.1f}")
        elif line:
            lines.append(f'<polyline points="{" ".join(line)}"/>')
            line = []
    last = next(dot for dot in reversed(dots) if dot is not None)
    lines.append(f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2.6"/>')
    inner = "".join(lines)
    head = '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="xMidYMid meet" aria-hidden="true" focusable="false">'
    return Markup(f"{head}{inner}</svg>")  # noqa: S704 - numbers of ours


def control_chart(values: list[float | None], low: float | None, high: float | None) -> Markup:
    """The course of a number over the last deliveries on the band between its limits, the last point marked."""
    known = [value for value in values if value is not None]
    if not known:
        return Markup("")
    edges = [edge for edge in (low, high) if edge is not None]
    bottom, top = min([*known, *edges]), max([*known, *edges])
    span = (top - bottom) or 1.0

    def height(value: float) -> float:
        return 24 - 22 * (value - bottom) / span

    step = 112 / max(len(values) - 1, 1)
    dots = [(4 + n * step, height(value)) for n, value in enumerate(values) if value is not None]
    drawn = []
    if low is not None and high is not None:
        tall = max(height(low) - height(high), 1.0)
        drawn.append(f'<rect class="band" x="0" y="{height(high):.1f}" width="120" height="{tall:.1f}"/>')
    drawn.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in dots)}"/>')
    out = bool(edges) and not (min(edges) <= known[-1] <= max(edges))
    drawn.append(
        f'<circle class="{"out" if out else "in"}" cx="{dots[-1][0]:.1f}" cy="{dots[-1][1]:.1f}" r="2.8"/>'
    )
    head = '<svg class="spark control" viewBox="0 0 120 26" preserveAspectRatio="xMidYMid meet" aria-hidden="true" focusable="false">'
    return Markup(f"{head}{''.join(drawn)}</svg>")  # noqa: S704 - numbers of ours


def _widths(values: list[int]) -> list[float]:
    """Per cent of the whole, thin ones thickened at the cost of the widest."""
    whole = sum(values)
    widths = [max(THINNEST, 100 * value / whole) for value in values]
    if widths:
        widest = widths.index(max(widths))
        widths[widest] -= sum(widths) - 100
    return widths


def _rect(name: str, left: float, width: float) -> str:
    return f'<rect class="{name}" x="{left:.2f}%" y="0" width="{width:.2f}%" height="100%"/>'


def _svg(kind: str, drawn: list[str]) -> Markup:
    inner = "".join(drawn)
    return Markup(f'<svg class="{kind}" aria-hidden="true" focusable="false">{inner}</svg>')  # noqa: S704 - numbers and names of ours
