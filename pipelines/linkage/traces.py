"""What a run leaves for the next: which records hang together, and where others would meet them.

Records hang together when the decision about one can depend on the other: they share a citizen ID or a unit, weigh at
least a possible link, were judged together, belong or belonged to one person, or one is the other's guardian. A record
that changes can only change what hangs together with it, and what it meets anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from pipelines.linkage.double_ids import meeting_keys
from pipelines.linkage.engine.components import components
from pipelines.linkage.frame import complete
from pipelines.linkage.frequencies import COUNTS, unknown
from pipelines.linkage.meeting import Meeting
from pipelines.linkage.number_history import canonical_numbers
from pipelines.linkage.sorted_keys import in_order, spliced, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.linkage.residual import Looked

CONTENTS: Final = pl.Schema({
    "record_key": pl.String(), "content": pl.UInt64(), "number": pl.UInt64(), "guardian": pl.UInt64(),
})  # fmt: skip
RECORDS: Final = pl.Schema({
    **CONTENTS, "unit": pl.Int64(), "whole": pl.Int64(), "family": pl.Int64(), "is_labelled": pl.Boolean(),
})  # fmt: skip
VALUES: Final = pl.Schema({"unit": pl.Int64(), "comparison": COUNTS["comparison"], "key": pl.UInt64()})


@dataclass(frozen=True)
class Traces:
    """What a run leaves.

    Attributes:
        records: RECORDS, sorted by record key: of each record a hash of its content, its unit, the unit that stands for what links join it
            with, and the family of records that hang together. Of a run that follows another those it looked at alone, see `standing`.
        keys: of this run and of those it follows blocking keys of units; whole ones under the unit that stands for
            them.
        doubles: meeting.KEYS: under which persons with two numbers are looked for, see double_ids.meeting_keys.
        values: VALUES that the model did not count.
    """

    records: pl.DataFrame
    keys: tuple[Meeting, ...]
    doubles: pl.DataFrame
    values: pl.DataFrame


def contents(records: pl.DataFrame) -> pl.DataFrame:
    """CONTENTS: hashes of all columns, whatever their order, of the usable citizen ID and of the guardian's."""
    known = complete(
        records.select(pl.col("^(record_key|citizen_id|citizen_id_status|guardian_citizen_id)$"))
    )
    hashed = known.select(
        "record_key", number=pl.col("citizen_id").hash(0), guardian=pl.col("guardian_citizen_id").hash(0)
    ).with_columns(
        number=pl.when(known["citizen_id"].is_not_null()).then("number"),
        guardian=pl.when(known["guardian_citizen_id"].is_not_null()).then("guardian"),
    )
    whole = records.select("record_key", content=records.select(sorted(records.columns)).hash_rows(0))
    return whole.join(hashed, on="record_key", how="left", maintain_order="left").select(CONTENTS.names())


def standing(runs: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """RECORDS of now: of a run that linked everything and of those that followed.

    A row without a record key tells that what stood in a unit before is gone or stands in another one since: the keys
    of records that are gone are not kept.
    """
    first, *later = runs
    if not later:
        return in_order(first)
    told = pl.concat([run.with_columns(run=pl.lit(place)) for place, run in enumerate(later)])
    is_end = pl.col("record_key").is_null()
    ends = told.filter(is_end).group_by("unit").agg(ended=pl.col("run").max())
    newest = told.filter(~is_end).unique("record_key", keep="last", maintain_order=True).sort("record_key")
    stays = without(in_order(first), newest["record_key"]).join(
        ends, on="unit", how="anti", maintain_order="left"
    )
    stand = newest.join(ends, on="unit", how="left", maintain_order="left").filter(
        pl.col("ended").is_null() | (pl.col("ended") <= pl.col("run"))
    )
    return spliced(stays, stand)


@dataclass(frozen=True)
class Ties:
    """What ties records beside what the engine looked at.

    Attributes:
        pairs: record_a, record_b that were judged, or seem to be one person with two numbers.
        belonged: record_key, person_id: now, before, and of persons that were merged away.
        history: numbers that registers corrected.
    """

    pairs: pl.DataFrame
    belonged: pl.DataFrame
    history: pl.DataFrame


def traces(
    units: pl.DataFrame,
    looked: Looked,
    known: pl.DataFrame,
    ties: Ties,
    content: pl.DataFrame,
    first: int = 0,
) -> Traces:
    """Traces of a run over these units.

    Args:
        units: see resolve.units_of.
        looked: what the engine tells.
        known: frequencies.COUNTS that the kept model has.
        ties: beside those.
        content: see contents.
        first: where the numbers of units and families begin.
    """
    whole = pl.Series("whole", looked.whole[units["unit"].to_numpy()], dtype=pl.Int64)
    shift = (pl.col("unit").cast(pl.Int64) + first).alias("unit")
    records = units.select(
        "record_key",
        shift,
        whole=whole + first,
        family=_families(units, looked.near, ties) + first,
        is_labelled=pl.col("label").is_not_null(),
    ).join(content, on="record_key", how="left", maintain_order="left")
    return Traces(
        records.select(RECORDS.names()),
        (Meeting.of(looked.keys.select(shift, "key")),),
        meeting_keys(units).select(shift, "key").sort("key", "unit"),
        unknown(looked.values, known).select(shift, "comparison", "key").sort("comparison", "key", "unit"),
    )


def _families(units: pl.DataFrame, near: pl.DataFrame, ties: Ties) -> pl.Series:
    """Of each record the row of the first one that it hangs together with."""
    rows = units.with_row_index("row").with_columns(pl.col("row").cast(pl.Int32))
    number = pl.col("citizen_id") if ties.history.is_empty() else canonical_numbers(units, ties.history)
    numbered = rows.select("row", "guardian_citizen_id", "citizen_id", number=number)
    holders = numbered.drop_nulls("citizen_id").group_by("citizen_id").agg(to=pl.col("row").min())
    guardians = numbered.join(holders, left_on="guardian_citizen_id", right_on="citizen_id").select(
        "row", "to"
    )
    place = rows.select("record_key", "row")
    ends = ties.pairs.join(place, left_on="record_a", right_on="record_key").join(
        place, left_on="record_b", right_on="record_key", suffix="_b"
    )
    first = rows.group_by("unit").agg(to=pl.col("row").min())
    met = near.join(first, left_on="a", right_on="unit").join(
        first, left_on="b", right_on="unit", suffix="_b"
    )
    edges = [
        _together(rows, "unit"),
        _together(numbered.drop_nulls("number"), "number"),
        _together(ties.belonged.join(place, on="record_key"), "person_id"),
        guardians,
        ends.select("row", to="row_b"),
        met.select(row="to", to="to_b"),
    ]
    every = pl.concat([edge.cast({"row": pl.Int32, "to": pl.Int32}) for edge in edges])
    found = components(every["row"].to_numpy(), every["to"].to_numpy(), units.height)
    return pl.Series("family", found.astype(np.int64))


def _together(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    return rows.select("row", to=pl.col("row").min().over(by)).filter(pl.col("row") != pl.col("to"))
