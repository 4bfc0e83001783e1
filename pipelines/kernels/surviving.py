"""Survivorship: of all claims about an attribute of a person, the one that stands, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

SAID_BY = ("person_id", "attribute", "record_key", "rule")


@dataclass(frozen=True)
class Claims:
    """Records of persons, as claims about their attributes.

    Attributes:
        frame: `person_id`, `record_key`, `recency` (Date, may be null), `feed`, and one column an attribute.
        ranks: {attribute: {feed: rank}}, 1 speaks first; a feed without a rank has no say.
    """

    frame: pl.DataFrame
    ranks: Mapping[str, Mapping[str, int]]


def choose(claims: Claims, attributes: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The golden rows and where each value came from.

    The claim of the lowest rank wins; among equals the most recent; among those the smallest record key, so that
    no order of rows or files decides. Returns (golden: person_id and the attributes, sorted by person_id;
    provenance: person_id, attribute, record_key, rule).
    """
    ordered = claims.frame.sort(
        "person_id", "recency", "record_key", descending=[False, True, False], nulls_last=True
    ).with_row_index("place")
    golden = ordered.select(pl.col("person_id").unique().sort())
    provenance = [pl.DataFrame(schema=dict.fromkeys(SAID_BY, pl.String()))]
    for attribute in attributes:
        won = _winners(ordered, attribute, claims.ranks.get(attribute, {}))
        golden = golden.join(won.select("person_id", attribute), on="person_id", how="left")
        provenance.append(_said_by(won, attribute))
    return golden.sort("person_id"), pl.concat(provenance).sort("person_id", "attribute")


def _winners(ordered: pl.DataFrame, attribute: str, ranks: Mapping[str, int]) -> pl.DataFrame:
    """One row a person: the claim that wins, with the number of differing values it beat."""
    said = ordered.select(
        "person_id",
        "record_key",
        "place",
        attribute,
        rank=pl.col("feed").replace_strict(dict(ranks), default=None, return_dtype=pl.Int64),
    ).filter(pl.col(attribute).is_not_null() & pl.col("rank").is_not_null())
    score = pl.col("rank") * (1 << 40) + pl.col("place").cast(pl.Int64)
    return (
        said.with_columns(score.alias("score"))
        .group_by("person_id")
        .agg(
            pl.col("score").min(),
            pl.col("rank").min().alias("best"),
            pl.col(attribute).n_unique().alias("values"),
            (pl.col("rank") == pl.col("rank").min()).sum().alias("equals"),
        )
        .join(
            said.with_columns(score.alias("score")).select("score", "record_key", attribute),
            on="score",
            how="left",
        )
    )


def _said_by(won: pl.DataFrame, attribute: str) -> pl.DataFrame:
    rule = (
        pl.when(pl.col("values") == 1).then(pl.lit("agreed"))
        .when(pl.col("equals") > 1).then(pl.lit("recency"))
        .otherwise(pl.lit("rank"))
    )  # fmt: skip
    return won.select("person_id", pl.lit(attribute).alias("attribute"), "record_key", rule.alias("rule"))
