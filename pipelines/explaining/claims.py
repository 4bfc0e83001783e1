"""How survivorship chose each value of a person: who won, by which rule, and who lost; never the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.load import shared_title
from pipelines.explaining.made import Made, named
from pipelines.kernels.surviving import Claims
from pipelines.policy import load_survivorship
from pipelines.store.postgres import fetch
from pipelines.surviving import claims_of, members

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PROVENANCE = """
select attribute, record_key, rule from golden.provenance
where table_name = 'person' and row_key = %s and from_publication <= %s
    and coalesce(to_publication, 2147483647) > %s
"""


Frames = Mapping[str, pl.DataFrame]


def frames_of(made: Made, person_id: str) -> Frames:
    """The records of a person by feed, as they were when the run was made."""
    run = {"run_id": made.run_id, "inputs": made.inputs}
    return {
        feed: mine
        for feed, frame in members(made.conn, made.lake, run, made.contracts).items()
        if not (mine := frame.filter(pl.col("person_id") == person_id)).is_empty()
    }


def values_of(made: Made, person_id: str, frames: Frames) -> list[dict[str, Any]]:
    """Of each attribute the claim that won and those that lost, in the order in which survivorship took them.

    A loser lost by `rank` (its feed speaks later), `recency` (it is older) or `record_key` (the last resort), and says
    the `same` as the winner or something `other`. Where nothing won although somebody spoke, one number is claimed by
    several persons and published for none of them.
    """
    if not frames:
        return []
    policy = load_survivorship(made.settings.policies / "survivorship.yml")
    claims = claims_of(frames, made.contracts, policy)
    rows = fetch(made.conn, _PROVENANCE, (person_id, made.number, made.number))
    won = {row["attribute"]: row for row in rows}
    told = [_attribute(claims, name, won.get(name)) for name in claims.ranks if name in claims.frame.columns]
    return [one for one in told if one["winner"] is not None or one["losers"]]


def _attribute(claims: Claims, name: str, won: dict[str, Any] | None) -> dict[str, Any]:
    ranks = claims.ranks[name]
    rank = pl.col("feed").replace_strict(dict(ranks), default=None, return_dtype=pl.Int64)
    spoken = (
        claims.frame.with_columns(rank=rank)
        .filter(pl.col(name).is_not_null() & pl.col("rank").is_not_null())
        .sort("rank", "recency", "record_key", descending=[False, True, False], nulls_last=True)
        .select("record_key", "rank", "recency", value=name)
        .to_dicts()
    )
    title = shared_title(name)
    winner = next((claim for claim in spoken if won and claim["record_key"] == won["record_key"]), None)
    return {
        "attribute": name,
        "zh": title.zh,
        "en": title.en,
        "rule": won["rule"] if won else None,
        "winner": None if winner is None else _claim(winner),
        "losers": [
            _claim(claim) | {"lost_by": _lost_by(claim, winner), "says": _says(claim, winner)}
            for claim in _others(spoken, winner)
        ],
    }


def _others(spoken: Sequence[dict[str, Any]], winner: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [claim for claim in spoken if claim is not winner]


def _claim(claim: dict[str, Any]) -> dict[str, Any]:
    recency = claim["recency"]
    return {
        **named(claim["record_key"]),
        "rank": claim["rank"],
        "dated": None if recency is None else str(recency),
    }


def _lost_by(claim: dict[str, Any], winner: dict[str, Any] | None) -> str:
    if winner is None:
        return "contested"
    if claim["rank"] != winner["rank"]:
        return "rank"
    return "recency" if claim["recency"] != winner["recency"] else "record_key"


def _says(claim: dict[str, Any], winner: dict[str, Any] | None) -> str:
    return "same" if winner is not None and claim["value"] == winner["value"] else "other"


def origins_of(made: Made, frames: Frames) -> dict[str, dict[str, Any]]:
    """Of each record key the delivery and the row it came in, and the domain table of which it is a row, or None."""
    found = {}
    for feed, frame in frames.items():
        publishes = made.contracts[feed].publishes
        for row in frame.select("record_key", "batch_id", "row_number").iter_rows(named=True):
            found[row["record_key"]] = {
                "delivery": row["batch_id"],
                "row": row["row_number"],
                "table": publishes.table if publishes else None,
            }
    return found


def computed_of(frames: Frames) -> Iterator[dict[str, Any]]:
    """What of the published person nobody said, but the records together: attribute, rule and the records."""
    entries = [frame["record_key"] for frame in frames.values() if "is_struck_off" in frame.columns]
    every = [frame["record_key"] for frame in frames.values()]
    for attribute, rule, keys in (
        ("is_struck_off", "every_entry", entries),
        ("record_count", "counted", every),
        ("feeds", "counted", every),
    ):
        title = shared_title(attribute)
        records = [named(key)["record"] for series in keys for key in series.sort()]
        yield {"attribute": attribute, "zh": title.zh, "en": title.en, "rule": rule, "records": records}
