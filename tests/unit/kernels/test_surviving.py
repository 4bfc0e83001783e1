from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.surviving import Claims, choose

RANKS = {"name": {"d/first": 1, "d/second": 2, "d/third": 2}}
ROW = st.tuples(
    st.sampled_from(["P1", "P2"]),
    st.sampled_from(["d/first", "d/second", "d/third", "d/silent"]),
    st.sampled_from([None, date(2026, 1, 1), date(2026, 2, 1)]),
    st.sampled_from([None, "甲", "乙"]),
)


def claims(rows: Sequence[tuple[str, str, date | None, str | None]]) -> Claims:
    frame = pl.DataFrame(
        [
            (f"{feed}|{place}", person, feed, recency, name)
            for place, (person, feed, recency, name) in enumerate(rows)
        ],
        schema={
            "record_key": pl.String,
            "person_id": pl.String,
            "feed": pl.String,
            "recency": pl.Date,
            "name": pl.String,
        },
        orient="row",
    )
    return Claims(frame, RANKS)


def test_the_first_rank_speaks_and_says_where_from() -> None:
    golden, said = choose(claims([("P1", "d/second", None, "乙"), ("P1", "d/first", None, "甲")]), ["name"])
    assert golden.rows() == [("P1", "甲")]
    assert said.rows() == [("P1", "name", "d/first|1", "rank")]


def test_among_equals_the_most_recent_speaks() -> None:
    rows = [("P1", "d/second", date(2026, 1, 1), "乙"), ("P1", "d/third", date(2026, 2, 1), "甲")]
    golden, said = choose(claims(rows), ["name"])
    assert golden["name"].to_list() == ["甲"]
    assert said["rule"].to_list() == ["recency"]


def test_a_person_without_a_claim_keeps_a_row() -> None:
    golden, said = choose(claims([("P1", "d/silent", None, "甲")]), ["name"])
    assert golden.rows() == [("P1", None)]
    assert not said.height


@given(st.lists(ROW, min_size=1, max_size=12))
def test_the_winner_is_what_a_sorted_loop_finds(rows: list[tuple[str, str, date | None, str | None]]) -> None:
    made = claims(rows)
    golden, _ = choose(made, ["name"])
    best: dict[str, str | None] = {}
    for person in golden["person_id"]:
        said = [
            (RANKS["name"][r["feed"]], -(r["recency"] or date.min).toordinal(), r["record_key"], r["name"])
            for r in made.frame.iter_rows(named=True)
            if r["person_id"] == person and r["name"] is not None and r["feed"] in RANKS["name"]
        ]
        best[person] = min(said)[3] if said else None
    assert dict(golden.rows()) == best


def test_persons_of_whom_nothing_is_ranked_are_persons_all_the_same() -> None:
    golden, said = choose(claims([("P2", "d/first", None, "甲"), ("P1", "d/first", None, "乙")]), [])
    assert golden.rows() == [("P1",), ("P2",)]
    assert (said.height, said.columns) == (0, ["person_id", "attribute", "record_key", "rule"])
