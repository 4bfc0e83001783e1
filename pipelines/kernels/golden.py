"""Golden tables: one row a person, and one row a record in each domain table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl

from pipelines.contract.model import PERSON_ATTRIBUTES, Contract
from pipelines.kernels.surviving import Claims, choose


def golden_persons(claims: Claims, frames: Mapping[str, pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The table `person` and its provenance.

    Args:
        claims: records as claims, with `feed`.
        frames: current records of each feed with `person_id`.

    Returns:
        (row_key, person_id, the attributes, is_struck_off, record_count, feeds), and
        (table, row_key, attribute, record_key, rule).
    """
    ranked = [a for a in PERSON_ATTRIBUTES if claims.ranks.get(a) and a in claims.frame.columns]
    golden, said_by = settle_contested(*choose(claims, ranked), claims.ranks)
    counted = claims.frame.group_by("person_id").agg(
        pl.len().cast(pl.Int64).alias("record_count"),
        pl.col("feed").unique().sort().str.join(",").alias("feeds"),
    )
    persons = golden.join(counted, on="person_id", how="left")
    persons = persons.join(_struck_off(frames), on="person_id", how="left")
    missing = [pl.lit(None, dtype=pl.String).alias(a) for a in PERSON_ATTRIBUTES if a not in ranked]
    table = persons.with_columns(
        pl.col("person_id").alias("row_key"),
        pl.col("is_struck_off").fill_null(value=False),
        *missing,
    ).select("row_key", "person_id", *PERSON_ATTRIBUTES, "is_struck_off", "record_count", "feeds")
    provenance = said_by.select(
        pl.lit("person").alias("table"),
        pl.col("person_id").alias("row_key"),
        "attribute",
        "record_key",
        "rule",
    )
    return table.sort("row_key"), provenance


def settle_contested(
    golden: pl.DataFrame, said_by: pl.DataFrame, ranks: Mapping[str, Mapping[str, int]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One number, one person: of several persons whose records claim one citizen ID, one keeps it.

    It is the person for whom the feed of the best rank speaks; where two such feeds speak for two persons (重号
    in the register itself) nobody publishes the number until somebody judged the conflict.
    """
    if "citizen_id" not in golden.columns:
        return golden, said_by
    said = said_by.filter(pl.col("attribute") == "citizen_id").join(
        golden.select("person_id", "citizen_id"), on="person_id"
    )
    feed = pl.col("record_key").str.split("|").list.first()
    rank = feed.replace_strict(dict(ranks["citizen_id"]), return_dtype=pl.Int64)
    ranked = said.with_columns(rank.alias("rank"))
    best = (pl.col("rank") == pl.col("rank").min()).over("citizen_id")
    alone = best.sum().over("citizen_id") == 1
    contested = pl.len().over("citizen_id") > 1
    loses = ranked.filter(contested & ~(best & alone)).select("person_id", lost=pl.lit(value=True))
    settled = golden.join(loses, on="person_id", how="left", maintain_order="left").with_columns(
        pl.when(pl.col("lost").is_null()).then("citizen_id").alias("citizen_id")
    )
    withdrawn = loses.select("person_id", pl.lit("citizen_id").alias("attribute"))
    kept = said_by.join(withdrawn, on=["person_id", "attribute"], how="anti", maintain_order="left")
    return settled.drop("lost"), kept


def _struck_off(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Persons all of whose register entries are struck off: one that is moved keeps an open one."""
    registers = [
        frame.select("person_id", pl.col("is_struck_off").fill_null(value=False))
        for frame in frames.values()
        if "is_struck_off" in frame.columns
    ]
    if not registers:
        return pl.DataFrame(schema={"person_id": pl.String, "is_struck_off": pl.Boolean})
    return pl.concat(registers).group_by("person_id").agg(pl.col("is_struck_off").all())


def domain_rows(records: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The feed's domain table: row_key (a hash, so that no number shows), person_id and what is published."""
    if contract.publishes is None:
        raise ValueError(contract.feed)
    return records.select(row_keys(records["record_key"]), "person_id", *contract.publishes.columns).sort(
        "row_key"
    )


def row_keys(record_keys: pl.Series) -> pl.Series:
    """32 hexadecimal digits of the SHA-256 of each record key."""
    hashed = [hashlib.sha256(key.encode()).hexdigest()[:32] for key in record_keys]
    return pl.Series("row_key", hashed, dtype=pl.String)
