"""What a certificate said against what is found now, and what was rightly done again between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipelines.store.ledger import ON_ITS_WAY
from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipelines.store.postgres import Connection

Row = dict[str, Any]
KEPT: Final = ("batch_id", "feed", "content_sha256")
"""What stays of a delivery, whatever is done again."""
COUNTED: Final = ("replays", "landings")
_SINCE = """
select b.batch_id, b.version, b.redo, b.status, b.landed_at::text as landed_at,
    (select count(*) from ledger.replay as r where r.batch_id = b.batch_id) as replays,
    (select count(*) from ledger.delivery as d where d.batch_id = b.batch_id and d.outcome = 'landed') as landings,
    (select count(*) from ledger.replay as r where r.batch_id = b.batch_id and asked_at > %s::timestamptz)
    + (select count(*) from ledger.delivery as d where d.batch_id = b.batch_id and d.outcome = 'landed'
        and seen_at > %s::timestamptz) as dated
from ledger.batch as b where batch_id = any(%s)
"""


def changed_since(conn: Connection, said: Row, found: Row, since: str) -> dict[str, str]:
    """Deliveries that were replayed or landed again after the certificate, and say so: what is true of them now.

    A raised version, and a batch that is on its way again, count as such only with a line of ledger.replay or
    ledger.delivery for each; otherwise they are alterations.
    """
    told = {delivery["batch_id"]: delivery for delivery in said["deliveries"]}
    now = fetch(conn, _SINCE, (since, since, list(told))) if found else []
    rows = {row["batch_id"]: row for row in now}
    return {
        batch_id: f"judged again since (version {told[batch_id]['version']} to {row['version']}); what it was then stands in the certificate alone"
        for batch_id, row in rows.items()
        if _is_explained(told[batch_id], row)
    }


def _is_explained(told: Row, row: Row) -> bool:
    done = sum(row[name] - told[name] for name in COUNTED) if "replays" in told else row["dated"]
    raised = row["version"] - told["version"]
    is_moved = raised > 0 or row["redo"] is not None or row["status"] in (*ON_ITS_WAY, "refused")
    has_landed = row["landed_at"] != told.get("landed_at", row["landed_at"])
    return bool((is_moved or has_landed) and raised >= 0 and done >= max(raised, 1))


def of_deliveries(told: Row, changed: Collection[str]) -> Row:
    """Facts to compare: of changed deliveries only what stays, and no sums over them."""
    if "deliveries" not in told:
        return told
    kept = dict(told)
    kept["deliveries"] = [_kept(delivery, changed) for delivery in told["deliveries"]]
    kept["conservation"] = [row for row in told["conservation"] if row["batch_id"] not in changed]
    if changed:
        del kept["validation"]
    return kept


def _kept(delivery: Mapping[str, Any], changed: Collection[str]) -> Row:
    if delivery["batch_id"] in changed:
        return {name: delivery[name] for name in KEPT}
    return {name: value for name, value in delivery.items() if name not in COUNTED}


def difference(said: Any, found: Any, place: str = "") -> str | None:
    """Where two facts differ first; only places, hashes and counts are named."""
    if isinstance(said, dict) and isinstance(found, dict):
        for name in sorted(said.keys() | found.keys()):
            told = difference(said.get(name), found.get(name), f"{place}.{name}" if place else str(name))
            if told is not None:
                return told
        return None
    if isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        rows = (difference(a, b, f"{place}[{n}]") for n, (a, b) in enumerate(zip(said, found, strict=True)))
        return next((told for told in rows if told is not None), None)
    return None if said == found else f"{place or 'it'} is not as it was certified".strip()
