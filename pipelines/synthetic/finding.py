"""Whether what was planted was found: faults.csv compared with the reason codes that were told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.reasons import REASONS
from pipelines.synthetic.declarations import declaration

ROW = ("feed", "sequence", "row")
PLACE = (*ROW, "column")
FINDABLE = ("value", "row", "record", "header")
"""Kinds that the values of one delivery give away."""
_TOLD: dict[str, pl.DataType] = {
    "feed": pl.String(),
    "sequence": pl.Int64(),
    "row": pl.Int64(),
    "column": pl.String(),
    "code": pl.String(),
}


@dataclass(frozen=True)
class Comparison:
    """What became of the planted faults.

    Attributes:
        kinds: a row a kind: `kind`, `found_by` (see kinds.yml), `planted`, `hidden` (in a row that was set aside,
            or without a number to compare with), `found`, `other` (only another code at its place), `missed`.
        alarms: warnings and quarantined rows where nothing was planted: feed, sequence, row, column, code.
    """

    kinds: pl.DataFrame
    alarms: pl.DataFrame

    @property
    def share_found(self) -> float:
        """Share of the findable faults that were found with the right code; 1 where there are none."""
        findable = self.kinds.filter(pl.col("found_by").is_in(FINDABLE))
        found, visible = findable.select(
            pl.col("found").sum(), (pl.col("planted") - pl.col("hidden")).sum().alias("visible")
        ).row(0)
        return float(found / visible) if visible else 1.0


@cache
def kinds() -> pl.DataFrame:
    """kinds.yml as a frame: kind, found_by, codes."""
    declared = declaration("kinds")
    rows = [(kind, by, codes) for by, told in declared.items() for kind, codes in told.items()]
    schema = pl.Schema({"kind": pl.String(), "found_by": pl.String(), "codes": pl.List(pl.String())})
    return pl.DataFrame(rows, schema=schema, orient="row")


def read_planted(faults: Path) -> pl.DataFrame:
    """faults.csv, with blank columns as ''."""
    schema = pl.Schema(_TOLD | {"kind": pl.String()})
    schema.pop("code")
    return pl.read_csv(faults, schema=schema).with_columns(pl.col("column").fill_null(""))


def compare(planted: pl.DataFrame, told: pl.DataFrame, comparable: pl.DataFrame) -> Comparison:
    """Compare what was planted with what was told.

    Args:
        planted: feed, sequence, row, column ('': the line; row 0: the header), kind.
        told: feed, sequence, row, column, code; a row set aside has column ''.
        comparable: feed, sequence, row of the rows that have a usable number of their own.
    """
    told = told.select(pl.col(name).cast(dtype) for name, dtype in _TOLD.items()).unique(maintain_order=True)
    known = planted.with_row_index("fault").join(kinds(), on="kind", how="left", maintain_order="left")
    aside = told.filter((pl.col("column") == "") & (pl.col("row") > 0)).select(ROW).unique()
    judged = known.with_columns(
        is_aside=_is_in(known, aside, ROW) & ((pl.col("found_by") != "row") | _second_of_row()),
        is_comparable=_is_in(known, comparable, ROW) | (pl.col("found_by") != "record"),
        is_found=pl.col("fault").is_in(_found(known, told).implode()),
        is_told=_is_in(known, told, PLACE),
    )
    return Comparison(_by_kind(judged), _alarms(known, told))


def _second_of_row() -> pl.Expr:
    """Whether the row is to be set aside for another reason too: only one is told."""
    return (pl.col("found_by") == "row").sum().over(ROW) > 1


def _is_in(frame: pl.DataFrame, others: pl.DataFrame, keys: tuple[str, ...]) -> pl.Series:
    marked = others.select(keys).unique().with_columns(is_there=pl.lit(value=True))
    joined = frame.select(keys).join(marked, on=keys, how="left", maintain_order="left")
    return joined["is_there"].fill_null(value=False)


def _found(known: pl.DataFrame, told: pl.DataFrame) -> pl.Series:
    """Faults of which an expected code was told: at their place, or anywhere in their row."""
    expected = known.explode("codes", empty_as_null=False).rename({"codes": "code"})
    matched = expected.join(told.rename({"column": "told_at"}), on=(*ROW, "code"))
    anywhere = pl.col("found_by").is_in(["row", "record", "linkage"])
    return matched.filter(anywhere | (pl.col("told_at") == pl.col("column")))["fault"].unique()


def _by_kind(judged: pl.DataFrame) -> pl.DataFrame:
    hidden = (pl.col("is_aside") & ((pl.col("found_by") != "row") | ~pl.col("is_found"))) | (
        ~pl.col("is_comparable") & ~pl.col("is_found")
    )
    visible = judged.with_columns(is_hidden=hidden)
    seen = ~pl.col("is_hidden")
    return (
        visible.group_by("kind", "found_by")
        .agg(
            planted=pl.len(),
            hidden=pl.col("is_hidden").sum(),
            found=(seen & pl.col("is_found")).sum(),
            other=(seen & ~pl.col("is_found") & pl.col("is_told")).sum(),
            missed=(seen & ~pl.col("is_found") & ~pl.col("is_told")).sum(),
        )
        .sort("found_by", "kind")
    )


def _alarms(known: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    loud = [code for code, reason in REASONS.items() if reason.severity != "note"]
    alarms = told.filter(pl.col("code").is_in(loud))
    guilty = known.filter(pl.col("found_by") != "nothing")
    explained = guilty.explode("codes", empty_as_null=False).rename({"codes": "code"})
    return alarms.filter(~_is_in(alarms, guilty, PLACE) & ~_is_in(alarms, explained, (*ROW, "code")))
