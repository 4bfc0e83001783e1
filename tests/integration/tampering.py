"""What somebody with all rights on the database and the lake, and without the signing key, may do to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.store.postgres import Connection, compose, execute, fetch, has_table

TABLES = {
    "golden.person": "row_key, from_publication",
    "golden.letters": "row_key, from_publication",
    "golden.row_provenance": "table_name, row_key, from_publication",
    "resolution.membership": "record_key",
    "resolution.assignment": "assignment_id",
    "resolution.person": "number",
    "resolution.event": "event_id",
    "ledger.batch": "batch_id",
    "ledger.run": "run_id",
    "ledger.conservation": "batch_id, stage",
    "quality.rule_result": "subject, rule_id",
    "quality.verdict": "subject",
    "quality.quarantine": "batch_id, row_number",
    "publication.publication": "number",
    "publication.pointer": "is_only",
    "publication.movement": "movement_id",
    "publication.certificate": "number",
    "audit.event": "entry",
    "ledger.delivery": "delivery_id",
    "resolution.judgement": "judgement_id",
    "resolution.judgement_undo": "undo_id",
    "resolution.event_cause": "event_id",
    "resolution.number_change": "change_id",
    "resolution.review_sample": "sample_id",
    "ledger.signature": "signature_id",
    "ledger.withdrawal": "withdrawal_id",
    "ledger.approval": "approval_id",
    "ledger.unmasking": "unmasking_id",
    "ledger.export": "export_id",
    "quality.waiver": "waiver_id",
    "ledger.person_erasure": "erasure_id",
    "ledger.redaction": "batch_id",
    "ledger.withheld": "key_hmac",
    "publication.amendment": "amendment_id",
}
OTHER = {
    "text": "coalesce({c}, '') || '~'", "integer": "coalesce({c}, 0) + 1", "bigint": "coalesce({c}, 0) + 1",
    "double precision": "coalesce({c}, 0) + 1", "boolean": "not coalesce({c}, false)",
    "date": "coalesce({c}, '2026-01-01') + 1", "timestamp with time zone": "coalesce({c}, now()) + '1 s'",
    "jsonb": "jsonb_build_array({c})", "bytea": "coalesce({c}, '') || '\\x00'",
    "text[]": "array_append({c}, '~')", "integer[]": "array_append({c}, 7)", "xid8": "'7'::xid8", "numeric": "coalesce({c}, 0) + 1", "timestamp without time zone": "now()",
}  # fmt: skip
"""Of each type an expression for another value."""
_COLUMNS = """
select attname as name, format_type(atttypid, null) as type from pg_catalog.pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum
"""


@dataclass(frozen=True)
class Tampering:
    """A table, what is done to it, and to which of its rows and columns, counted round."""

    table: str
    kind: str
    row: int
    column: int


@contextmanager
def undone(conn: Connection) -> Iterator[None]:
    """What is done inside is done with all rights, without triggers and constraints, and rolled back."""
    try:
        execute(conn, "set local session_replication_role = replica")
        yield
    finally:
        conn.rollback()


def tamper(conn: Connection, one: Tampering) -> bool:
    """Do it; whether there was anything to do it to."""
    if one.kind == "cut":
        return cut(conn, one.row)
    rows = fetch(conn, f"select ctid::text as place from {one.table} order by {TABLES[one.table]}")  # noqa: S608
    if not rows:
        return False
    place = rows[one.row % len(rows)]["place"]
    _unbind(conn, one.table)
    columns = fetch(conn, _COLUMNS, (one.table,))
    column = columns[one.column % len(columns)]
    if one.kind == "delete":
        return bool(execute(conn, f"delete from {one.table} where ctid = %s", (place,)))  # noqa: S608
    other = OTHER[column["type"]].format(c=compose(conn, "{c}", c=column["name"]))
    if one.kind == "cell":
        setting = compose(conn, "update {t} set {c} = ", t=one.table, c=column["name"])
        return bool(execute(conn, f"{setting}{other} where ctid = %s", (place,)))
    return _copied(conn, one.table, [c["name"] for c in columns], column["name"], other, place)


def _copied(conn: Connection, table: str, names: list[str], changed: str, other: str, place: str) -> bool:
    """A further row, like another but for one column."""
    into = ", ".join(compose(conn, "{c}", c=name) for name in names)
    values = ", ".join(other if name == changed else compose(conn, "{c}", c=name) for name in names)
    sql = f"insert into {table} ({into}) overriding system value select {values} from {table} where ctid = %s"  # noqa: S608
    return bool(execute(conn, sql, (place,)))


def _unbind(conn: Connection, table: str) -> None:
    """Drop what the table itself would hold against it."""
    bound = (
        "select conname as name from pg_catalog.pg_constraint where conrelid = %s::regclass"
        " and contype in ('c', 'u', 'p') order by contype"
    )
    for row in fetch(conn, bound, (table,)):
        execute(conn, compose(conn, "alter table {t} drop constraint {c} cascade", t=table, c=row["name"]))
    loose = (
        "select indexrelid::regclass::text as name from pg_catalog.pg_index"
        " where indrelid = %s::regclass and indisunique"
    )
    for row in fetch(conn, loose, (table,)):
        execute(conn, f"drop index {row['name']}")
    for row in fetch(conn, _COLUMNS, (table,)):
        alter = compose(conn, "alter table {t} alter {c} ", t=table, c=row["name"])
        execute(conn, f"{alter} drop identity if exists")
        execute(conn, f"{alter} drop not null")


def cut(conn: Connection, depth: int) -> bool:
    """Everything of the last publications goes, neatly: only who holds a later certificate can know."""
    certified = "select number from publication.certificate union select 1 order by number"
    numbers = [row["number"] for row in fetch(conn, certified)]
    last = numbers[0] if len(numbers) == 1 else numbers[: -1 - depth % (len(numbers) - 1)][-1]
    for table in (name for name in TABLES if name.startswith("golden.") and has_table(conn, name)):
        execute(conn, f"delete from {table} where from_publication > %s", (last,))  # noqa: S608
        execute(conn, f"update {table} set to_publication = null where to_publication > %s", (last,))  # noqa: S608
    for sql in (
        "delete from publication.certificate where number > %s",
        "delete from publication.publication where number > %s",
        "delete from publication.movement as m using publication.movement as last where last.to_number = %s and m.movement_id > last.movement_id",
        "update publication.publication set state = 'released' where number <= %s",
        "update publication.pointer set number = %s",
    ):
        execute(conn, sql, (last,))
    return True


def damage(path: Path, place: int) -> None:
    """One byte of a file becomes another."""
    held = bytearray(path.read_bytes())
    held[place % len(held)] ^= 1
    path.write_bytes(bytes(held))
