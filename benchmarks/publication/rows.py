"""Golden tables of N persons as survivorship makes them: every declared table and column, filled by its type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.kernels.golden import row_keys
from pipelines.store.golden import PERSON_COLUMNS, GoldenColumn, GoldenTable, golden_tables

SHARES = {"insurance": 1.2, "employment": 0.4, "dwelling": 0.3, "enrolment": 0.15, "residence": 0.15}
"""Domain rows for each person."""
BLANK = 0.3
"""Share of values that nobody said."""
ALWAYS = ("citizen_id", "name", "sex_code", "born_on", "registered_division_code")
RULES = ("agreed", "rank", "recency")
TEXT_WIDTHS = {"citizen_id": 18, "name": 3, "former_name": 3, "telephone": 11}


@dataclass(frozen=True)
class Content:
    """All of a publication: golden tables by name, and who said which value of a person."""

    tables: dict[str, pl.DataFrame]
    provenance: pl.DataFrame


def content(persons: int, seed: int = 1) -> Content:
    dice = np.random.default_rng(seed)
    tables = {}
    for table in golden_tables(load_contracts()):
        rows = persons if table.name == "person" else int(persons * SHARES.get(table.name, 0.2))
        tables[table.name] = _rows(table, rows, persons, dice)
    return Content(tables, _provenance(tables["person"], dice))


def _rows(table: GoldenTable, rows: int, persons: int, dice: np.random.Generator) -> pl.DataFrame:
    whose = np.arange(rows) if table.name == "person" else np.sort(dice.integers(0, persons, rows))
    ids = _padded(pl.Series("person_id", whose), "P", 10)
    keys = ids if table.name == "person" else row_keys(_padded(pl.Series(np.arange(rows)), table.name, 8))
    own = [_column(column, rows, dice) for column in table.columns]
    return pl.DataFrame([keys.alias("row_key"), ids, *own])


def _padded(numbers: pl.Series, before: str, width: int) -> pl.Series:
    return (before + numbers.cast(pl.String).str.zfill(width)).alias(numbers.name)


def _column(column: GoldenColumn, rows: int, dice: np.random.Generator) -> pl.Series:
    values = _values(column, rows, dice).alias(column.name)
    if column.name in ALWAYS or column.sql_type in ("boolean", "bigint"):
        return values
    return values.zip_with(pl.Series(dice.random(rows) >= BLANK), pl.Series([None], dtype=values.dtype))


def _values(column: GoldenColumn, rows: int, dice: np.random.Generator) -> pl.Series:
    numbers = pl.Series(dice.integers(0, 10**9, rows))
    if column.sql_type == "date":
        return pl.select(pl.lit(date(1950, 1, 1)) + pl.duration(days=numbers % 27_000)).to_series()
    if column.sql_type == "boolean":
        return numbers % 20 == 0
    if column.sql_type in ("bigint", "numeric"):
        return numbers % 50
    if column.name.endswith("_code"):
        return (numbers % 90).cast(pl.String).str.zfill(2)
    if "address" in column.name:
        return "四川省武胜县沿口镇" + (numbers % 9999).cast(pl.String) + "号"
    return numbers.cast(pl.String).str.zfill(TEXT_WIDTHS.get(column.name, 12))


def _provenance(persons: pl.DataFrame, dice: np.random.Generator) -> pl.DataFrame:
    """One row for each value that somebody said; what is counted (feeds, records) nobody did."""
    said = [name for name in PERSON_COLUMNS if name not in ("is_struck_off", "record_count", "feeds")]
    told = pl.concat(
        persons.filter(pl.col(name).is_not_null()).select(
            "row_key", pl.lit("person").alias("table"), pl.lit(name).alias("attribute")
        )
        for name in said
    ).sort("row_key", "attribute")
    rule = pl.Series("rule", np.array(RULES)[dice.integers(0, 3, told.height)])
    key = pl.format("household/registration|{}|{}", pl.col("row_key").str.slice(2), pl.col("row_key"))
    return told.select("table", "row_key", "attribute", key.alias("record_key")).with_columns(rule)


def changed(before: Content, share: float, seed: int) -> Content:
    """The same persons, a share of whom have another telephone, said by another record."""
    person = before.tables["person"]
    is_chosen = pl.col("row_key").is_in(chosen(before, share, seed).implode())
    number = pl.lit(f"139{seed:08d}")
    now = person.with_columns(pl.when(is_chosen).then(number).otherwise("telephone").alias("telephone"))
    theirs = is_chosen & (pl.col("attribute") == "telephone")
    told = before.provenance.with_columns(
        pl.when(theirs).then(pl.col("record_key") + f"|{seed}").otherwise("record_key").alias("record_key")
    )
    return Content(before.tables | {"person": now}, told)


def chosen(before: Content, share: float, seed: int) -> pl.Series:
    """The persons that `changed` changes."""
    persons = before.tables["person"]["row_key"]
    dice = np.random.default_rng(seed)
    return persons.gather(np.sort(dice.choice(persons.len(), int(persons.len() * share), replace=False)))


def of_persons(whole: Content, persons: pl.Series) -> Content:
    """What survivorship hands over when only these were touched."""
    mine = pl.col("person_id").is_in(persons.implode())
    said = whole.provenance.filter(pl.col("row_key").is_in(persons.implode()))
    return Content({name: frame.filter(mine) for name, frame in whole.tables.items()}, said)
