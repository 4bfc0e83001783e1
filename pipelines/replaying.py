"""`popbase verify --replay`: a publication made again from its delivered bytes, beside everything, and compared.

What people and suites decided is taken as the certificate proves it: judgements, and the rows a suite set aside. All
else is done anew by the very functions of the stages: reading, standardising, linking, surviving.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines import __version__
from pipelines.contract.load import load_aliases, load_contracts
from pipelines.errors import DeliveryRefused
from pipelines.intake.manifest import Manifest
from pipelines.kernels.gazetteer import load_gazetteer
from pipelines.kernels.standard_rows import standard_rows
from pipelines.linking import hash_of, link
from pipelines.policy import load_survivorship
from pipelines.predecessors import MODEL, kept_model, linkage_policy
from pipelines.reading import contract_sha256, read_delivery
from pipelines.speaking import records_of_run
from pipelines.store.certificates import made_with
from pipelines.store.judging import VERDICT
from pipelines.store.lake import Lake
from pipelines.store.ledger import Batch, batches_named
from pipelines.store.postgres import fetch, fetch_frame
from pipelines.store.publication import rows_at
from pipelines.store.runs import FORMER, MEMBERSHIP, model_of
from pipelines.store.versions import content_hash, golden_names, row_hashes
from pipelines.surviving import make_golden, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.model import Contract
    from pipelines.linkage.fitted import Fitted
    from pipelines.linkage.following import Known
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

Row = dict[str, Any]
NOT_NEEDED: Final = ("access", "feedback", "release", "retention", "review")
"""Policies that no row depends on."""
KEPT: Final = (("judged", "judgements"), ("history", "number_history"))
"""What the lake keeps of a run's decisions, and how its inputs call the hash."""
_ASIDE: Final = "select row_number from quality.quarantine where batch_id = %s and stage = 'validate'"
_BEFORE: Final = """
with mine as (select min(assignment_id) as first from resolution.assignment where run_id = %s)
select distinct on (a.record_key) a.record_key, a.person_id, p.number
from resolution.assignment as a join resolution.person as p using (person_id) cross join mine
where a.assignment_id < coalesce(mine.first, %s + 1)
order by a.record_key, a.assignment_id desc
"""
_FORMER: Final = """
with mine as (select min(assignment_id) as first from resolution.assignment where run_id = %s),
merges as (
    select distinct on (other_id) other_id, person_id, kind from resolution.event
    where kind in ('merged', 'restored') and event_id < coalesce(
        (select min(event_id) from resolution.event where run_id = %s), %s + 1)
    order by other_id, event_id desc
)
select distinct a.record_key, p.person_id, p.number, m.person_id as redirect_to
from merges as m join resolution.person as p on p.person_id = m.other_id
join resolution.assignment as a on a.person_id = p.person_id cross join mine
where m.kind = 'merged' and a.assignment_id < coalesce(mine.first, %s + 1)
"""
_NEXT: Final = """
select coalesce(min(number) filter (where first_run = %s), max(number) + 1, 1) as free from resolution.person
"""


@dataclass(frozen=True)
class Replayed:
    """What came of it; with neither it is what it was.

    Attributes:
        altered: what differs.
        missing: why it cannot be said.
    """

    altered: str | None = None
    missing: str | None = None


def replayed(settings: Settings, conn: Connection, number: int, said: Row) -> Replayed:
    """Make the publication again and compare it with its certificate; nothing of it is kept."""
    run = fetch(conn, "select * from ledger.run where run_id = %s", (said["run_id"],))[0]
    missing = _missing(settings, said)
    if missing is not None:
        return Replayed(missing=missing)
    with tempfile.TemporaryDirectory(prefix="popbase-replay-") as folder:
        scratch = Lake(Path(folder))
        try:
            tables = _tables(settings, conn, scratch, run, said)
        except (FileNotFoundError, DeliveryRefused) as error:
            what = error.code if isinstance(error, DeliveryRefused) else "a file of the lake is gone"
            return Replayed(missing=f"a delivery cannot be read any more: {what}")
    hashes = {name: row_hashes(frame) for name, frame in tables.items()}
    if content_hash(hashes) == said["content_hash"]:
        return Replayed()
    return _judged(settings, conn, number, said, hashes)


def _missing(settings: Settings, said: Row) -> str | None:
    """What the publication was made by and is not there now."""
    if said["code"] != __version__:
        return f"it was made by popbase {said['code']}, this is {__version__}"
    now = hashlib.sha256()
    for path in sorted(settings.contracts.rglob("*.yml")):
        now.update(path.read_bytes())
    if now.hexdigest() != said["contracts"]:
        return "contracts or code lists are not those of then (POPBASE_DECLARATIONS names a folder that has them)"
    for name in sorted(said["policies"].keys() - set(NOT_NEEDED)):
        path = settings.policies / f"{name}.yml"
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != said["policies"][name]:
            return f"the policy {name} is not that of then (POPBASE_DECLARATIONS names a folder that has it)"
    return None


