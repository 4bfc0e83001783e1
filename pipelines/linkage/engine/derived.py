"""Columns made of other columns, value by value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from pipelines.linkage.engine.characters import near_sound
from pipelines.linkage.engine.model import Derived
from pipelines.linkage.engine.name_parts import name_syllables, parts


def derive(values: pl.Series, derived: Derived) -> pl.Series:
    """The derived values, in order; null where nothing is left."""
    if values.dtype == pl.Date:
        values = values.dt.strftime("%Y-%m-%d")
    made = _TAKEN[derived.take](values.cast(pl.String), derived)
    return made.set((made == "").fill_null(value=False), None)


def _mapped(texts: pl.Series, function: Callable[[str], str]) -> pl.Series:
    known = texts.drop_nulls().unique().to_list()
    table = {name: function(name) for name in known}
    return texts.replace_strict(table, default=None, return_dtype=pl.String)


def _near(name: str) -> str:
    return " ".join(map(near_sound, name_syllables(name)))


_TAKEN: Final[dict[str, Callable[[pl.Series, Derived], pl.Series]]] = {
    "first": lambda texts, how: texts.str.head(how.size),
    "last": lambda texts, how: texts.str.tail(how.size),
    "before": lambda texts, how: texts.str.split(how.mark).list.first(),
    "after": lambda texts, how: texts.str.split(how.mark).list.get(1, null_on_oob=True),
    "digits": lambda texts, _: texts.str.replace_all(r"\D", ""),
    "letters": lambda texts, _: texts.str.to_lowercase().str.replace_all(r"[^\p{L}]", ""),
    "surname": lambda texts, _: _mapped(texts, lambda name: parts(name).surname),
    "sound": lambda texts, _: _mapped(texts, lambda name: " ".join(name_syllables(name))),
    "near_sound": lambda texts, _: _mapped(texts, _near),
}
