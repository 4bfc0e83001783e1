"""What links are weighed by: found once, kept for the runs after, without a person's value.

Until the next run from scratch, what changes is weighed by the same model, so that the work of a run is in proportion
to what changed, and linking everything anew by this model gives the same links.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from pipelines.linkage.blocking import KEYS
from pipelines.linkage.frequencies import COUNTS, unknown
from pipelines.linkage.model import Model, declared_model
from pipelines.linkage.policy import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.linkage.attributes import Attributes
    from pipelines.linkage.key_parts import Spelling
    from pipelines.linkage.policy import LinkagePolicy

RATES: Final = pl.Schema({"value": pl.String(), "bits": pl.Float64()})
KEPT: Final = pl.Schema({
    "what": pl.String(), "name": pl.String(), "key": pl.UInt64(), "number": pl.Float64(),
})  # fmt: skip
_KNOWN_FEED: Final = 50  # persons in a feed, below which nothing is said about people twice in it


@dataclass(frozen=True)
class Fitted:
    """A model and all that its weights depend on beside the two units of a pair.

    Attributes:
        model: m and u.
        counts: frequencies.COUNTS.
        rates: value (feed), bits: against two records of one person there.
        crowded: key (UInt64): blocking keys that make no pairs.
        spelled: forms of numbers that are looked for.
    """

    model: Model
    counts: pl.DataFrame
    rates: pl.DataFrame
    crowded: pl.DataFrame
    spelled: Spelling

    def with_counts(self, fresh: pl.DataFrame) -> Fitted:
        """The same with these counts of values that it does not know."""
        more = unknown(fresh, self.counts).select(COUNTS.names())
        return replace(self, counts=pl.concat([self.counts, more]))


def repeat_rates(table: Attributes, policy: LinkagePolicy) -> pl.DataFrame:
    """RATES: the rarer people stand twice in a feed, the more a second record there speaks against one person."""
    known = table.feeds.join(table.labelled, on="unit")
    share = pl.max_horizontal("twice", pl.lit(policy.repeat_floor))
    return (
        known.group_by("value")
        .agg(people=pl.len(), twice=(pl.col("records") > 1).mean())
        .filter(pl.col("people") >= _KNOWN_FEED)
        .with_columns(
            bits=(share / (pl.col("people") / max(1, table.labelled.height))).log(2).clip(upper_bound=0)
        )
        .select(RATES.names())
        .sort("value")
    )


def kept(fitted: Fitted) -> pl.DataFrame:
    """What is kept of it, KEPT; sorted, so that it is the same bytes for the same model."""
    m = [
        ("m", name, key, float(one))
        for name, levels in fitted.model.m.items()
        for key, one in enumerate(levels)
    ]
    told = [("population", "", 0, float(fitted.model.population)), (fitted.spelled, "spelled", 0, 0.0)]
    frames = [
        pl.DataFrame([*m, *told], schema=KEPT, orient="row"),
        fitted.rates.select(what=pl.lit("rate"), name="value", key=pl.lit(0, pl.UInt64), number="bits"),
        fitted.counts.select(
            pl.lit("count").alias("what"),
            pl.col("comparison").cast(pl.String).alias("name"),
            "key",
            pl.col("count").cast(pl.Float64).alias("number"),
        ),
        fitted.crowded.select(
            pl.lit("crowded").alias("what"), pl.lit("").alias("name"), "key", number=pl.lit(0.0)
        ),
    ]
    return pl.concat(frames).sort("what", "name", "key")


def name_of(frame: pl.DataFrame) -> str:
    """The name of a kept model: a hash of its content."""
    parts = "\n".join(f"{what} {name} {rows.height}" for what, name, rows in _parts(frame))
    digest = hashlib.sha256(parts.encode())
    for column in ("key", "number"):
        digest.update(np.ascontiguousarray(frame[column].to_numpy()).tobytes())
    return digest.hexdigest()[:32]


def _parts(frame: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """what, name, rows: stretches of rows about one thing."""
    starts = frame.select(
        pl.any_horizontal(pl.col(by).ne_missing(pl.col(by).shift()) for by in ("what", "name"))
    )
    first = starts.to_series().arg_true().to_list()
    for at, end in zip(first, [*first[1:], frame.height], strict=True):
        yield frame["what"][at], frame["name"][at], frame[at:end]


def _counts(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    comparison = pl.lit(name, COUNTS["comparison"]).alias("comparison")
    return rows.select(comparison, "key", count=pl.col("number").cast(pl.Int64))


def as_kept(frame: pl.DataFrame, policy: LinkagePolicy, summary: dict[str, Any]) -> Fitted:
    """The model again, of `kept` and the policy it was fitted by."""
    parts = list(_parts(frame))
    told = {what: pl.concat([rows for other, _, rows in parts if other == what]) for what, _, _ in parts}
    m = {name: rows.sort("key")["number"].to_numpy() for what, name, rows in parts if what == "m"}
    population = int(told["population"]["number"][0])
    model = Model(
        m={name: m[name] for name in LEVELS},
        u=declared_model(population, policy).u,
        population=population,
        summary=summary,
    )
    spelled: Any = next(what for what in told if told[what]["name"][0] == "spelled")
    counts = [_counts(name, rows) for what, name, rows in parts if what == "count"]
    return Fitted(
        model=model,
        counts=pl.concat([COUNTS.to_frame(), *counts]),
        rates=told.get("rate", frame.clear()).select(value="name", bits="number"),
        crowded=told.get("crowded", frame.clear()).select("key").cast({"key": KEYS["key"]}),
        spelled=spelled,
    )