def _tables(
    settings: Settings, conn: Connection, scratch: Lake, run: Row, said: Row
) -> dict[str, pl.DataFrame]:
    """Every golden table, made in the scratch lake."""
    contracts = load_contracts(settings.contracts)
    feeds: Mapping[str, list[str]] = run["inputs"]["feeds"]
    for feed, batch_ids in feeds.items():
        for batch in batches_named(conn, batch_ids):
            _accept(settings, conn, scratch, contracts[feed], batch)
    records = records_of_run(conn, scratch, run["inputs"], contracts)
    fitted = _fitted(settings, conn, run)
    known = _known(settings, conn, run, said)
    resolution = link(linkage_policy(settings), records, contracts, known, fitted, settings.estimator)
    run_id = str(run["run_id"])
    scratch.write(f"resolved/{run_id}", resolution.memberships.select("record_key", "person_id"))
    frames = members(conn, scratch, run, contracts)
    policy = load_survivorship(settings.policies / "survivorship.yml")
    made = make_golden(scratch, run_id, frames, contracts, policy)
    return {name: scratch.read(f"golden/{run_id}/{name}") for name in made}


def _accept(settings: Settings, conn: Connection, scratch: Lake, contract: Contract, batch: Batch) -> None:
    """From the delivered bytes to the rows that went on, in the scratch lake."""
    manifest = Manifest.model_validate(batch.manifest)
    aliases = load_aliases(settings.contracts)
    with Lake(settings.lake).open_bytes(batch.content_sha256) as source:
        read_delivery(scratch, contract, manifest, source, batch.batch_id, aliases)
    rows = standard_rows(
        scratch.read(f"raw/{batch.batch_id}"),
        contract,
        mode=batch.mode,
        as_of=batch.data_date,
        code_lists=settings.code_lists,
        gazetteer=load_gazetteer(settings.gazetteer),
    )
    aside = fetch_frame(conn, _ASIDE, (batch.batch_id,), schema={"row_number": pl.Int32})
    accepted = rows.frame.join(aside, on="row_number", how="anti", maintain_order="left")
    scratch.write(f"accepted/{batch.batch_id}", accepted)
    scratch.remove(f"raw/{batch.batch_id}")


def _fitted(settings: Settings, conn: Connection, run: Row) -> Fitted | None:
    """The model that the run's inputs name; None of a run that fitted its own."""
    name = run["inputs"].get(MODEL)
    if name is None:
        return None
    summary = (model_of(conn, run["run_id"]) or {}).get("summary", {})
    return kept_model(settings, Lake(settings.lake), name, summary)


def _known(settings: Settings, conn: Connection, run: Row, said: Row) -> Known:
    """What the run knew: judgements and numbers that changed, which the lake kept and the run's inputs name."""
    params = (run["run_id"], said["memberships"]["until"])
    belonged = fetch_frame(conn, _BEFORE, params, schema=MEMBERSHIP)
    former = fetch_frame(
        conn, _FORMER, (run["run_id"], run["run_id"], said["merges"]["until"], params[1]), schema=FORMER
    )
    free = int(fetch(conn, _NEXT, (run["run_id"],))[0]["free"])
    lake = Lake(settings.lake)
    judged, history = (_kept(lake, run, *names) for names in KEPT)
    from pipelines.linkage.following import Known  # noqa: PLC0415 - compiled loops are dear to import

    return Known(belonged, former, free, judged, pl.DataFrame(schema=VERDICT), history)


def _kept(lake: Lake, run: Row, folder: str, name: str) -> pl.DataFrame:
    frame = lake.read(f"{folder}/{run['run_id']}")
    if run["inputs"].get(name) != (None if frame.is_empty() else hash_of(frame)):
        raise FileNotFoundError
    return frame


def _judged(
    settings: Settings, conn: Connection, number: int, said: Row, hashes: Mapping[str, pl.Series]
) -> Replayed:
    """Other rows came out: an alteration, unless something that no certificate holds may be the cause."""
    told = _others(conn, number, hashes)
    if _other_contracts(settings, said):
        return Replayed(
            missing=f"{told}; a contract, its code lists or the list of places are not those of then"
        )
    now = made_with()
    other = sorted(name for name, version in said.get("made_with", {}).items() if now.get(name) != version)
    if other:
        return Replayed(missing=f"{told}; it was made with other versions of {', '.join(other)}")
    return Replayed(altered=told)


def _other_contracts(settings: Settings, said: Row) -> list[str]:
    """Feeds whose contract, with code lists and the list of places, is not what a delivery was judged by."""
    contracts = load_contracts(settings.contracts)
    return sorted(
        delivery["feed"]
        for delivery in said["deliveries"]
        if contract_sha256(contracts[delivery["feed"]], settings.contracts) != delivery["contract_sha256"]
    )


def _others(conn: Connection, number: int, hashes: Mapping[str, pl.Series]) -> str:
    """How many rows of which table are others than what the deliveries make."""
    parts = []
    for name in golden_names(conn):
        stored = rows_at(conn, name, number)
        stood = set(row_hashes(stored)) if stored is not None else set()
        others = stood ^ set(hashes.get(name, ()))
        if others:
            parts.append(f"{name}: {len(others)} rows differ from what the deliveries make")
    return "; ".join(parts) or "the hash of its content is not that of what the deliveries make"
