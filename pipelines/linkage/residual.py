"""The probabilistic engine: links the units that no usable ID joined.

Evidence is summed in bits, with what depends on each other counted once:
- an ID one slip away holds birth date and sex, so those only speak against it, not for it again;
- telephone, household, address and guardian tell the family, never who in it: their sum is capped;
- a register in which people hardly ever stand twice speaks against a second record of one person.
Whatever the weight, a pair whose names do not agree, or that fits another person nearly as well,
goes to clerical review.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage import dates, id_levels
from pipelines.linkage import names as nm
from pipelines.linkage.attributes import Attributes, attributes
from pipelines.linkage.blocking import candidate_pairs, chance_pairs
from pipelines.linkage.comparing import Compared, compare
from pipelines.linkage.model import Estimator, Model, fit
from pipelines.linkage.wholes import named_by_first, renumbered, wholes

if TYPE_CHECKING:
    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.linkage.wholes import Units

Bits = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FAMILY: Final = ("telephone", "household", "address", "guardian")
LEVEL_COLUMNS: Final = ("name", "birth", "sex", "citizen_id", *FAMILY, "employer", "local_number")
REPAIRED, PROBABLE = "id_repair", "probabilistic"
_KNOWN_FEED: Final = 50  # persons in a feed, below which nothing is said about people twice in it
_BELOW: Final = 0.001


@dataclass(frozen=True)
class Residual:
    """What the engine found.

    Attributes:
        links: a, b (unit numbers, a < b), method, weight (bits, with the prior), probability, is_link,
            and one column `level_<comparison>` for each comparison; sorted by a, b.
        model: a summary, without values of persons.
    """

    links: pl.DataFrame
    model: dict[str, Any]


class ResidualEngine(Protocol):
    """An engine that proposes links between units."""

    def link(self, clusters: pl.DataFrame) -> Residual:
        """Links between units.

        Args:
            clusters: records as frame.complete makes them, with `unit` (Int32, from 0): the records
                that IDs joined share a unit, and all their values count as that unit's.
        """


@dataclass(frozen=True)
class FellegiSunterEngine:
    """Blocking, comparison vectors, m by EM, weights by frequency.

    Attributes:
        policy: thresholds and likelihoods.
        estimator: `recordlinkage` for its ECM instead of the engine's EM: the reference on small data.
    """

    policy: LinkagePolicy
    estimator: Estimator = "engine"

    def link(self, clusters: pl.DataFrame) -> Residual:
        """See ResidualEngine; units that link are taken together and compared once more with the others."""
        table = attributes(clusters)
        compared = compare(candidate_pairs(table, self.policy.block_cap), table)
        chance = compare(chance_pairs(table.units, table.labelled, self.policy.fit.chance_pairs), table)
        model = fit(compared, chance, table.units, self.policy, self.estimator)
        weighed = self._weighed(table, compared, model)
        links = _decide(weighed, table.labelled, self.policy)
        whole = wholes(links, table.units, table.labelled["unit"])
        if np.array_equal(whole, np.arange(table.units)):
            return Residual(links, model.summary)
        inside = pl.Series(whole[links["a"].to_numpy()] == whole[links["b"].to_numpy()])
        again = self._again(clusters, weighed, whole, model)
        return Residual(pl.concat([links.filter(inside), again]).sort("a", "b"), model.summary)

    def _again(
        self, clusters: pl.DataFrame, before: pl.DataFrame, whole: Units, model: Model
    ) -> pl.DataFrame:
        """Links between whole units: pairs with one that grew are compared anew, the others are as they were."""
        units, first = renumbered(clusters, whole)
        table = attributes(units)
        grown = np.bincount(np.searchsorted(first, whole)) > 1
        pairs = candidate_pairs(table, self.policy.block_cap)
        new = pl.Series(grown[pairs["a"].to_numpy()] | grown[pairs["b"].to_numpy()])
        after = self._weighed(table, compare(pairs.filter(new), table), model)
        is_single = np.isin(np.arange(len(whole)), first[~grown])
        old = pl.Series(is_single[before["a"].to_numpy()] & is_single[before["b"].to_numpy()])
        named = named_by_first(after, first, "a", "b").with_columns(
            a=pl.min_horizontal("a", "b"), b=pl.max_horizontal("a", "b")
        )
        every = pl.concat([named, before.filter(old)])
        return _decide(every, named_by_first(table.labelled, first, "unit"), self.policy)

    def _weighed(self, table: Attributes, compared: Compared, model: Model) -> pl.DataFrame:
        """The pairs that are worth a look, with what each weighs."""
        weight = np.sum(list(evidence(compared, table, model, self.policy).values()), axis=0)
        kept = weight >= self.policy.possible_weight
        method = np.where(_is_near(compared), REPAIRED, PROBABLE)
        return compared.pairs.with_columns(
            pl.Series("method", method.tolist(), pl.String),
            pl.Series("weight", np.round(weight, 6)),
            pl.Series("probability", np.round(1 / (1 + np.exp2(-np.clip(weight, -60, 60))), 9)),
            pl.Series("names_agree", _names_agree(compared)),
            *(pl.Series(f"level_{name}", compared.levels[name]) for name in LEVEL_COLUMNS),
        ).filter(pl.Series(kept))


def _is_near(compared: Compared) -> Mask:
    """The faulty ID is a slip of the other, was rounded from it, or the same fault stands twice."""
    levels = compared.levels["citizen_id"]
    return np.asarray((levels >= 0) & (levels != id_levels.OTHER))


def evidence(compared: Compared, table: Attributes, model: Model, policy: LinkagePolicy) -> dict[str, Bits]:
    """Bits of each piece of evidence, the prior among them; a pair's weight is their sum."""
    bits = {name: model.weights(compared, name) for name in LEVEL_COLUMNS}
    near = _is_near(compared)
    family = np.sum([bits[name] for name in FAMILY], axis=0)
    return {
        "name": bits["name"],
        "birth": np.where(near, np.minimum(bits["birth"], 0), bits["birth"]),
        "sex": np.where(near, np.minimum(bits["sex"], 0), bits["sex"]),
        "citizen_id": bits["citizen_id"],
        "family": np.minimum(family, np.log2(model.population / policy.family_size)),
        "employer": np.minimum(bits["employer"], policy.employer_cap),
        "local_number": bits["local_number"],
        "repeats": _repeats(compared, table, policy),
        "prior": np.full(len(near), -np.log2(model.population)),
    }


