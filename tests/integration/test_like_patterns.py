"""LIKE on the Polars engine takes what PostgreSQL's LIKE takes: Great Expectations has it for SQL alone."""

from __future__ import annotations

import itertools
from typing import Any

import polars as pl

from pipelines.quality.forms import of_like, of_likes
from pipelines.store.postgres import connect, fetch

PARTS = ("a", "张", "%", "_", "\\%", "\\_", ".", "")
TEXTS = ["", "a", "aa", "a%", "张a", "a_", ".a", "a\nb", "%", "_", "a.张"]
PATTERNS = sorted({"".join(parts) for parts in itertools.product(PARTS, repeat=3)})


def test_a_pattern_takes_what_postgresql_takes(database: Any, copy: str) -> None:
    frame = pl.DataFrame({"text": TEXTS})
    with connect(database.url(copy)) as conn:
        sql = "select p, array_agg(t like p order by n) as taken from unnest(%s) with ordinality as x (t, n), unnest(%s) as p group by p"
        told = {row["p"]: row["taken"] for row in fetch(conn, sql, (TEXTS, PATTERNS))}
    ours = {p: of_like(pl.col("text"), {"like_pattern": p}, pl.String()) for p in PATTERNS}
    found = frame.select(mask.alias(str(n)) for n, mask in enumerate(ours.values()))
    assert {p: found[str(n)].to_list() for n, p in enumerate(ours)} == told


def test_lists_of_patterns_ask_for_any_or_all() -> None:
    frame = pl.DataFrame({"text": ["ab", "a", "c", None]})
    both = {"like_pattern_list": ["a%", "%b"]}
    for how, wanted in (("any", [True, True, False, None]), ("all", [True, False, False, None])):
        mask = of_likes(pl.col("text"), {**both, "match_on": how}, pl.String())
        assert frame.select(mask).to_series().to_list() == wanted
