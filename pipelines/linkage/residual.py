"""The probabilistic engine: links the units that no usable ID joined.

Evidence is summed in bits, with what depends on each other counted once:
- an ID one slip away holds birth date and sex, so those only speak against it, not for it again;
- telephone, household, address and guardian tell the family, never who in it: their sum is capped;
- a register in which people hardly ever stand twice speaks against a second record of one person.
Whatever the weight, a pair whose names do not agree, or that fits another person nearly as well,
goes to clerical review.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage import dates, id_levels
from pipelines.linkage import names as nm
from pipelines.linkage.attributes import Attributes, attributes, with_guardian_households
from pipelines.linkage.blocking import (
    PAIRS,
    Candidates,
    block_keys,
    candidate_pairs,
    chance_pairs,
    crowded_keys,
    sampled,
)
from pipelines.linkage.comparing import Compared, compare
from pipelines.linkage.fitted import Fitted, repeat_rates
from pipelines.linkage.frequencies import counted, frequencies, value_keys
from pipelines.linkage.key_parts import spelling
from pipelines.linkage.model import Estimator, declared_model, fit
from pipelines.linkage.wholes import wholes

if TYPE_CHECKING:
    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.linkage.wholes import Units

Bits = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FAMILY: Final = ("telephone", "household", "address", "guardian")
LEVEL_COLUMNS: Final = ("name", "birth", "sex", "citizen_id", *FAMILY, "employer", "local_number")
REPAIRED, PROBABLE = "id_repair", "probabilistic"


@dataclass(frozen=True)
class Looked:
    """What a link depended on, so that a later run need only look where something changed.

    Attributes:
        fitted: by what was weighed.
        keys: unit, key: under which units could meet, and whole units under the number of the one that stands for
            them.
        values: comparison, unit, key: see frequencies.value_keys.
        near: a, b: units that weigh at least a possible link together, whole ones too.
        whole: of each unit the one that stands for what links join it with.
    """

    fitted: Fitted
    keys: pl.DataFrame
    values: pl.DataFrame
    near: pl.DataFrame
    whole: Units


@dataclass(frozen=True)
class Residual:
    """What the engine found.

    Attributes:
        links: a, b (unit numbers, a < b), method, weight (bits, with the prior), probability, is_link,
            and one column `level_<comparison>` for each comparison; sorted by a, b.
        model: a summary, without values of persons.
        looked: what it depended on; None of an engine that does not tell.
    """

    links: pl.DataFrame
    model: dict[str, Any]
    looked: Looked | None = None


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
        fitted: the model of an earlier run; without one it is fitted to the records.
    """

    policy: LinkagePolicy
    estimator: Estimator = "engine"
    fitted: Fitted | None = None

    def link(self, clusters: pl.DataFrame, told: Attributes | None = None) -> Residual:
        """See ResidualEngine; units that link are taken together and compared once more with the others.

        Args:
            clusters: see resolve.units_of.
            told: their attributes, where they are known already.
        """
        homed = with_guardian_households(clusters)
        bare = attributes(homed) if told is None else told
        values = value_keys(bare)
        spelled = spelling(bare.numbers) if self.fitted is None else self.fitted.spelled
        keys = block_keys(bare, self.policy.blocking, spelled)
        known = self.fitted or unfitted(bare, keys, values, self.policy)
        known = known.with_counts(frequencies(values))
        table = counted(bare, known.counts)
        candidates = candidate_pairs(keys, table.labelled, known.crowded)
        fitted = known if self.fitted else self._fitted(known, table, candidates)
        weighed = _weighed(candidates, table, fitted, self.policy)
        links = _decide(weighed, table.labelled, self.policy)
        whole = wholes(links, table.units, table.labelled["unit"])
        grown = pl.Series(np.flatnonzero(np.bincount(whole, minlength=table.units) > 1), dtype=pl.Int32)
        near = weighed.select("a", "b")
        if grown.is_empty():
            looked = Looked(fitted, pl.concat(keys), values, near, whole)
            return Residual(links, fitted.model.summary, looked)
        again, late = self._again(homed, weighed, whole, keys, fitted)
        inside = pl.Series(whole[links["a"].to_numpy()] == whole[links["b"].to_numpy()])
        late_near = again.select("a", "b")
        looked = Looked(
            fitted, pl.concat([*keys, *late]), values, pl.concat([near, late_near]).unique(), whole
        )
        every = pl.concat([links.filter(inside), again]).sort("a", "b")
        return Residual(every, fitted.model.summary, looked)

    def _fitted(self, known: Fitted, table: Attributes, candidates: Candidates) -> Fitted:
        pairs, count = sampled(candidates, self.policy.fit.max_pairs)
        chance = chance_pairs(table.units, table.labelled, self.policy.fit.chance_pairs)
        seen = compare(pairs, table), compare(chance, table)
        return replace(known, model=fit(*seen, count, table.units, self.policy, self.estimator))

    def _again(
        self,
        homed: pl.DataFrame,
        before: pl.DataFrame,
        whole: Units,
        keys: list[pl.DataFrame],
        fitted: Fitted,
    ) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        """Links between whole units, and the keys of those that grew.

        Pairs with one that grew are compared anew, the others are as they were.
        """
        grown = np.bincount(whole, minlength=len(whole)) > 1
        joined = homed.with_columns(pl.Series("unit", whole[homed["unit"].to_numpy()]))
        is_grown = pl.Series(grown[joined["unit"].to_numpy()])
        late = block_keys(attributes(joined.filter(is_grown)), self.policy.blocking, fitted.spelled)
        single = [rule.filter(pl.Series(~grown[whole[rule["unit"].to_numpy()]])) for rule in keys]
        met = [pl.concat([rule, new]) for rule, new in zip(single, late, strict=True)]
        labelled = homed.filter(pl.col("citizen_id").is_not_null()).select("unit").unique()
        among = pl.Series(np.flatnonzero(grown), dtype=pl.Int32)
        pairs = candidate_pairs(met, labelled, fitted.crowded, among)
        asked = (
            pl.concat([*(chunk[side] for chunk in pairs for side in ("a", "b")), among]).unique().implode()
        )
        table = counted(attributes(joined.filter(pl.col("unit").is_in(asked))), fitted.counts)
        after = _weighed(pairs, table, fitted, self.policy)
        alone = pl.Series(~grown[whole])
        is_old = alone.gather(before["a"]) & alone.gather(before["b"])
        return _decide(pl.concat([after, before.filter(is_old)]), labelled.sort("unit"), self.policy), late


