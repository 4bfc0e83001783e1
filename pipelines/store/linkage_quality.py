"""Quality without labels of a run, see linkage.hidden_quality. In the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.store.postgres import copy_frame, execute, fetch

if TYPE_CHECKING:
    from pipelines.store.postgres import Connection


def record_quality(conn: Connection, run_id: str, quality: pl.DataFrame) -> None:
    """Write down a run's figures; a run that is repeated writes them anew."""
    execute(conn, "delete from resolution.quality where run_id = %s", (run_id,))
    lines = quality.with_row_index("position").select(
        pl.lit(run_id).alias("run_id"), pl.col("position").cast(pl.Int32), pl.exclude("position")
    )
    copy_frame(conn, "resolution.quality", lines)


def quality_of(conn: Connection, run_id: str) -> list[dict[str, Any]]:
    """The figures of a run in their order; none where too few records have a number."""
    sql = 'select * from resolution.quality where run_id = %s order by "position"'
    return [
        {name: value for name, value in row.items() if name not in ("run_id", "position")}
        for row in fetch(conn, sql, (run_id,))
    ]
