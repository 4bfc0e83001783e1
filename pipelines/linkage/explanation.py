"""Why records are one person, or may be: links, levels and bits, without values of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.linkage.attributes import attributes
from pipelines.linkage.comparing import compare
from pipelines.linkage.frame import complete
from pipelines.linkage.identify import identify
from pipelines.linkage.model import declared_model
from pipelines.linkage.policy import LEVELS
from pipelines.linkage.residual import FAMILY, evidence
from pipelines.linkage.resolve import units_of

if TYPE_CHECKING:
    from pipelines.linkage.policy import LinkagePolicy

_ROUND: Final = 2


def explain_person(
    person_id: str,
    memberships: pl.DataFrame,
    links: pl.DataFrame,
    conflicts: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """The records of a person, the links that hold them together, and the cases they stand in.

    Args:
        person_id: of the person.
        memberships: record_key, person_id.
        links: see frame.LINKS.
        conflicts: see frame.CONFLICTS.
    """
    keys = memberships.filter(pl.col("person_id") == person_id)["record_key"].sort()
    mine = links.filter(
        pl.col("record_a").is_in(keys.implode()) & pl.col("record_b").is_in(keys.implode())
    ).sort("weight", "record_a", "record_b", descending=[True, False, False])
    cases: list[dict[str, Any]] = []
    if conflicts is not None:
        touched = conflicts.filter(pl.col("record_keys").list.set_intersection(keys.to_list()).list.len() > 0)
        cases = touched.sort("conflict_id").to_dicts()
    return {
        "person_id": person_id,
        "records": keys.to_list(),
        "links": mine.to_dicts(),
        "conflicts": cases,
    }


def explain_pair(
    record_a: str, record_b: str, records: pl.DataFrame, policy: LinkagePolicy
) -> dict[str, Any]:
    """How two records compare: the level of each comparison, and the bits it gives.

    Bits come from the policy's m and u and the frequencies of `records`, so they can differ a little
    from a link's weight where m was estimated. Records that one citizen ID joins are not compared:
    `joined_by` tells the method. KeyError where a record is not among `records`.
    """
    frame = complete(records)
    units = units_of(frame, identify(frame, policy))
    sides = {row["record_key"]: row for row in units.filter(
        pl.col("record_key").is_in([record_a, record_b])
    ).select("record_key", "unit", "method").to_dicts()}  # fmt: skip
    a, b = sides[record_a], sides[record_b]
    told: dict[str, Any] = {"record_a": record_a, "record_b": record_b, "joined_by": None}
    if a["unit"] == b["unit"]:
        return {**told, "joined_by": a["method"] or b["method"]}
    pair = pl.DataFrame(
        {"a": [min(a["unit"], b["unit"])], "b": [max(a["unit"], b["unit"])]},
        schema={"a": pl.Int32, "b": pl.Int32},
    )
    table = attributes(units)
    compared = compare(pair, table)
    bits = evidence(compared, table, declared_model(table.units, policy), policy)
    levels = {name: _word(name, int(found[0])) for name, found in compared.levels.items()}
    return {
        **told,
        "both_have_ids": a["method"] is not None and b["method"] is not None,
        "levels": levels,
        "bits": {name: round(float(found[0]), _ROUND) for name, found in bits.items()},
        "weight": round(float(sum(found[0] for found in bits.values())), _ROUND),
        "link_weight": policy.link_weight,
    }


def _word(comparison: str, found: int) -> str:
    return "missing" if found < 0 else LEVELS[comparison][found]


def as_text(explanation: dict[str, Any]) -> str:
    """An explanation as lines for a terminal."""
    if "person_id" in explanation:
        return "\n".join(_person_lines(explanation))
    return "\n".join(_pair_lines(explanation))


def _person_lines(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['person_id']}: {len(told['records'])} records"]
    lines += [f"  {key}" for key in told["records"]]
    for link in told["links"]:
        lines.append(
            f"  {link['record_a']} = {link['record_b']}: {link['method']}, {link['weight']:.1f} bits"
        )
    lines += [f"  {case['reason_code']} {case['conflict_id']}" for case in told["conflicts"]]
    return lines


def _pair_lines(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['record_a']} / {told['record_b']}"]
    if told["joined_by"] is not None:
        return [*lines, f"  joined by {told['joined_by']}"]
    if told["both_have_ids"]:
        lines.append("  each has a usable citizen ID: only a judgement can join them")
    for name, bits in told["bits"].items():
        shown = FAMILY if name == "family" else (name,)
        levels = ", ".join(f"{one} {told['levels'][one]}" for one in shown if one in told["levels"])
        lines.append(f"  {name:<13}{bits:>8.2f}  {levels}")
    lines.append(f"  {'sum':<13}{told['weight']:>8.2f}  a link from {told['link_weight']:g}")
    return lines
