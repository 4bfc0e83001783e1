"""How numbers, shares and times are written; the same in both languages."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Final

ZONE: Final = timezone(timedelta(hours=8))
DASH: Final = "—"


def number(value: float | None) -> str:
    """`41,250`; a dash for None."""
    return DASH if value is None else f"{value:,.0f}"


def signed(value: int) -> str:
    """`+120`, `−7`, `±0`."""
    if value == 0:
        return "±0"
    return f"+{value:,}" if value > 0 else f"−{-value:,}"


def share(value: float | None) -> str:
    """A part of 1 as per cent, two digits; what is not nought is never written as nought."""
    if value is None:
        return DASH
    if 0 < value < 0.0001:
        return "<0.01%"
    return f"{value:.2%}"


def points(now: float | None, before: float | None) -> str:
    """Change of a share in percentage points, `+0.25`; a dash without the two."""
    if now is None or before is None:
        return DASH
    change = round((now - before) * 100, 2)
    return "±0" if change == 0 else f"{change:+.2f}".replace("-", "−")


def limit(value: float | None) -> str:
    """A threshold as per cent, `1%`, `0.5%`."""
    return DASH if value is None else f"{value * 100:g}%"


def score(value: float | None) -> str:
    """A part of 1 as per cent, cut to two digits, so that 100.00% means all of them."""
    if value is None:
        return DASH
    return f"{math.floor(value * 10_000 + 1e-9) / 100:.2f}%"


def seconds(value: float) -> str:
    """`0.42`, `12.6`, `1,204`."""
    if value < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def moment(value: datetime | None) -> str:
    """`2026-07-01 10:30` in UTC+8."""
    return DASH if value is None else f"{value.astimezone(ZONE):%Y-%m-%d %H:%M}"


def row_numbers(first: tuple[int, ...], rows: int) -> str:
    """`17, 203, 455 …`: the numbers there are, and whether there are more."""
    told = ", ".join(str(row) for row in first)
    return f"{told} …" if rows > len(first) else told
