from __future__ import annotations

import polars as pl

from pipelines.kernels.golden import row_keys, settle_contested

RANKS = {"citizen_id": {"d/first": 1, "d/second": 2}}


def settle(*claims: tuple[str, str, str]) -> dict[str, str | None]:
    """Claims are (person, feed, number); what is published of each person."""
    golden = pl.DataFrame(
        [(p, number) for p, _, number in claims], schema=["person_id", "citizen_id"], orient="row"
    )
    said = pl.DataFrame(
        [(p, "citizen_id", f"{feed}|{p}", "rank") for p, feed, _ in claims],
        schema=["person_id", "attribute", "record_key", "rule"],
        orient="row",
    )
    settled, kept = settle_contested(golden, said, RANKS)
    published = dict(settled.rows())
    assert set(kept["person_id"]) == {person for person, number in published.items() if number is not None}
    return published


def test_a_number_that_one_person_has_stays() -> None:
    assert settle(("P1", "d/first", "n"), ("P2", "d/first", "m")) == {"P1": "n", "P2": "m"}


def test_the_feed_of_the_best_rank_says_whose_a_contested_number_is() -> None:
    assert settle(("P1", "d/second", "n"), ("P2", "d/first", "n")) == {"P1": None, "P2": "n"}


def test_nobody_publishes_a_number_that_two_registers_claim() -> None:
    assert settle(("P1", "d/first", "n"), ("P2", "d/first", "n"), ("P3", "d/second", "n")) == {
        "P1": None, "P2": None, "P3": None,
    }  # fmt: skip


def test_row_keys_show_nothing_of_the_record() -> None:
    keys = row_keys(pl.Series(["d/f|G511622", "d/f|G511622", "d/f|x"]))
    assert keys.n_unique() == 2
    assert not keys.str.contains("511622").any()
