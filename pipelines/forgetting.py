"""`popbase erase --person`: one person erased everywhere by order, and proof kept of all other rows.

First every certificate is proven; then, in one transaction, the order is recorded, the person's rows go, what stays is
signed, and a list keeps later deliveries from bringing the person back. Files follow after the commit, as often as it
takes: `popbase upkeep` finishes what a kill left.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.errors import DeliveryRefused, PopbaseError, UsageError
from pipelines.intake.manifest import Manifest
from pipelines.kernels.gazetteer import load_gazetteer
from pipelines.kernels.standard_rows import standard_rows
from pipelines.proving import examine
from pipelines.reading import read_delivery
from pipelines.store import amendments, ledger, person_erasing, redacting, withholding
from pipelines.store.certificates import certificates
from pipelines.store.database import open_database
from pipelines.store.keys import public_key
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch
from pipelines.store.turns import turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelines.contract.model import Contract
    from pipelines.settings import Settings
    from pipelines.store.person_erasing import Person
    from pipelines.store.postgres import Connection
    from pipelines.store.redacting import Found

_UNFINISHED = """
select run_id from (select run_id, stage from ledger.run order by started_at desc, run_id limit 1) as newest
where stage not in ('released', 'refused')
"""
HINT = "popbase erase --person ID --order REF --by NAME --reason WHY"


def look(settings: Settings, person_id: str) -> dict[str, Any]:
    """What an erasure would take; nothing is changed.

    Returns {"person_id", "records", "rows": {table: n}, "deliveries": {batch_id: rows}, "files": of runs, "mentions":
    cells of other people's rows, "certificates": how many would be amended}.

    Raises:
        UsageError: no such person.
    """
    lake, contracts = Lake(settings.lake), load_contracts(settings.contracts)
    with open_database(settings) as conn:
        person, found = _found(settings, conn, lake, contracts, person_id)
        return _told(person, found) | {
            "rows": person_erasing.count_rows(conn, person),
            "files": sum(1 for _ in redacting.files_of_runs(lake, person)),
            "certificates": len(certificates(conn)),
        }


def forget(settings: Settings, person_id: str, *, order: str, by: str, reason: str) -> dict[str, Any]:
    """Erase a person. Killed in between, the same command, or the next upkeep, goes on with it.

    Returns what `look` does, of what went; of a person that was erased before only {"person_id", "files"}.

    Raises:
        UsageError: without order, name or reason, or when one of them names the person; no such person; a run is not
            finished; a certificate does not hold, so that nobody could sign what it comes to without the rows.
    """
    said = (order.strip(), by.strip(), reason.strip())
    if not all(said):
        raise UsageError("an erasure needs an order, a name and a reason", hint=HINT)
    lake, contracts = Lake(settings.lake), load_contracts(settings.contracts)
    told: dict[str, Any] = {"person_id": person_id}
    with _alone(settings, contracts):
        with open_database(settings) as conn:
            if person_id not in person_erasing.erased_persons(conn):
                told = _erase(settings, conn, lake, contracts, person_id, said)
        with open_database(settings) as conn:
            return told | {"files": redacting.finish(conn, lake)}


@contextmanager
def _alone(settings: Settings, feeds: Iterable[str]) -> Iterator[None]:
    """While no run and no step of one is under way."""
    with ExitStack() as stack:
        for name in ("run", *(f"feed {feed}" for feed in sorted(feeds)), "population"):
            stack.enter_context(turn(settings, name))
        yield


def _erase(
    settings: Settings,
    conn: Connection,
    lake: Lake,
    contracts: Mapping[str, Contract],
    person_id: str,
    said: tuple[str, str, str],
) -> dict[str, Any]:
    """All that is done in one transaction."""
    for feed in contracts:
        ledger.lock_feed(conn, feed)
    _check_idle(conn)
    person, found = _found(settings, conn, lake, contracts, person_id)
    _check_words(conn, person, said)
    _prove_all(settings, conn, lake)
    order, by, reason = said
    erasure_id = person_erasing.record_order(conn, person, order=order, by=by, reason=reason)
    hashes = redacting.prepare(lake, erasure_id, found, person)
    for one in found:
        redacting.record(conn, one.batch_id, one.row_numbers, hashes[one.batch_id])
    gone = person_erasing.delete_rows(conn, person)
    withholding.withhold(settings, conn, erasure_id, person)
    amendments.amend(settings, conn, erasure_id, gone)
    return _told(person, found) | {"rows": gone, "certificates": len(certificates(conn))}


def _told(person: Person, found: list[Found]) -> dict[str, Any]:
    return {
        "person_id": person.person_id,
        "records": len(person.keys),
        "deliveries": {one.batch_id: len(one.row_numbers) for one in found},
        "mentions": sum(one.mentions for one in found),
    }


def _check_idle(conn: Connection) -> None:
    unfinished = fetch(conn, _UNFINISHED)
    if unfinished:
        raise UsageError(f"{unfinished[0]['run_id']} is not finished", hint="popbase run, then erase")


def _check_words(conn: Connection, person: Person, said: tuple[str, ...]) -> None:
    """Order, name and reason stay for good, so they may not say who it was."""
    names = fetch(conn, "select distinct name from golden.person where person_id = any(%s) and name is not null",
                  (list(person.persons),))  # fmt: skip
    telling = [*person.numbers, *(row["name"] for row in names)]
    if any(word in text for word in telling for text in said):
        raise UsageError(
            "order, name and reason are kept: they may not name the person", hint="a file number"
        )


def _prove_all(settings: Settings, conn: Connection, lake: Lake) -> None:
    chain = certificates(conn)
    if not chain:
        return
    public = public_key(settings.signing_key.with_suffix(".pub"))
    for row in chain:
        proof = examine(conn, lake, row["number"], public)
        if proof.altered is not None:
            hint = "popbase verify --all; nothing can be signed before it is known what was altered"
            raise UsageError(f"publication {row['number']} does not hold: {proof.altered}", hint=hint)


def _found(
    settings: Settings, conn: Connection, lake: Lake, contracts: Mapping[str, Contract], person_id: str
) -> tuple[Person, list[Found]]:
    """The person with all its citizen IDs, and where its rows are."""
    person = person_erasing.find_person(conn, person_id)
    batches = [b for feed in contracts for b in ledger.batches(conn, feed)]
    for batch in batches:
        _read_again(settings, lake, contracts[batch.feed], batch)
    numbers = set(person.numbers).union(*(redacting.numbers_in(lake, b.batch_id, person) for b in batches))
    person = replace(person, numbers=tuple(sorted(numbers)))
    found = [redacting.find_rows(lake, batch.batch_id, person) for batch in batches]
    return person, [one for one in found if one.row_numbers or one.mentions]


def _read_again(settings: Settings, lake: Lake, contract: Contract, batch: ledger.Batch) -> None:
    """Rows of an old delivery that upkeep removed, from its bytes: the person may be in it."""
    if lake.has(f"raw/{batch.batch_id}") and lake.has(f"standard/{batch.batch_id}"):
        return
    try:
        with lake.open_bytes(batch.content_sha256) as source:
            manifest = Manifest.model_validate(batch.manifest)
            read_delivery(lake, contract, manifest, source, batch.batch_id, load_aliases(settings.contracts))
    except FileNotFoundError:
        return
    except DeliveryRefused as refusal:
        hint = "popbase withdraw it and popbase erase it whole, then erase the person"
        raise PopbaseError(f"{batch.batch_id} cannot be read any more ({refusal.code})", hint=hint) from None
    rows = standard_rows(
        lake.read(f"raw/{batch.batch_id}"),
        contract,
        mode=batch.mode,
        as_of=batch.data_date,
        code_lists=settings.code_lists,
        gazetteer=load_gazetteer(settings.gazetteer),
    )
    lake.write(f"standard/{batch.batch_id}", rows.frame)
