"""Periods of a person's values against a model that keeps every day whole."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.periods import ends_of, periods_of
from pipelines.kernels.surviving import Claims

FIRST, DAYS = date(2026, 1, 1), 12
RANKS = {"name": {"a": 1, "b": 2}, "sex_code": {"b": 1}}
Version = tuple[str, str, int, str | None, str | None, bool]
versions = st.lists(
    st.tuples(
        st.sampled_from("xyz"), st.sampled_from("ab"), st.integers(0, DAYS - 1),
        st.sampled_from(["王", "李", None]), st.sampled_from(["1", "2", None]), st.booleans(),
    ),
    max_size=9,
)  # fmt: skip
"""Record, feed, day, name, sex, whether it leaves its register; their order is that in which they took effect."""


def keyed(version: Version) -> str:
    return f"{version[1]}|{version[0]}"


def value_on(told: list[Version], day: int, attribute: int, feeds: dict[str, int]) -> str | None:
    """By hand: the last version of each record dated up to the day; of those that speak the best feed's newest."""
    last: dict[str, Version] = {}
    for version in told:
        if version[2] <= day:
            last[keyed(version)] = version
    spoken = [v for v in last.values() if not v[5] and v[attribute] is not None and v[1] in feeds]
    best = min(spoken, key=lambda v: (feeds[v[1]], -v[2], keyed(v)), default=None)
    return None if best is None else best[attribute]  # type: ignore[return-value]


def periods(told: list[Version]) -> pl.DataFrame:
    frame = pl.DataFrame(
        [(keyed(v), place, FIRST + timedelta(v[2]), v[1], v[3], v[4], v[5]) for place, v in enumerate(told)],
        schema={"record_key": pl.String, "place": pl.Int64, "dated": pl.Date, "feed": pl.String, "name": pl.String,
                "sex_code": pl.String, "left": pl.Boolean},
        orient="row",
    )  # fmt: skip
    claims = frame.with_columns(
        ends_of(frame).alias("until"), recency="dated", person_id=pl.lit("P1")
    ).filter(~pl.col("left"))
    return periods_of(Claims(claims.drop("place", "dated", "left"), RANKS), ["name", "sex_code"])


@settings(max_examples=300)
@given(versions)
def test_every_day_has_the_value_that_the_model_says(told: list[Version]) -> None:
    found = periods(told)
    for name, attribute in (("name", 3), ("sex_code", 4)):
        for number in range(DAYS):
            day = FIRST + timedelta(number)
            held = found.filter(
                (pl.col("attribute") == name) & (pl.col("since") <= day)
                & (pl.col("until").is_null() | (pl.col("until") > day))
            )  # fmt: skip
            expected = value_on(told, number, attribute, RANKS[name])
            assert held["value"].to_list() == ([] if expected is None else [expected])


@settings(max_examples=100)
@given(versions)
def test_periods_of_a_value_follow_each_other_and_two_that_meet_differ(told: list[Version]) -> None:
    for (_,), rows in periods(told).group_by("attribute"):
        spans = rows.sort("since").to_dicts()
        for one, following in pairwise(spans):
            assert one["until"] is not None
            assert one["since"] < one["until"] <= following["since"]
            assert one["until"] < following["since"] or one["value"] != following["value"]