def _repeats(compared: Compared, table: Attributes, policy: LinkagePolicy) -> Bits:
    """Bits against a pair whose both sides stand in a feed where people seldom stand twice."""
    known = table.feeds.join(table.labelled, on="unit")
    rates = (
        known.group_by("value")
        .agg(people=pl.len(), twice=(pl.col("records") > 1).mean())
        .filter(pl.col("people") >= _KNOWN_FEED)
        .with_columns(
            bits=(
                pl.max_horizontal("twice", pl.lit(policy.repeat_floor))
                / (pl.col("people") / max(1, table.labelled.height))
            ).log(2).clip(upper_bound=0)
        )
    )  # fmt: skip
    shared = (
        compared.pairs.with_row_index("pair")
        .join(table.feeds, left_on="a", right_on="unit")
        .join(table.feeds, left_on=["b", "value"], right_on=["unit", "value"])
        .join(rates, on="value")
        .group_by("pair")
        .agg(pl.col("bits").min())
    )
    bits = np.zeros(compared.pairs.height)
    bits[shared["pair"].to_numpy()] = shared["bits"].to_numpy()
    return bits


def _names_agree(compared: Compared) -> Mask:
    """Names that may carry a link: agreeing ones, and lost or mistyped ones where an ID or a date vouches."""
    name, birth = compared.levels["name"], compared.levels["birth"]
    number = _is_near(compared) | (compared.levels["local_number"] == 0)
    agrees = (name >= 0) & (name <= nm.AGREES_UP_TO)
    lost = ((name < 0) | (name == nm.FITS)) & (number | (birth == dates.SAME))
    mistyped = (name == nm.ONE_CHARACTER) & number & (birth <= dates.SLIP)
    return np.asarray(agrees | lost | mistyped)


def _decide(links: pl.DataFrame, labelled: pl.DataFrame, policy: LinkagePolicy) -> pl.DataFrame:
    """Mark the links; a unit without ID that fits two identified ones must fit one much better."""
    has_id = labelled.with_columns(is_labelled=pl.lit(value=True))
    marked = links.join(has_id, left_on="a", right_on="unit", how="left").join(
        has_id, left_on="b", right_on="unit", how="left", suffix="_b"
    )
    asking = pl.when(pl.col("is_labelled")).then("b").when(pl.col("is_labelled_b")).then("a")
    best = pl.col("weight").max().over("asking")
    second = pl.col("weight").top_k(2).min().over("asking")
    clear = pl.col("asking").is_null() | (pl.len().over("asking") == 1)
    clear |= (pl.col("weight") == best) & (best - second >= policy.margin)
    enough = pl.col("weight") >= policy.link_weight
    return (
        marked.with_columns(asking.alias("asking"))
        .with_columns(is_link=clear & enough & pl.col("names_agree"))
        .drop("asking", "is_labelled", "is_labelled_b", "names_agree")
        .sort("a", "b")
    )
