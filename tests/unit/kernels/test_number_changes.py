from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract.load import load_contracts
from pipelines.kernels.number_changes import number_changes
from pipelines.store.number_history import entry_columns

Rows = list[dict[str, Any]]
SCHEMA = {
    "record_key": pl.String, "name_key": pl.String, "citizen_id": pl.String, "citizen_id_status": pl.String,
    "born_on": pl.Date, "household_number": pl.String,
}  # fmt: skip
ROW = st.fixed_dictionaries(
    {
        "record_key": st.sampled_from("abc"),
        "name_key": st.sampled_from(["甲", "乙", None]),
        "citizen_id": st.sampled_from(["1", "2", None]),
        "citizen_id_status": st.sampled_from(["valid", "invalid"]),
        "born_on": st.sampled_from([date(1980, 1, 1), date(1990, 1, 1), None]),
        "household_number": st.sampled_from(["7", None]),
    }
)
SIDE = st.lists(ROW, max_size=5)


def _slowly(before: Rows, after: Rows, same: tuple[str, ...]) -> list[tuple[Any, ...]]:
    def usable(rows: Rows) -> Rows:
        given_ones = [
            row
            for row in rows
            if row["citizen_id_status"] == "valid"
            and all(row[name] is not None for name in (*same, "name_key", "citizen_id"))
        ]
        places = [tuple(row[name] for name in same) for row in given_ones]
        return [row for row, place in zip(given_ones, places, strict=True) if places.count(place) == 1]

    return sorted(
        (new["record_key"], new["name_key"], old["citizen_id"], new["citizen_id"])
        for new in usable(after)
        for old in usable(before)
        if all(old[name] == new[name] for name in same)
        and old["citizen_id"] != new["citizen_id"]
        and old["name_key"] == new["name_key"]
        and (None in (old["born_on"], new["born_on"]) or old["born_on"] == new["born_on"])
    )


@given(SIDE, SIDE, st.sampled_from([("record_key",), ("household_number", "name_key", "born_on")]))
def test_changes_are_those_that_looking_row_by_row_finds(
    before: Rows, after: Rows, same: tuple[str, ...]
) -> None:
    found = number_changes(pl.DataFrame(before, schema=SCHEMA), pl.DataFrame(after, schema=SCHEMA), same)
    assert sorted(found.rows()) == _slowly(before, after, same)


def test_a_register_without_names_tells_nothing() -> None:
    bare = pl.DataFrame({"record_key": ["a"]})
    assert number_changes(bare, bare, ("record_key",)).is_empty()


def test_entries_are_known_again_by_what_is_not_their_number() -> None:
    known = {feed: entry_columns(contract) for feed, contract in load_contracts().items()}
    assert set(known.values()) == {("record_key",), ("household_number", "name_key", "born_on")}
