"""The feeds as feeds.yml declares them, and their rows for a block of people on a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from pipelines.synthetic.changing import DATE_CELL
from pipelines.synthetic.columns import NEVER
from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.dice import Dice
from pipelines.synthetic.dirt import Fault, soil
from pipelines.synthetic.families import TODAY
from pipelines.synthetic.holders import holders
from pipelines.synthetic.insured import insured
from pipelines.synthetic.pupils import pupils
from pipelines.synthetic.residents import incomers, registered, workers
from pipelines.synthetic.states import County, as_known
from pipelines.synthetic.wrongs import wrong_about_people

Register = Callable[[County, pl.DataFrame, int], pl.DataFrame]
REGISTERS: dict[str, Register] = {
    "registered": registered,
    "incomers": incomers,
    "workers": workers,
    "pupils": pupils,
    "insured": insured,
    "holders": holders,
}
NOBODY = -1
_OWN_NUMBERS = ("own_number", "citizen_id")


@dataclass(frozen=True)
class Column:
    """One source column; see the head of feeds.yml."""

    name: str
    sources: tuple[str, ...]
    form: str
    codes: dict[str, str] | None
    always: str | None
    only: str | None
    dirt: str | None


@dataclass(frozen=True)
class Feed:
    """One feed; `settings` keeps what only its writer needs."""

    name: str
    register: str
    delay: float
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """Rows of a feed: text columns; person (-1: nobody) and record beside them; the faults put in."""

    frame: pl.DataFrame
    person: pl.Series
    record: pl.Series
    faults: list[Fault]


@cache
def feeds() -> tuple[Feed, ...]:
    """All feeds of feeds.yml."""
    declared = declaration("feeds")
    return tuple(_feed(name, spec, declared["codes"]) for name, spec in declared["feeds"].items())


def _feed(name: str, spec: dict[str, Any], codes: dict[str, dict[str, str]]) -> Feed:
    columns = tuple(_column(key, value, codes) for key, value in spec["columns"].items())
    return Feed(name, spec["register"], spec["delay"], tuple(spec["keys"]), columns, spec)


def _column(name: str, spec: str | dict[str, str], codes: dict[str, dict[str, str]]) -> Column:
    declared = {"from": spec} if isinstance(spec, str) else spec
    return Column(
        name=name,
        sources=tuple(declared.get("from", "").split("|")),
        form=declared.get("as", "text"),
        codes=codes[declared["codes"]] if "codes" in declared else None,
        always=declared.get("always"),
        only=declared.get("only"),
        dirt=declared.get("dirt"),
    )


def render(county: County, feed: Feed, people: pl.DataFrame, day: int) -> Rows:
    """The rows that the feed would say on the day about these people."""
    rows = REGISTERS[feed.register](county, people, day)
    known = as_known(county, rows, day, feed.delay)
    known = known.with_columns(out_of_work=pl.col("job_status") == 2)
    clean = known.select([_expression(column) for column in feed.columns])
    person = known["person"]
    if "nobody" in known.columns:
        person = pl.select(pl.when(known["nobody"]).then(NOBODY).otherwise(person)).to_series()
    serial, faults, dirty = (
        known["serial"].to_numpy(),
        wrong_about_people(feed.register, _own_number(feed), known, day),
        [],
    )
    for column in feed.columns:
        values = _forms(county.dice, column, clean[column.name], known["serial"])
        if column.dirt:
            faults += soil(
                county.dice, county.rates, (feed.name, column.name), column.dirt, values, serial, day
            )
        dirty.append(pl.Series(column.name, values, dtype=pl.String))
    return Rows(pl.DataFrame(dirty), person, known["record"], faults)


def _own_number(feed: Feed) -> tuple[str, str] | None:
    """Attribute and column of the person's own citizen ID."""
    for column in feed.columns:
        if column.sources[-1] in _OWN_NUMBERS:
            return column.sources[-1], column.name
    return None


def _expression(column: Column) -> pl.Expr:
    if column.always is not None:
        return pl.lit(column.always).alias(column.name)
    shown = _form(column.form, pl.col(column.sources[-1]))
    for source in reversed(column.sources[:-1]):
        shown = pl.when(pl.col(source) != "").then(pl.col(source)).otherwise(shown)
    if column.codes:
        shown = shown.replace_strict(column.codes, default=shown)
    if column.only:
        shown = pl.when(pl.col(column.only)).then(shown)
    return shown.fill_null("").alias(column.name)


def _form(form: str, value: pl.Expr) -> pl.Expr:
    day = pl.when(value < NEVER).then(value).cast(pl.Int32).cast(pl.Date)
    match form:
        case "day":
            return day.dt.strftime("%Y%m%d")
        case "sheet_day":
            return day.dt.strftime("%Y-%m-%d")
        case "month":
            return day.dt.strftime("%Y%m")
        case "moment":
            clock = 28_800 + (pl.col("family") * 7919 + value) % 36_000  # office hours
            return (day.cast(pl.Datetime("ms")) + pl.duration(seconds=clock)).dt.strftime("%Y%m%d%H%M%S")
        case "two_places":
            return (value * 100).round().cast(pl.Int64).map_batches(_cents, return_dtype=pl.String)
        case _:
            return value.cast(pl.String)


def _cents(amounts: pl.Series) -> pl.Series:
    return pl.Series([f"{n // 100}.{n % 100:02d}" for n in amounts.to_list()], dtype=pl.String)


def _forms(dice: Dice, column: Column, clean: pl.Series, serial: pl.Series) -> list[str]:
    """The values as a list; days of a workbook come as text in two spellings or as real dates."""
    values: list[str] = clean.to_list()
    if column.form != "sheet_day":
        return values
    drawn = dice.choose("spelling of day", (60, 25, 15), serial.to_numpy()).tolist()
    return [_spelt(value, spelling) for value, spelling in zip(values, drawn, strict=True)]


def _spelt(value: str, spelling: int) -> str:
    year, month, day = value.split("-")
    return (value, f"{year}/{int(month)}/{int(day)}", DATE_CELL + value)[spelling]


def days_of(feed: Feed, months: int) -> list[tuple[int, str]]:
    """Data dates (days since 1970-01-01) and modes of a feed's deliveries, in order."""
    ends, planned = _ends(months), []
    for rule in feed.settings["deliveries"]:
        if "every" in rule:
            planned += [(day, rule["mode"]) for day in ends[:: rule["every"]]]
        else:
            planned.append((TODAY + rule["once_after_days"], rule["mode"]))
    return sorted(planned)


def _ends(months: int) -> list[int]:
    firsts = np.datetime64("2026-07", "M") + np.arange(months)
    return [int(day) - 1 for day in firsts.astype("datetime64[D]").astype(np.int64)]
