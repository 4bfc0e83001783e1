"""Checks of a text's form that no pattern of Polars says: dates by a format, JSON, LIKE patterns.

What Python decides is decided once for each distinct text. Unknown in, unknown out.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import polars as pl

from pipelines.quality.checkable import NotCheckable, Values

_ANY_DAY: Final = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - what a partial date leaves out; no clock decides a check


def of_strftime(column: pl.Expr, values: Values, kind: pl.DataType) -> pl.Expr:
    """True for a text that `datetime.strptime` reads by the format."""
    _text_only(kind)
    return _each(column, partial(_reads, form=values["strftime_format"]))


def of_dateutil(column: pl.Expr, _values: Values, kind: pl.DataType) -> pl.Expr:
    """True for a text that dateutil reads as a date."""
    _text_only(kind)
    return _each(column, _is_date)


def of_json(column: pl.Expr, _values: Values, kind: pl.DataType) -> pl.Expr:
    """True for a text that is JSON."""
    _text_only(kind)
    return _each(column, _is_json)


def of_json_schema(column: pl.Expr, values: Values, kind: pl.DataType) -> pl.Expr:
    """True for JSON that keeps to the schema; a text that is not JSON leaves the check without an answer."""
    _text_only(kind)
    from jsonschema.validators import validator_for  # type: ignore[import-untyped] # noqa: PLC0415 - only when a suite asks

    schema = values["json_schema"]
    validator = validator_for(schema)
    validator.check_schema(schema)
    return _each(column, partial(_keeps, validator(schema).is_valid))


def of_like(column: pl.Expr, values: Values, kind: pl.DataType) -> pl.Expr:
    """True for a text that SQL's LIKE takes: `%` any text, `_` one character, as in PostgreSQL."""
    _text_only(kind)
    return column.str.contains(like(values["like_pattern"], values.get("escape")))


def of_likes(column: pl.Expr, values: Values, kind: pl.DataType) -> pl.Expr:
    """True for a text that one of the patterns takes, or all of them (`match_on`)."""
    _text_only(kind)
    matches = [column.str.contains(like(one, values.get("escape"))) for one in values["like_pattern_list"]]
    wanted = values.get("match_on") or "any"
    if wanted not in ("any", "all") or not matches:
        raise NotCheckable("patterns and match_on `any` or `all` are needed")
    return pl.any_horizontal(matches) if wanted == "any" else pl.all_horizontal(matches)


def like(pattern: str, escape: str | None = None) -> str:
    r"""The pattern of SQL's LIKE as a regular expression; the escape is `\` where none is said, as in PostgreSQL."""
    mark, parts, cells = escape or "\\", [], iter(pattern)
    for cell in cells:
        if cell == mark:
            taken = next(cells, None)
            if taken is None:
                raise NotCheckable("the LIKE pattern ends with its escape")
            parts.append(re.escape(taken))
        else:
            parts.append({"%": ".*", "_": "."}.get(cell) or re.escape(cell))
    return f"(?s)^{''.join(parts)}$"


def _text_only(kind: pl.DataType) -> None:
    if kind not in (pl.String, pl.Null):
        raise NotCheckable("the column is not text")


def _each(column: pl.Expr, good: Callable[[str], bool]) -> pl.Expr:
    def judged(texts: pl.Series) -> pl.Series:
        known = texts.drop_nulls().unique()
        answers = pl.Series([good(text) for text in known], dtype=pl.Boolean)
        return texts.replace_strict(known, answers, default=None, return_dtype=pl.Boolean)

    return column.cast(pl.String).map_batches(judged, return_dtype=pl.Boolean, is_elementwise=True)


def _reads(text: str, form: str) -> bool:
    try:
        dt.datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    from dateutil import parser  # type: ignore[import-untyped] # noqa: PLC0415 - only when a suite asks

    try:
        parser.parse(text, default=_ANY_DAY)
    except (ValueError, OverflowError):
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _keeps(is_valid: Callable[[Any], bool], text: str) -> bool:
    try:
        said = json.loads(text)
    except ValueError:  # as Polars says it of its own, whichever way the fault comes out of the query
        raise pl.exceptions.ComputeError("a text is not JSON") from None
    return bool(is_valid(said))


FORM_CHECKS: Final[dict[str, Callable[[pl.Expr, Values, pl.DataType], pl.Expr]]] = {
    "column_values.match_strftime_format": of_strftime,
    "column_values.dateutil_parseable": of_dateutil,
    "column_values.json_parseable": of_json,
    "column_values.match_json_schema": of_json_schema,
    "column_values.match_like_pattern": of_like,
    "column_values.not_match_like_pattern": lambda c, v, k: ~of_like(c, v, k),
    "column_values.match_like_pattern_list": of_likes,
    "column_values.not_match_like_pattern_list": lambda c, v, k: ~of_likes(c, {**v, "match_on": "any"}, k),
}
"""Metric name -> expression that is true for a text as it should be."""
