"""That a file was made of a shared view: one row, one event of the audit chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.store.postgres import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.store.postgres import Connection


def record_export(
    conn: Connection, manifest: Mapping[str, Any], *, view: str, by: str, purpose: str | None
) -> int:
    """Write down who exported what, as which department, and the hash of the file; returns its number."""
    sql = (
        "insert into ledger.export (department, view_name, format, publication, rows, file_sha256,"
        " exported_by, purpose) values (%s, %s, %s, %s, %s, %s, %s, %s) returning export_id"
    )
    said = [manifest[name] for name in ("format", "publication", "rows", "sha256")]
    return int(fetch(conn, sql, (manifest["department"], view, *said, by, purpose))[0]["export_id"])
