"""Checks of a value against the others of its column: order, distance from the mean, outliers.

`cells` are the values of the rows that are examined, null elsewhere; an answer needs them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from pipelines.quality.checkable import NotCheckable, Values


def _in_order(cells: pl.Expr, values: Values, *, rising: bool) -> pl.Expr:
    """Each value against the last known one before it."""
    before = cells.forward_fill().shift(1)
    higher, lower = (cells, before) if rising else (before, cells)
    kept = higher.gt(lower) if values.get("strictly") else higher.ge(lower)
    return kept | before.is_null()


def _under_threshold(cells: pl.Expr, values: Values) -> pl.Expr:
    """Standard deviations from the mean (n - 1); where there is no spread nothing is far from it."""
    spread, threshold = cells.std(), float(values["threshold"])
    score = (cells - cells.mean()) / pl.when(spread > 0).then(spread)
    if values.get("double_sided", True):
        score, threshold = score.abs(), abs(threshold)
    return (score < threshold).fill_null(value=True)


def _no_outlier(cells: pl.Expr, values: Values) -> pl.Expr:
    """Within Tukey's fences (`iqr`), or nearer to the mean than so many standard deviations (`std`)."""
    method, times = values.get("method") or "iqr", values.get("multiplier")
    times = 1.5 if times is None else times
    if method == "iqr":
        low, high = (cells.quantile(at, interpolation="linear") for at in (0.25, 0.75))
        reach = (high - low) * times
        return ((cells >= low - reach) & (cells <= high + reach)).fill_null(value=True)
    if method != "std":
        raise NotCheckable(f"method may not be {method!r}")
    reach = cells.std() * times
    near = pl.when(reach <= 0).then(cells == cells.mean()).otherwise((cells - cells.mean()).abs() < reach)
    return near.fill_null(value=True)


STANDING_CHECKS: Final[dict[str, Callable[[pl.Expr, Values], pl.Expr]]] = {
    "column_values.increasing": lambda cells, v: _in_order(cells, v, rising=True),
    "column_values.decreasing": lambda cells, v: _in_order(cells, v, rising=False),
    "column_values.z_score.under_threshold": _under_threshold,
    "column_values.not_outliers": _no_outlier,
}
"""Metric name -> expression that is true for a value as it should be among `cells`."""
