"""`popbase timeline`: since when each value of a person held, by the departments' dates, as known at a publication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.load import load_contracts, shared_title
from pipelines.contract.model import PERSON_ATTRIBUTES
from pipelines.errors import UsageError
from pipelines.kernels.periods import ends_of, periods_of
from pipelines.kernels.surviving import Claims
from pipelines.policy import load_survivorship
from pipelines.privacy import reference
from pipelines.store import ledger, publication, runs, signing
from pipelines.store.database import open_database
from pipelines.store.lake import Lake
from pipelines.store.person_erasing import find_person
from pipelines.surviving import CLAIMED, claims_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipelines.contract.model import Contract
    from pipelines.policy import Survivorship
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

GONE = "left"
"""Marks the version of a record that says it left its register."""


def timeline(
    settings: Settings,
    person_id: str,
    number: int | None = None,
    about: date | None = None,
    *,
    by: str = "",
    purpose: str | None = None,
) -> dict[str, Any]:
    """Periods of a person's attributes.

    A value counts from the date by which its department dated the record (policies/survivorship.yml), else from the
    delivery's: at the latest then it held. It ends when another value takes its place or no register says it.

    Args:
        settings: where everything is.
        person_id: who.
        number: as known at this publication; default: the one readers see.
        about: only what held on that day.
        by: who looks at values.
        purpose: what for; without one a value is told as the number of its kind only.

    Returns {"person_id", "publication", "periods": [{"attribute", "zh", "en", "since", "until", "says", "value",
    "record"}]}; `says` numbers the values of an attribute in the order of their dates.

    Raises:
        UsageError: no such publication, nobody of that id in it, or a purpose without a name.
    """
    if purpose is not None and not (purpose.strip() and by.strip()):
        raise UsageError("unmasking needs a name and a purpose", hint="--unmask PURPOSE --by NAME")
    with open_database(settings) as conn:
        chosen = publication.pointer(conn) if number is None else number
        periods = _periods(settings, conn, person_id, chosen)
        if purpose is not None:
            signing.record_unmasking(
                conn, f"person:{person_id}", 0, [person_id], by=by.strip(), purpose=purpose
            )
    told = [_told(row, unmasked=purpose is not None) for row in _numbered(periods) if _held(row, about)]
    return {"person_id": person_id, "publication": chosen, "periods": told}


def _periods(settings: Settings, conn: Connection, person_id: str, number: int) -> pl.DataFrame:
    lake, contracts = Lake(settings.lake), load_contracts(settings.contracts)
    members = lake.read(f"resolved/{publication.run_of(conn, number)}")
    keys = members.filter(pl.col("person_id") == person_id)["record_key"].to_list()
    if not keys:
        find_person(conn, person_id)  # erased, merged or unknown: it says so
        raise UsageError(f"publication {number} has no person {person_id}", hint="popbase explain PERSON_ID")
    policy = load_survivorship(settings.policies / "survivorship.yml")
    inputs = runs.released_inputs(conn, number) or {"feeds": {}}
    said = [pl.DataFrame(schema=CLAIMED | {"until": pl.Date})]
    ranks: dict[str, dict[str, int]] = {}
    for feed, batch_ids in inputs["feeds"].items():
        if feed in contracts:
            claims = _claims_of_feed(conn, lake, contracts[feed], batch_ids, (person_id, keys), policy)
            said += [] if claims is None else [claims.frame]
            for attribute, rank in {} if claims is None else claims.ranks.items():
                ranks[attribute] = {**ranks.get(attribute, {}), **rank}
    frame = pl.concat(said, how="diagonal_relaxed")
    attributes = [name for name in PERSON_ATTRIBUTES if ranks.get(name) and name in frame.columns]
    return periods_of(Claims(frame, ranks), attributes)


def _claims_of_feed(
    conn: Connection,
    lake: Lake,
    contract: Contract,
    batch_ids: list[str],
    whose: tuple[str, list[str]],
    policy: Survivorship,
) -> Claims | None:
    """Every version of a person's records that deliveries in effect told up to the run's, with its end."""
    last = max(batch.position for batch in ledger.batches_named(conn, batch_ids))
    batches = [b for b in ledger.batches(conn, contract.feed, ("accepted",)) if b.position <= last]
    versions = _versions(lake, batches, *whose)
    if versions is None:
        return None
    claims = claims_of({contract.feed: versions}, {contract.feed: contract}, policy)
    dated = claims.frame.select("record_key", dated="recency").with_columns(
        versions["place"], pl.when(versions["operation"] == GONE).then(versions["data_date"]).otherwise("dated").alias("dated")
    )  # fmt: skip
    frame = claims.frame.with_columns(dated["dated"].alias("recency"), ends_of(dated).alias("until"))
    return Claims(frame.filter(versions["operation"] != GONE), claims.ranks)


def _versions(
    lake: Lake, batches: list[ledger.Batch], person_id: str, keys: list[str]
) -> pl.DataFrame | None:
    """Rows of the records, delivery by delivery; a record that left its register has a row that says so."""
    told: list[pl.DataFrame] = []
    there: set[str] = set()
    for batch in batches:
        if not lake.has(f"accepted/{batch.batch_id}"):
            continue
        mine = pl.col("record_key").is_in(keys)
        rows = lake.scan(f"accepted/{batch.batch_id}").select(pl.exclude("^raw\\..*$")).filter(mine).collect()
        left = set(rows.filter(pl.col("operation") == "D")["record_key"])
        left |= there - set(rows["record_key"]) if batch.mode == "full" else set()
        rows = rows.filter(pl.col("operation") != "D")
        there = (there | set(rows["record_key"])) - left
        gone = pl.DataFrame({"record_key": sorted(left)}, schema={"record_key": pl.String})
        rows = pl.concat([rows, gone.with_columns(operation=pl.lit(GONE))], how="diagonal")
        told.append(rows.with_columns(data_date=pl.lit(batch.data_date), place=pl.lit(batch.position)))
    said = pl.concat(told, how="diagonal_relaxed") if told else pl.DataFrame()
    return said.with_columns(person_id=pl.lit(person_id)) if said.height else None


def _numbered(periods: pl.DataFrame) -> list[dict[str, Any]]:
    """The periods with `says`: which value of its attribute, counted from 1."""
    kinds: dict[str, list[str]] = {}
    rows = periods.to_dicts()
    for row in rows:
        known = kinds.setdefault(row["attribute"], [])
        if row["value"] not in known:
            known.append(row["value"])
        row["says"] = known.index(row["value"]) + 1
    return rows


def _held(row: Mapping[str, Any], about: date | None) -> bool:
    return about is None or (row["since"] <= about and (row["until"] is None or about < row["until"]))


def _told(row: Mapping[str, Any], *, unmasked: bool) -> dict[str, Any]:
    title = shared_title(row["attribute"])
    return {
        "attribute": row["attribute"],
        "zh": title.zh,
        "en": title.en,
        "since": str(row["since"]),
        "until": None if row["until"] is None else str(row["until"]),
        "says": row["says"],
        "value": row["value"] if unmasked else None,
        "record": reference(row["record_key"]),
    }
