"""The weight of a link as a waterfall: a bar for each piece of evidence, from the prior to the sum; one SVG file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import Any, Final

from pipelines.report.basics import Language
from pipelines.report.texts import say, say_word

_LEFT, _RIGHT, _ROW, _BAR, _HEAD, _FOOT = 380, 90, 30, 18, 64, 34
_WIDTH: Final = 960
_FOR, _AGAINST, _SUM, _INK, _SOFT, _LINE = "#1f5566", "#a3211b", "#24693f", "#1d2329", "#59626b", "#dfdbd1"
_FONT: Final = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',Arial,sans-serif"
_HEARD: Final = 0.005


@dataclass(frozen=True)
class Panel:
    """One link: what it is called, its steps (evidence, bits) and the weight a link needs."""

    title: str
    steps: tuple[tuple[str, float], ...]
    threshold: float

    @property
    def total(self) -> float:
        """Where the last step ends."""
        return sum(bits for _, bits in self.steps)


def panels_of(links: Iterable[tuple[str, Mapping[str, Any] | None]]) -> list[Panel]:
    """Panels of links that were weighed: (title, evidence as linkage.explanation gives it)."""
    return [
        Panel(
            title,
            tuple((s["evidence"], s["bits"]) for s in told["steps"] if s["evidence"] == "prior" or abs(s["bits"]) >= _HEARD),
            told["link_weight"],
        )
        for title, told in links
        if told is not None and "steps" in told
    ]  # fmt: skip


def waterfall(panels: Sequence[Panel], language: Language) -> str:
    """The picture, panels below each other; the same bytes for the same panels. No value of a person."""
    heights = [_HEAD + _ROW * (len(panel.steps) + 1) + _FOOT for panel in panels]
    tops = [0, *accumulate(heights)]
    drawn = [_panel(panel, top, language) for panel, top in zip(panels, tops, strict=False)]
    height = max(tops[-1], _HEAD)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' role="img" font-family="{_FONT}" font-size="14">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>{"".join(drawn)}</svg>\n'
    )


def _panel(panel: Panel, top: int, language: Language) -> str:
    ends = list(accumulate((bits for _, bits in panel.steps), initial=0.0))
    low, high = min(*ends, panel.threshold, 0.0), max(*ends, panel.threshold, 0.0)
    scale = (_WIDTH - _LEFT - _RIGHT) / ((high - low) or 1.0)

    def place(bits: float) -> float:
        return _LEFT + (bits - low) * scale

    bottom = top + _HEAD + _ROW * (len(panel.steps) + 1)
    parts = [
        _text(24, top + 30, panel.title, _INK, "start", "600"),
        _rule(place(0.0), top + _HEAD - 8, bottom, _LINE, ""),
        _rule(place(panel.threshold), top + _HEAD - 8, bottom, _SUM, "4 3"),
        _text(place(panel.threshold), bottom + 18, f"{say('explain.threshold', language)} {panel.threshold:g}", _SUM, "middle", "400"),
    ]  # fmt: skip
    for n, ((name, bits), start) in enumerate(zip(panel.steps, ends, strict=False)):
        label = say_word("comparison", name, language)
        parts.append(_bar(label, start, start + bits, f"{bits:+.2f}", top + _HEAD + n * _ROW, place))
    total_at = top + _HEAD + len(panel.steps) * _ROW
    parts.append(
        _bar(say("explain.total", language), 0.0, panel.total, f"{panel.total:+.2f}", total_at, place, _SUM)
    )
    return "".join(parts)


def _bar(
    label: str, start: float, end: float, told: str, top: int, place: Any, colour: str | None = None
) -> str:
    left, right = sorted((place(start), place(end)))
    fill = colour or (_FOR if end >= start else _AGAINST)
    middle = top + _BAR - 4
    return (
        _text(_LEFT - 14, middle, label, _SOFT, "end", "400")
        + f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 1.0):.1f}" height="{_BAR}" rx="2" fill="{fill}"/>'
        + _text(right + 8, middle, told, _INK, "start", "400")
    )


def _rule(x: float, top: float, bottom: float, colour: str, dashes: str) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, text: str, colour: str, anchor: str, weight: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )
