from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.linkage.wholes import wholes

LINKS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 9), st.booleans()).filter(
        lambda link: link[0] < link[1]
    ),
    max_size=12,
    unique_by=lambda link: link[:2],
)


def _wholes(links: list[tuple[int, int, int, bool]], with_id: set[int]) -> list[int]:
    schema = {"a": pl.Int32, "b": pl.Int32, "weight": pl.Int64, "is_link": pl.Boolean}
    identified = pl.Series(sorted(with_id), dtype=pl.Int32)
    found = wholes(pl.DataFrame(links, schema=schema, orient="row"), 7, identified)
    return list(map(int, found))


@given(LINKS, st.sets(st.integers(0, 6)), st.randoms(use_true_random=False))
def test_no_whole_has_two_ids_and_the_order_of_links_tells_nothing(
    links: list[tuple[int, int, int, bool]], with_id: set[int], dice: Any
) -> None:
    found = _wholes(links, with_id)
    for whole in set(found):
        inside = [unit for unit in range(7) if found[unit] == whole]
        identified = with_id & set(inside)
        assert len(identified) <= 1
        assert whole == (min(identified) if identified else min(inside))
    shuffled = dice.sample(links, len(links))
    assert _wholes(shuffled, with_id) == found


@given(LINKS)
def test_without_ids_wholes_are_what_links_connect(links: list[tuple[int, int, int, bool]]) -> None:
    found = _wholes(links, set())
    assert all(found[a] == found[b] for a, b, _, is_link in links if is_link)
    assert _wholes([link for link in links if not link[3]], set()) == list(range(7))
