"""Which batches are in effect. Every function runs in the caller's transaction and has the feed locked.

The rules, of one feed:

- Batches take their turn by place (`position`), and at one place by arrival. A batch that is not decided holds back
  every later place: what came after one that waits for a person takes effect once that one is decided.
- At one place the last arrival that was accepted is in effect; the ones before it are *replaced*, and come back should
  it be refused or withdrawn. A later arrival that was not accepted yet waits beside it.
- The register is the last full batch in effect with the increments in effect after it, by place. Nothing else is
  kept of it, so that what came after a change is applied again simply by looking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.kernels.current import operation_notes, removed_share
from pipelines.store import ledger
from pipelines.store.ledger import ON_ITS_WAY, UNDECIDED, Batch
from pipelines.store.postgres import execute
from pipelines.store.records import chain_before, chain_of, current_keys, current_records

if TYPE_CHECKING:
    from pipelines.contract.model import Contract
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

PASSED = ("queued", "waiting", "accepted", "replaced")


def take_turns(conn: Connection, lake: Lake, contract: Contract) -> dict[str, str]:
    """Let every batch take effect that passed its gate and whose turn it is.

    Returns what was decided, accepted or waiting, by batch.
    """
    decided: dict[str, str] = {}
    undecided = ledger.batches(conn, contract.feed, UNDECIDED)
    for turn, batch in enumerate(undecided):
        if batch.status in ON_ITS_WAY or batch.redo is not None:
            break
        if _removed(conn, lake, batch) > contract.thresholds.removed:
            decided[batch.batch_id] = "waiting"
            ledger.set_status(conn, batch.batch_id, "waiting")
            _stand_back(conn, undecided[turn + 1 :])
            break
        decided[batch.batch_id] = "accepted"
        accept(conn, lake, contract, batch)
    return decided


def _stand_back(conn: Connection, behind: list[Batch]) -> None:
    """Only one batch waits for a person at a time; the others wait for that one."""
    for batch in behind:
        if batch.status == "waiting":
            ledger.set_status(conn, batch.batch_id, "queued")


def _removed(conn: Connection, lake: Lake, batch: Batch) -> float:
    """Share (0 to 1) of the register's keys that would leave it, should the batch take effect.

    An increment says itself what it deletes, unless it takes the place of a full delivery.
    """
    accepted = ledger.batches(conn, batch.feed, ("accepted",))
    there = [b for b in accepted if b.position == batch.position]
    if "full" not in {batch.mode, *(b.mode for b in there)}:
        return 0.0
    after = chain_of([*(b for b in accepted if b not in there), batch])
    return removed_share(current_keys(lake, chain_of(accepted)), current_keys(lake, after))


def queue(conn: Connection, batch: Batch) -> None:
    """A batch passed its gate and stands in the queue; of its place it is the only one that does."""
    ledger.set_status(conn, batch.batch_id, "queued")
    _settle_place(conn, batch)


def accept(conn: Connection, lake: Lake, contract: Contract, batch: Batch) -> None:
    """Put the batch in effect at its place, instead of the one that was."""
    sql = "update ledger.batch set accepted_at = now() where batch_id = %s"
    execute(conn, sql, (batch.batch_id,))
    _settle_place(conn, batch)
    note_flags(conn, lake, contract, batch.position)


def refuse(conn: Connection, lake: Lake, contract: Contract, batch: Batch, code: str) -> None:
    """A landed batch does not take effect, or not any more; what it had replaced comes back."""
    ledger.change(conn, batch.batch_id, status="refused", redo=None, accepted_at=None, reason_code=code)
    _settle_place(conn, batch)
    note_flags(conn, lake, contract, batch.position)


def withdraw(conn: Connection, lake: Lake, contract: Contract, batch: Batch) -> None:
    """Take a batch out of effect, as if it had never come; what it had replaced comes back."""
    ledger.change(conn, batch.batch_id, status="withdrawn", redo=None, accepted_at=None)
    _settle_place(conn, batch)
    note_flags(conn, lake, contract, batch.position)


def _settle_place(conn: Connection, one: Batch) -> None:
    """Of the batches that passed their gate at one place: which is in effect, which may still take its turn."""
    passed = [b for b in ledger.batches(conn, one.feed, PASSED) if b.position == one.position]
    in_effect = max((b for b in passed if b.accepted_at), key=_arrival, default=None)
    after = in_effect.arrival if in_effect else 0
    last = max((b for b in passed if not b.accepted_at and b.arrival > after), key=_arrival, default=None)
    states = dict.fromkeys((b.batch_id for b in passed), "replaced")
    if last is not None:
        states[last.batch_id] = "waiting" if last.status == "waiting" else "queued"
    for batch in passed:
        ledger.set_status(conn, batch.batch_id, states[batch.batch_id])
    if in_effect is not None:
        ledger.set_status(conn, in_effect.batch_id, "accepted")


def _arrival(batch: Batch) -> int:
    return batch.arrival


def note_flags(conn: Connection, lake: Lake, contract: Contract, position: int) -> None:
    """Say anew which operation flags do not fit the register, from a place up to the next full delivery."""
    for batch in ledger.batches(conn, contract.feed, ("accepted",)):
        if batch.position < position:
            continue
        if batch.mode == "full" and batch.position > position:
            return
        if batch.mode == "incremental" and batch.redo is None:
            before = current_records(lake, chain_before(conn, batch.feed, batch.position))
            notes = operation_notes(before, lake.read(f"accepted/{batch.batch_id}"))
            ledger.record_flag_notes(conn, batch.batch_id, contract.delivery.operation_column, notes)