def unfitted(
    table: Attributes, keys: list[pl.DataFrame], values: pl.DataFrame, policy: LinkagePolicy
) -> Fitted:
    """What is counted before anything is compared, with the policy's own m."""
    return Fitted(
        declared_model(table.units, policy),
        frequencies(values),
        repeat_rates(table, policy),
        crowded_keys(keys, policy.block_cap),
        spelling(table.numbers),
    )


def _weighed(
    candidates: Candidates, table: Attributes, fitted: Fitted, policy: LinkagePolicy
) -> pl.DataFrame:
    """See weigh; what is not worth a look is forgotten chunk by chunk."""
    chunks = [weigh(table, compare(pairs, table), fitted, policy) for pairs in candidates]
    return pl.concat(chunks or [weigh(table, compare(PAIRS.to_frame(), table), fitted, policy)]).sort(
        "a", "b"
    )


def weigh(table: Attributes, compared: Compared, fitted: Fitted, policy: LinkagePolicy) -> pl.DataFrame:
    """The pairs that are worth a look, with what each weighs."""
    weight = np.sum(list(evidence(compared, table, fitted, policy).values()), axis=0)
    kept = weight >= policy.possible_weight
    method = np.where(_is_near(compared), REPAIRED, PROBABLE)
    return compared.pairs.with_columns(
        pl.Series("method", method.tolist(), pl.String),
        pl.Series("weight", np.round(weight, 6)),
        pl.Series("probability", probability_of(weight)),
        pl.Series("names_agree", _names_agree(compared)),
        *(pl.Series(f"level_{name}", compared.levels[name]) for name in LEVEL_COLUMNS),
    ).filter(pl.Series(kept))


def probability_of(weight: Bits) -> Bits:
    """The match probability of weights that include the prior."""
    return np.asarray(np.round(1 / (1 + np.exp2(-np.clip(weight, -60, 60))), 9))


def _is_near(compared: Compared) -> Mask:
    """The faulty ID is a slip of the other, was rounded from it, or the same fault stands twice."""
    levels = compared.levels["citizen_id"]
    return np.asarray((levels >= 0) & (levels != id_levels.OTHER))


def evidence(
    compared: Compared,
    table: Attributes,
    fitted: Fitted,
    policy: LinkagePolicy,
    *,
    beside_numbers: bool = False,
) -> dict[str, Bits]:
    """Bits of each piece of evidence, the prior among them; a pair's weight is their sum.

    With `beside_numbers` the numbers say nothing, whatever they are.
    """
    model = fitted.model
    bits = {name: model.weights(compared, name) for name in LEVEL_COLUMNS}
    near = _is_near(compared) & (not beside_numbers)
    if beside_numbers:
        bits["citizen_id"] = np.zeros(compared.pairs.height)
    family = np.sum([bits[name] for name in FAMILY], axis=0)
    return {
        "name": bits["name"],
        "birth": np.where(near, np.minimum(bits["birth"], 0), bits["birth"]),
        "sex": np.where(near, np.minimum(bits["sex"], 0), bits["sex"]),
        "citizen_id": bits["citizen_id"],
        "family": np.minimum(family, np.log2(model.population / policy.family_size)),
        "employer": np.minimum(bits["employer"], policy.employer_cap),
        "local_number": bits["local_number"],
        "repeats": _repeats(compared, table, fitted.rates),
        "prior": np.full(len(near), -np.log2(model.population)),
    }


def _repeats(compared: Compared, table: Attributes, rates: pl.DataFrame) -> Bits:
    """Bits against a pair whose both sides stand in a feed where people seldom stand twice."""
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
