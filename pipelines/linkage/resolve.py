"""Resolution: from records to persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.linkage import clustering
from pipelines.linkage.double_ids import double_ids
from pipelines.linkage.doubles_weighed import weighed
from pipelines.linkage.frame import LINKS, complete
from pipelines.linkage.identify import Identified, identify
from pipelines.linkage.number_history import METHOD, canonical_numbers, outdated
from pipelines.linkage.persons import assign
from pipelines.linkage.policy import LinkagePolicy
from pipelines.linkage.residual import FellegiSunterEngine, ResidualEngine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipelines.linkage.residual import Looked, Residual

PREVIOUS: Final = pl.Schema({"record_key": pl.String, "person_id": pl.String, "number": pl.Int64})
JUDGEMENTS: Final = pl.Schema({"record_a": pl.String, "record_b": pl.String, "verdict": pl.String})
_CERTAIN: Final = 60.0  # bits of a link by citizen ID or judgement


@dataclass(frozen=True)
class Resolution:
    """Persons of a run; every frame is sorted, none depends on the order of rows given.

    Attributes:
        memberships: record_key, person_id, number.
        links: record_a, record_b, method, weight, probability: what joined records. Methods:
            valid_id, upgraded_id, roll_number, number_history (each record with the anchor of its ID), id_repair,
            probabilistic (between anchors), judgement.
        possible: the same columns: for clerical review.
        conflicts: conflict_id, reason_code, record_keys.
        events: kind, person_id, other_id; see persons.Assignment.
        model: a summary of the model and counts; no values of persons.
        refused: record_a, record_b, why: links that clustering did not make; see clustering.
        next_number: the first person number that was not given.
        units: see units_of; None of what was put together of two runs.
        looked: what the engine tells of where it looked.
    """

    memberships: pl.DataFrame
    links: pl.DataFrame
    possible: pl.DataFrame
    conflicts: pl.DataFrame
    events: pl.DataFrame
    model: dict[str, Any]
    refused: pl.DataFrame
    next_number: int
    units: pl.DataFrame | None = None
    looked: Looked | None = None


def resolve(
    records: pl.DataFrame,
    previous: pl.DataFrame | None,
    judgements: pl.DataFrame | None,
    policy: LinkagePolicy | Mapping[str, Any],
    *,
    next_number: int | None = None,
    former: pl.DataFrame | None = None,
    engine: ResidualEngine | None = None,
    history: pl.DataFrame | None = None,
    kept_apart: Collection[str] = (),
) -> Resolution:
    """Resolve the current records.

    Args:
        records: see frame.RECORDS; missing columns count as null.
        previous: record_key, person_id, number of the last run.
        judgements: record_a, record_b, verdict (positive, negative, unsure), oldest first.
        policy: thresholds and likelihoods, read or still as policies/linkage.yml spells them.
        next_number: the first number that no person ever had; default: after the highest of
            `previous`.
        former: records of persons that were merged away; see persons.FORMER.
        engine: of the residual; default: FellegiSunterEngine.
        history: numbers that registers corrected; see kernels.number_changes.
        kept_apart: feeds of which no two units are one person.
    """
    if not isinstance(policy, LinkagePolicy):
        policy = LinkagePolicy.model_validate(policy)
    before = PREVIOUS.to_frame() if previous is None else previous.select(PREVIOUS.names())
    if next_number is None:
        next_number = 1 + int(before["number"].max() or 0)  # type: ignore[arg-type]
    judged = JUDGEMENTS.to_frame() if judgements is None else judgements.select(JUDGEMENTS.names())
    grouped = grouped_by(complete(records), policy, history)
    found = (engine or FellegiSunterEngine(policy)).link(grouped.units)
    return resolved(grouped, found, Beside(before, former, next_number, judged, kept_apart), policy)


@dataclass(frozen=True)
class Grouped:
    """Records (see frame.complete), what the IDs say of them, and the units that makes (see units_of)."""

    records: pl.DataFrame
    identified: Identified
    units: pl.DataFrame


@dataclass(frozen=True)
class Beside:
    """What a resolution is given beside records and links; see `resolve`."""

    before: pl.DataFrame
    former: pl.DataFrame | None
    next_number: int
    judged: pl.DataFrame
    kept_apart: Collection[str]


def grouped_by(frame: pl.DataFrame, policy: LinkagePolicy, history: pl.DataFrame | None) -> Grouped:
    """Units of the records by their IDs."""
    identified = identified_by(frame, policy, history)
    return Grouped(frame, identified, units_of(frame, identified))


def together(one: Grouped, other: Grouped) -> Grouped:
    """Both as `grouped_by` would group them at once; no number of the one, nor one it took the place of, is the other's."""
    apart = 1 + int(one.identified.parts["part"].max() or 0)  # type: ignore[arg-type]
    parts = [one.identified.parts, other.identified.parts.with_columns(pl.col("part") + apart)]
    cases = pl.concat([one.identified.conflicts, other.identified.conflicts]).sort("conflict_id")
    records = pl.concat([one.records, other.records]).sort("record_key")
    identified = Identified(pl.concat(parts), cases)
    return Grouped(records, identified, units_of(records, identified))


