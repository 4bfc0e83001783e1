"""Why two records are linked, or are not: levels, weights and the rules that brought them together, without values.

The evidence is computed anew by the run's own model over the run's own records, so the bits of a pair add up to the
weight of its link but for the rounding of the model as it is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from pipelines.linkage.attributes import Attributes, attributes, with_guardian_households
from pipelines.linkage.blocking import block_keys
from pipelines.linkage.comparing import Compared, compare
from pipelines.linkage.frame import complete
from pipelines.linkage.frequencies import counted, value_keys
from pipelines.linkage.hiding import as_fitted
from pipelines.linkage.key_parts import spelling
from pipelines.linkage.policy import LEVELS
from pipelines.linkage.residual import evidence, unfitted
from pipelines.linkage.resolve import identified_by, units_of
from pipelines.linkage.wholes import wholes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.linkage.fitted import Fitted
    from pipelines.linkage.model import Model
    from pipelines.linkage.policy import LinkagePolicy

_ROUND, _UNHEARD = 3, 0.01
_PAIR: Final = {"a": pl.Int32, "b": pl.Int32}
_NUMBER: Final = ("citizen_id", "citizen_id_cleaned", "citizen_id_born_on", "citizen_id_sex_code")


def explain_pairs(
    pairs: Sequence[tuple[str, str]],
    records: pl.DataFrame,
    policy: LinkagePolicy,
    summary: Mapping[str, Any] | None = None,
    history: pl.DataFrame | None = None,
    by: Fitted | None = None,
) -> list[dict[str, Any]]:
    """How the records of each pair compare.

    Args:
        pairs: of record keys.
        records: all records of the run, see frame.RECORDS.
        policy: the run's.
        summary: of the run's model; default: the policy's own m.
        history: numbers that registers corrected, see resolve.resolve.
        by: the run's model as it was kept; default: counted anew over the records.

    Returns:
        For each pair `joined_by` (the method of one citizen ID, else None), `both_have_ids`, and, of records that no
        citizen ID joins, `comparisons` (comparison, level, m, u, count, bits), `steps` (evidence, bits: what counts
        after what depends on each other was counted once, the prior first), `weight`, `probability`, `rules` (blocking
        rules under which they meet), `look` (1), `link_weight`, `possible_weight` and `population`.

    Raises:
        KeyError: a record is not among `records`.
    """
    fitted = as_fitted(policy, summary or {})
    units = _units(records, policy, history)
    sides = _sides(units, {key for pair in pairs for key in pair})
    apart = [pair for pair in pairs if sides[pair[0]]["unit"] != sides[pair[1]]["unit"]]
    places = [_ordered(sides[a]["unit"], sides[b]["unit"]) for a, b in apart]
    found = _evidence(places, units, fitted, by or _weighing(units, fitted)) if places else []
    by_pair = dict(zip(apart, found, strict=True))
    return [_told(pair, sides, by_pair.get(pair)) for pair in pairs]


def as_linked(told: dict[str, Any], weight: float) -> dict[str, Any]:
    """An explanation that adds up to the weight the run gave the link: what the kept model's rounding left is a step."""
    rest = round(weight - told["weight"], _ROUND)
    if abs(rest) < _UNHEARD:
        return told
    steps = [*told["steps"], {"evidence": "rest", "bits": rest}]
    return told | {"steps": steps, "weight": round(weight, _ROUND)}


def explain_beside_number(
    pair: tuple[str, str],
    records: pl.DataFrame,
    policy: LinkagePolicy,
    summary: Mapping[str, Any] | None = None,
    history: pl.DataFrame | None = None,
    by: Fitted | None = None,
) -> dict[str, Any]:
    """What two records of one citizen ID say beside it: as explain_pairs, the second one's number hidden."""
    frame = complete(records)
    hidden = pl.col("record_key") == pair[1]
    blind = frame.with_columns(
        *(pl.when(~hidden).then(name).alias(name) for name in _NUMBER),
        citizen_id_status=pl.when(hidden).then(pl.lit("blank")).otherwise("citizen_id_status"),
    )
    return explain_pairs([pair], blind, policy, summary, history, by)[0]


