from __future__ import annotations

from datetime import date
from itertools import combinations, product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.attributes import Attributes, attributes
from pipelines.linkage.blocking import KEYS, block_keys, candidate_pairs, sampled
from pipelines.linkage.frame import complete
from pipelines.linkage.key_parts import part, spelling
from tests.unit.linkage.people import citizen_id, frame, person, policy

BORN = date(1990, 1, 12)
NUMBER = citizen_id(BORN)
ROWS = [
    person("a|0", "甲乙丙", NUMBER, telephone="15400000011"),
    person("a|1", "甲乙丙", None, born_on=BORN, telephone="15400000022"),
    person("a|2", "甲乙丙", NUMBER[:16] + "9" + NUMBER[17:], status="invalid", born_on=date(1990, 3, 1)),
    person("a|3", "丁戊", None, former_name_key="甲乙丙", telephone="15400000011"),
    person("a|4", "丁戊", NUMBER[:15] + "000", status="invalid"),
]


def _table() -> Attributes:
    return attributes(
        complete(frame(*ROWS)).with_row_index("unit").with_columns(pl.col("unit").cast(pl.Int32))
    )


def _meet(*rule: str) -> set[tuple[int, int]]:
    """By the keys."""
    (keys,) = block_keys(_table(), (rule,), spelling(_table().numbers))  # type: ignore[arg-type]
    met = keys.join(keys, on="key").filter(pl.col("unit") < pl.col("unit_right"))
    return set(met.select("unit", "unit_right").iter_rows())


def _share(*rule: str) -> set[tuple[int, int]]:
    """By comparing all with all."""
    said = [
        [set(part(_table(), name, "short").filter(pl.col("unit") == unit)["value"]) for name in rule]  # type: ignore[arg-type]
        for unit in range(len(ROWS))
    ]
    places = combinations(range(len(ROWS)), 2)
    return {(a, b) for a, b in places if all(x & y for x, y in zip(said[a], said[b], strict=True))}


@pytest.mark.parametrize("rule", policy().blocking, ids="+".join)
def test_units_meet_that_share_all_a_rule_names(rule: tuple[str, ...]) -> None:
    assert _meet(*rule) == _share(*rule)


def test_former_names_slips_and_rounded_numbers_meet() -> None:
    assert (0, 3) in _meet("name", "telephone")
    assert (0, 2) in _meet("number_slip")
    assert (0, 4) in _meet("number_head")
    assert (0, 1) in _meet("name", "telephone_head")
    assert _meet("name", "telephone_tail") == {(0, 3)}


def test_without_a_faulty_number_no_number_is_looked_for() -> None:
    bare = attributes(complete(frame(*ROWS[:2])).with_columns(pl.lit(0, pl.Int32).alias("unit")))
    assert spelling(bare.numbers) == "none"
    assert block_keys(bare, (("number_slip",),), "none")[0].is_empty()


KEYED = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=20, unique=True),
    min_size=1,
    max_size=3,
)


def _rules(drawn: list[list[tuple[int, int]]]) -> list[pl.DataFrame]:
    return [pl.DataFrame(rule, schema=KEYS, orient="row") for rule in drawn]


@given(KEYED, st.sets(st.integers(0, 9)), st.none() | st.sets(st.integers(0, 9)), st.integers(1, 30))
def test_candidates_are_all_pairs_that_share_a_key_each_once_whatever_the_chunks(
    drawn: list[list[tuple[int, int]]], labelled: set[int], among: set[int] | None, size: int
) -> None:
    told = pl.DataFrame({"unit": sorted(labelled)}, schema={"unit": pl.Int32})
    chosen = None if among is None else pl.Series(sorted(among), dtype=pl.Int32)
    chunks = list(candidate_pairs(_rules(drawn), told, pl.DataFrame(schema={"key": pl.UInt64}), chosen, size))
    found = [pair for chunk in chunks for pair in chunk.iter_rows()]
    assert len(found) == len(set(found))
    assert set(found) == {
        (a, b)
        for rule in drawn
        for (a, key), (b, other) in product(rule, repeat=2)
        if a < b and key == other and not {a, b} <= labelled and (among is None or {a, b} & among)
    }


def test_a_sample_is_the_same_whatever_the_chunks_and_never_larger_than_asked() -> None:
    rule = pl.DataFrame({"unit": range(60), "key": [unit % 3 for unit in range(60)]}, schema=KEYS)
    nobody, none = pl.DataFrame(schema={"unit": pl.Int32}), pl.DataFrame(schema={"key": pl.UInt64})
    one, other = (sampled(candidate_pairs([rule], nobody, none, size=size), 100) for size in (7, 10_000))
    assert one[0].equals(other[0])
    assert (one[0].height, one[1]) == (100, 570)
    whole, count = sampled(candidate_pairs([rule], nobody, none), 570)
    assert whole.height == count == 570
    assert one[0].join(whole, on=["a", "b"], how="anti").is_empty()
