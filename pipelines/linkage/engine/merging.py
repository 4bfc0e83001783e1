"""A second look: what is surely one person is taken together, and what it knows together decides the rest.

A record with a name and no birth date fits many single records nearly as well; of persons, with every
telephone and address that any of their records gives, it mostly fits one (match, merge and match again:
Benjelloun and others, 2009).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.components import components
from pipelines.linkage.engine.linking import Links, link, probability
from pipelines.linkage.engine.table import Coded, Table

if TYPE_CHECKING:
    from pipelines.linkage.engine.model import LinkageModel

Rows = npt.NDArray[np.int32]

_MOST_VALUES: Final = 4  # of one column that a merged record keeps, those on most of its records first


def link_merged(table: Table, model: LinkageModel) -> Links:
    """Links after merging at the model's `merge_weight`; those of one look where it has none.

    Pairs inside a merged record weigh what links them, over other records or directly: the weakest link of
    the strongest way. Pairs between merged records have the levels and the weight of these.
    """
    first = link(table, model)
    if model.merge_weight is None or table.apart is not None:
        return first
    pairs = first.pairs.with_columns(
        _places(table, first.pairs["a"], "x"), _places(table, first.pairs["b"], "y")
    )
    sure = pairs.filter((pl.col("weight") >= model.merge_weight) & pl.col("is_link"))
    whole = components(sure["x"].to_numpy(), sure["y"].to_numpy(), table.height)
    kept, sizes = np.unique(whole, return_counts=True)
    again = link(merged(table, whole), model, among=sizes > 1)
    alone = np.isin(whole, kept[sizes == 1])
    singles = pairs.filter(pl.Series(alone[pairs["x"].to_numpy()] & alone[pairs["y"].to_numpy()]))
    parts = [_within(table, sure, pairs), _between(table, again.pairs, whole), singles]
    found = pl.concat(parts, how="diagonal").sort("x", "y").select(first.pairs.columns)
    return Links(found, first.compared + again.compared)


def merged(table: Table, whole: Rows) -> Table:
    """The table with rows of one number in `whole` (the smallest of them) as one row."""
    kept, place, sizes = np.unique(whole, return_inverse=True, return_counts=True)
    several = np.flatnonzero(sizes[place] > 1)
    columns = {
        name: _together(coded, kept, several, place[several].astype(np.int32))
        for name, coded in table.columns.items()
    }
    return replace(table, keys=table.keys.gather(kept), columns=columns)


def _together(coded: Coded, kept: Rows, several: npt.NDArray[np.int64], place: Rows) -> Coded:
    """A column of the merged rows: rows that stay alone as they are, of `several` the values together."""
    long = (
        pl.DataFrame({"row": np.tile(place, coded.width), "code": coded.codes[:, several].ravel()})
        .filter(pl.col("code") >= 0)
        .group_by("row", "code")
        .len()
        .sort(["row", "len", "code"], descending=[False, True, False])
        .with_columns(at=pl.int_range(pl.len()).over("row"))
        .filter(pl.col("at") < _MOST_VALUES)
    )
    width = max(coded.width, 1 if long.is_empty() else int(long["at"].max()) + 1)  # type: ignore[arg-type]
    codes = np.full((width, len(kept)), -1, dtype=np.int32)
    codes[: coded.width] = coded.codes[:, kept]
    codes[:, place] = -1
    codes[long["at"].to_numpy(), long["row"].to_numpy()] = long["code"].to_numpy()
    counts = np.bincount(codes[codes >= 0], minlength=len(coded.values))
    return Coded(codes, coded.values, counts.astype(np.int64))


def _places(table: Table, keys: pl.Series, name: str) -> pl.Series:
    """The rows of keys."""
    known = pl.DataFrame({"key": table.keys, name: np.arange(table.height, dtype=np.int32)})
    return keys.alias("key").to_frame().join(known, on="key", how="left", maintain_order="left")[name]


def _within(table: Table, sure: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """All pairs inside merged records, with the levels they were compared at, if they were."""
    ordered = sure.sort("weight", "x", "y", descending=[True, False, False])
    sides = ordered["x"].to_numpy(), ordered["y"].to_numpy()
    x, y, weight = _joined(*sides, ordered["weight"].to_numpy(), table.height)
    joined = pl.DataFrame({"x": x, "y": y, "weight": weight}).with_columns(
        pl.Series("a", table.keys.gather(x)), pl.Series("b", table.keys.gather(y)),
        pl.Series("probability", probability(weight)), is_link=pl.lit(value=True),
    )  # fmt: skip
    levels = pairs.select("x", "y", pl.selectors.starts_with("level_"))
    return joined.join(levels, on=["x", "y"], how="left")


def _joined(
    a: Rows, b: Rows, weights: npt.NDArray[np.float64], rows: int
) -> tuple[Rows, Rows, npt.NDArray[np.float64]]:
    """Every pair that links bring together, in the order of falling weight, with the weight that did."""
    members: dict[int, list[int]] = {}
    root = np.arange(rows)
    found: list[tuple[int, int, float]] = []
    for x, y, weight in zip(a.tolist(), b.tolist(), weights.tolist(), strict=True):
        p, q = int(root[x]), int(root[y])
        if p == q:
            continue
        left, right = members.pop(p, [p]), members.pop(q, [q])
        found += [(min(u, v), max(u, v), weight) for u in left for v in right]
        members[p] = left + right
        root[right] = p
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return np.array(columns[0], np.int32), np.array(columns[1], np.int32), np.array(columns[2], np.float64)


def _between(table: Table, pairs: pl.DataFrame, whole: Rows) -> pl.DataFrame:
    """Pairs of records, one of each merged record of a pair."""
    of = pl.DataFrame({"row": np.arange(table.height, dtype=np.int32), "whole": whole})
    sides = pairs.with_columns(_places(table, pairs["a"], "p"), _places(table, pairs["b"], "q"))
    both = sides.join(of.rename({"row": "u"}), left_on="p", right_on="whole").join(
        of.rename({"row": "v"}), left_on="q", right_on="whole"
    )
    both = both.with_columns(x=pl.min_horizontal("u", "v"), y=pl.max_horizontal("u", "v"))
    return both.with_columns(a=table.keys.gather(both["x"]), b=table.keys.gather(both["y"]))