def look_again(
    told: Mapping[tuple[str, str], dict[str, Any]],
    links: pl.DataFrame,
    records: pl.DataFrame,
    policy: LinkagePolicy,
    summary: Mapping[str, Any] | None = None,
    history: pl.DataFrame | None = None,
    by: Fitted | None = None,
) -> dict[tuple[str, str], dict[str, Any]]:
    """Explanations that add up to the weights the run gave the links.

    A link weighs what its two sides say as one unit each; where that is not what explain_pairs found, resolution found
    it on its second look, when what links had joined was compared once more as one. `look` tells which, and what
    neither explains is a step of its own.

    Args:
        told: by pair what explain_pairs found.
        links: record_a, record_b, weight: all weighed links of the run.
        records: as in explain_pairs, like the rest.
        policy: the run's.
        summary: of the run's model.
        history: numbers that registers corrected.
        by: the run's model as it was kept.
    """
    weights = {(a, b): weight for a, b, weight in links.select("record_a", "record_b", "weight").iter_rows()}
    wanted = {pair: weights[pair] for pair in told if pair in weights and "weight" in told[pair]}
    late = [pair for pair, weight in wanted.items() if abs(weight - told[pair]["weight"]) >= _UNHEARD]
    fitted, found = as_fitted(policy, summary or {}), dict(told)
    second = _second(late, links, _units(records, policy, history), fitted, by) if late else {}
    for pair, weight in wanted.items():
        one = second.get(pair, told[pair])
        is_nearer = abs(one["weight"] - weight) < abs(told[pair]["weight"] - weight)
        found[pair] = as_linked({**told[pair], **one, "look": 2} if is_nearer else told[pair], weight)
    return found


def _units(records: pl.DataFrame, policy: LinkagePolicy, history: pl.DataFrame | None) -> pl.DataFrame:
    frame = complete(records)
    return with_guardian_households(units_of(frame, identified_by(frame, policy, history)))


def _weighing(units: pl.DataFrame, policy: LinkagePolicy) -> Fitted:
    """The model of a run that kept none: all is counted anew over its records."""
    table = attributes(units)
    return unfitted(table, [], value_keys(table), policy)


def _second(
    pairs: list[tuple[str, str]],
    links: pl.DataFrame,
    units: pl.DataFrame,
    policy: LinkagePolicy,
    by: Fitted | None,
) -> dict[tuple[str, str], dict[str, Any]]:
    """Evidence of pairs of whole units: all other links of the run joined theirs."""
    place = units.select("record_key", "unit")
    looked_at = pl.DataFrame(pairs, schema=["record_a", "record_b"], orient="row")
    others = (
        links.join(looked_at, on=["record_a", "record_b"], how="anti")
        .join(place, left_on="record_a", right_on="record_key")
        .join(place, left_on="record_b", right_on="record_key", suffix="_b")
        .select(a=pl.min_horizontal("unit", "unit_b"), b=pl.max_horizontal("unit", "unit_b"), weight="weight")
        .with_columns(is_link=pl.lit(value=True))
    )
    labelled = units.filter(pl.col("citizen_id").is_not_null())["unit"].unique()
    whole = wholes(others, 1 + int(units["unit"].max() or 0), labelled)  # type: ignore[arg-type]
    merged = units.with_columns(pl.Series("unit", whole[units["unit"].to_numpy()]))
    sides = _sides(merged, {key for pair in pairs for key in pair})
    apart = [(a, b) for a, b in pairs if sides[a]["unit"] != sides[b]["unit"]]
    places = [_ordered(sides[a]["unit"], sides[b]["unit"]) for a, b in apart]
    found = _evidence(places, merged, policy, by or _weighing(units, policy)) if places else []
    return dict(zip(apart, found, strict=True))


