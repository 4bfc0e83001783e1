"""How likely it is that two identified units are one person with two numbers: by all they say beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.linkage.attributes import attributes, with_guardian_households
from pipelines.linkage.blocking import PAIRS
from pipelines.linkage.comparing import compare
from pipelines.linkage.frequencies import counted
from pipelines.linkage.residual import evidence, probability_of

if TYPE_CHECKING:
    from pipelines.linkage.fitted import Fitted
    from pipelines.linkage.policy import LinkagePolicy


def weighed(
    doubles: pl.DataFrame, units: pl.DataFrame, fitted: Fitted, policy: LinkagePolicy
) -> pl.DataFrame:
    """The links of double_ids with weight (bits) and probability.

    The numbers differ, that is what the case is about, so they are no evidence here. Before anything is looked at, a pair
    is one person as often as people have two numbers: `policy.two_numbers` of them.

    Args:
        doubles: see double_ids.double_ids.
        units: see resolve.units_of.
        fitted: the run's model.
        policy: the run's.
    """
    if doubles.is_empty():
        return doubles
    place = units.select("record_key", "unit")
    pairs = (
        doubles.with_row_index("row")
        .join(place, left_on="record_a", right_on="record_key", maintain_order="left")
        .join(place, left_on="record_b", right_on="record_key", suffix="_b", maintain_order="left")
        .select(a=pl.min_horizontal("unit", "unit_b"), b=pl.max_horizontal("unit", "unit_b"))
        .cast(PAIRS)
    )
    asked = pl.concat([pairs["a"], pairs["b"]]).unique().implode()
    mine = with_guardian_households(units).filter(pl.col("unit").is_in(asked))
    table = counted(attributes(mine), fitted.counts)
    said = evidence(compare(pairs, table), table, fitted, policy, beside_numbers=True)
    bits = np.round(np.sum(list(said.values()), axis=0) + np.log2(2 * policy.two_numbers), 6)
    return doubles.with_columns(pl.Series("weight", bits), pl.Series("probability", probability_of(bits)))