def resolved(grouped: Grouped, found: Residual, beside: Beside, policy: LinkagePolicy) -> Resolution:
    """Clusters and persons of the links that an engine found."""
    units, judged = grouped.units, beside.judged
    proposed = _by_records(found.links, units)
    links = proposed.filter("is_link").select(LINKS.names())
    grown = clustering.cluster(units, links, judged, policy.person_cap, beside.kept_apart)
    doubles, cases = double_ids(units, policy.block_cap)
    if found.looked is not None:
        doubles = weighed(doubles, units, found.looked.fitted, policy)
    clusters = grown.clusters.join(units.select("record_key", "authority"), on="record_key")
    given = assign(clusters, beside.before, beside.next_number, policy.prefix, beside.former)
    joined = pl.concat([_by_id(units), links, _by_judgement(judged)])
    review = pl.concat([proposed.select(LINKS.names()), doubles])
    conflicts = [grouped.identified.conflicts, cases, outdated(grouped.identified.parts)]
    return Resolution(
        memberships=given.memberships,
        links=_inside(joined, grown.clusters),
        possible=_between(review, grown.clusters, judged),
        conflicts=pl.concat(conflicts).sort("conflict_id"),
        events=given.events,
        model={**found.model, "units": units["unit"].n_unique(), "refused": _counts(grown.refused)},
        refused=grown.refused,
        next_number=given.next_number,
        units=units,
        looked=found.looked,
    )


def identified_by(frame: pl.DataFrame, policy: LinkagePolicy, history: pl.DataFrame | None) -> Identified:
    """By the IDs; where a register corrected one, the old and the new one are the same."""
    if history is None or history.is_empty():
        return identify(frame, policy)
    canonical = canonical_numbers(frame, history).alias("canonical")
    found = identify(frame.with_columns(canonical.alias("citizen_id")), policy)
    replaced = frame.with_columns(canonical).filter(pl.col("canonical") != pl.col("citizen_id"))["record_key"]
    by_history = pl.col("record_key").is_in(replaced.implode())
    method = pl.when(by_history).then(pl.lit(METHOD)).otherwise("method").alias("method")
    return Identified(found.parts.with_columns(method), found.conflicts)


def units_of(frame: pl.DataFrame, identified: Identified) -> pl.DataFrame:
    """The records with unit (Int32, in the order of first record keys), label, method and anchor."""
    units = frame.join(identified.parts, on="record_key", how="left", maintain_order="left").with_row_index(
        "row"
    )
    group = pl.coalesce("part", -1 - pl.col("row").cast(pl.Int64))
    first = pl.col("row").min().over(group)
    anchor = pl.col("record_key").sort_by(
        ["blind", "authority", "record_key"], descending=[False, True, False]
    )
    return (
        units.with_columns(
            unit=(first.rank("dense") - 1).cast(pl.Int32),
            label=pl.col("part"),
            blind=pl.col("name_key").is_null() | pl.col("name_is_degraded"),
        )
        .with_columns(anchor=anchor.first().over("unit"))
        .drop("part", "blind", "row")
    )


def _by_records(links: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """The engine's links, each between the anchors of its units."""
    anchors = units.select("unit", "anchor").unique().sort("unit")["anchor"]
    a, b = anchors.gather(links["a"]), anchors.gather(links["b"])
    sides = pl.DataFrame({"x": a, "y": b}).select(
        record_a=pl.min_horizontal("x", "y"), record_b=pl.max_horizontal("x", "y")
    )
    return pl.concat([sides, links.drop("a", "b")], how="horizontal").sort("record_a", "record_b")


def _by_id(units: pl.DataFrame) -> pl.DataFrame:
    members = units.filter(pl.col("label").is_not_null() & (pl.col("record_key") != pl.col("anchor")))
    return members.select(
        pl.min_horizontal("anchor", "record_key").alias("record_a"),
        pl.max_horizontal("anchor", "record_key").alias("record_b"),
        "method",
        pl.lit(_CERTAIN).alias("weight"),
        pl.lit(1.0).alias("probability"),
    )


def _by_judgement(judgements: pl.DataFrame) -> pl.DataFrame:
    positive = judgements.filter(pl.col("verdict") == "positive")
    return positive.select(
        pl.min_horizontal("record_a", "record_b").alias("record_a"),
        pl.max_horizontal("record_a", "record_b").alias("record_b"),
        pl.lit(clustering.JUDGEMENT).alias("method"),
        pl.lit(_CERTAIN).alias("weight"),
        pl.lit(1.0).alias("probability"),
    )


def _same_cluster(links: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """The links with `is_inside`; those with a record that is not here are left out."""
    return (
        links.join(clusters, left_on="record_a", right_on="record_key")
        .join(clusters, left_on="record_b", right_on="record_key", suffix="_b")
        .with_columns(is_inside=pl.col("cluster") == pl.col("cluster_b"))
        .sort("record_a", "record_b", "method")
    )


def _inside(links: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Links that hold: both records are one person now."""
    return (
        _same_cluster(links, clusters).filter("is_inside").select(LINKS.names()).unique(maintain_order=True)
    )


def _between(links: pl.DataFrame, clusters: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    """What a person may decide: still apart, and not judged yet."""
    decided = judgements.filter(pl.col("verdict") != "unsure").select(
        pl.min_horizontal("record_a", "record_b").alias("record_a"),
        pl.max_horizontal("record_a", "record_b").alias("record_b"),
    )
    apart = _same_cluster(links, clusters).filter(~pl.col("is_inside"))
    return (
        apart.join(decided, on=["record_a", "record_b"], how="anti")
        .select(LINKS.names())
        .unique(["record_a", "record_b"], keep="first", maintain_order=True)
        .sort("weight", "record_a", "record_b", descending=[True, False, False])
    )


def _counts(refused: pl.DataFrame) -> dict[str, int]:
    return dict(refused.group_by("why").len().sort("why").iter_rows())