def _sides(units: pl.DataFrame, keys: set[str]) -> dict[str, dict[str, Any]]:
    chosen = units.filter(pl.col("record_key").is_in(sorted(keys))).select("record_key", "unit", "method")
    return {row["record_key"]: row for row in chosen.to_dicts()}


def _ordered(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)


def _told(
    pair: tuple[str, str], sides: Mapping[str, dict[str, Any]], found: dict[str, Any] | None
) -> dict[str, Any]:
    a, b = sides[pair[0]], sides[pair[1]]
    method = (a["method"] or b["method"]) if a["unit"] == b["unit"] else None
    both = a["method"] is not None and b["method"] is not None
    return {"joined_by": method, "both_have_ids": both, **(found or {})}


def _evidence(
    pairs: list[tuple[int, int]], units: pl.DataFrame, policy: LinkagePolicy, fitted: Fitted
) -> list[dict[str, Any]]:
    asked = sorted({unit for pair in pairs for unit in pair})
    table = counted(attributes(units.filter(pl.col("unit").is_in(asked))), fitted.counts)
    compared = compare(pl.DataFrame(pairs, schema=_PAIR, orient="row"), table)
    bits = evidence(compared, table, fitted, policy)
    return [
        _one(place, compared, fitted.model, bits) | {
            "rules": _rules(pair, table, policy),
            "link_weight": policy.link_weight,
            "possible_weight": policy.possible_weight,
            "population": fitted.model.population,
            "look": 1,
        }
        for place, pair in enumerate(pairs)
    ]  # fmt: skip


def _one(place: int, compared: Compared, model: Model, bits: Mapping[str, Any]) -> dict[str, Any]:
    weight = float(sum(found[place] for found in bits.values()))
    steps = [{"evidence": name, "bits": round(float(found[place]), _ROUND)} for name, found in bits.items()]
    return {
        "comparisons": [_comparison(name, place, compared, model) for name in LEVELS],
        "steps": [
            *(s for s in steps if s["evidence"] == "prior"),
            *(s for s in steps if s["evidence"] != "prior"),
        ],
        "weight": round(weight, _ROUND),
        "probability": round(float(1 / (1 + np.exp2(-np.clip(weight, -60, 60)))), 6),
    }


def _comparison(name: str, place: int, compared: Compared, model: Model) -> dict[str, Any]:
    level, count = int(compared.levels[name][place]), int(compared.counts[name][place])
    if level < 0:
        return {"comparison": name, "level": "missing", "m": None, "u": None, "count": None, "bits": 0.0}
    declared = float(model.u[name][level])
    is_counted = bool(np.isnan(declared))
    return {
        "comparison": name,
        "level": LEVELS[name][level],
        "m": round(float(model.m[name][level]), 6),
        "u": round(count / model.population if is_counted else declared, 9),
        "count": count if is_counted else None,
        "bits": round(float(model.weights(compared, name)[place]), _ROUND),
    }


def _rules(pair: tuple[int, int], table: Attributes, policy: LinkagePolicy) -> list[list[str]]:
    """Blocking rules whose key the two share; those on too many units make no pair, but are told."""
    both = _only(pair, table)
    keys = block_keys(both, policy.blocking, spelling(both.numbers))
    is_met = [frame["key"].is_duplicated().any() for frame in keys]
    return [list(rule) for rule, met in zip(policy.blocking, is_met, strict=True) if met]


def _only(pair: tuple[int, int], table: Attributes) -> Attributes:
    def chosen(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("unit").is_in(list(pair)))

    return Attributes(
        units=table.units,
        labelled=chosen(table.labelled),
        names=chosen(table.names),
        births=chosen(table.births),
        values={name: chosen(frame) for name, frame in table.values.items()},
        homes=chosen(table.homes),
        numbers=chosen(table.numbers),
        feeds=chosen(table.feeds),
    )
