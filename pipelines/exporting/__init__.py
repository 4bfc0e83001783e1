"""`popbase export`: a shared view as a file, as a department may read it and no more, with its dictionary beside it.

The rows are read under the role of the department's readers, so the matrix of access decides their form and which
they are. That a file was made is an event of the audit chain, written before the file gets its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.exporting.files import WRITERS, Format
from pipelines.exporting.pages import Told, page
from pipelines.store import exports
from pipelines.store.database import open_database
from pipelines.store.golden import GoldenTable, golden_tables
from pipelines.store.matrix import EVERY, Grant, fullest, grants_of, load_access
from pipelines.store.readers import (
    columns_of_view,
    readable_views,
    reading_as,
    rows_of_view,
    seen_publication,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

__all__ = ["FORMATS", "Format", "Order", "export"]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Order:
    """What is to be exported.

    Attributes:
        view: its name without the schema.
        department: as whose reader.
        format: of the file.
        by: who does it.
        purpose: what for; the matrix says where it is asked.
    """

    view: str
    department: str
    format: Format
    by: str
    purpose: str | None = None


def export(
    settings: Settings, order: Order, into: Path, language: Literal["zh", "en"] = "zh"
) -> dict[str, Any]:
    """Write the view, its dictionary and a manifest into a new folder below `into`; returns the manifest.

    Raises:
        UsageError: the department may not read the view, a purpose is missing, or the folder is there already.
    """
    order = _checked(settings, order)
    with reading_as(settings, order.department) as conn:
        told = _told(settings, conn, order)
        number = seen_publication(conn)
        target = into / f"{order.view}-{number}.{order.format}"
        if target.exists():
            raise UsageError(f"{target} is there already", hint="--out FOLDER takes another place")
        with _scratch(target) as part:
            manifest = {"publication": number} | _write(conn, order, told, part)
            text = page(order.view, told, language)
            (part / f"{order.view}.dictionary.md").write_text(text, encoding="utf-8")
            manifest = _finish(settings, order, manifest, part)
            return manifest | {"folder": str(part.rename(target))}


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A folder beside the target that nobody else reads; nothing stays of it unless it is renamed."""
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _checked(settings: Settings, order: Order) -> Order:
    by, purpose = order.by.strip(), (order.purpose or "").strip() or None
    if not by:
        raise UsageError("an export says who makes it", hint="--by NAME")
    grants = _grants(settings, order)
    if purpose is None and any(grant.ask_purpose for grant in grants):
        raise UsageError(
            f"the matrix asks what {order.department} takes shared.{order.view} for", hint="--purpose TEXT"
        )
    return Order(order.view, order.department, order.format, by, purpose)


def _grants(settings: Settings, order: Order) -> list[Grant]:
    """The lines of the matrix by which the department sees the view; none where it is no table's."""
    access, table = load_access(settings.policies / "access.yml"), _table_of(settings, order.view)
    return [g for g in (grants_of(access, table) if table else ()) if g.to in (EVERY, order.department)]


def _table_of(settings: Settings, view: str) -> GoldenTable | None:
    """The table that a view, its history or its versions show."""
    tables = golden_tables(load_contracts(settings.contracts))
    shown = [t for t in tables if view == t.name or view.startswith(f"{t.name}_")]
    return max(shown, key=lambda table: len(table.name), default=None)


def _told(settings: Settings, conn: Connection, order: Order) -> list[Told]:
    """The view's columns, each with the form in which this reader sees it."""
    views = readable_views(conn)
    if order.view not in views:
        raise UsageError(
            f"{order.department} reads no shared.{order.view}", hint=f"it reads {', '.join(views)}"
        )
    access, grants = load_access(settings.policies / "access.yml"), _grants(settings, order)
    table = _table_of(settings, order.view)
    known = {column.name for column in table.columns} if table else set()
    return [
        Told(column, fullest(column.name, access, grants) if column.name in known else ("plain", False))
        for column in columns_of_view(conn, order.view)
    ]


def _write(conn: Connection, order: Order, told: list[Told], folder: Path) -> dict[str, Any]:
    columns = [one.column for one in told]
    path = folder / f"{order.view}.{order.format}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    rows, guarded = WRITERS[order.format](path, columns, rows_of_view(conn, order.view, columns))
    return {
        "view": f"shared.{order.view}",
        "department": order.department,
        "file": path.name,
        "format": order.format,
        "rows": rows,
        "bytes": path.stat().st_size,
        "sha256": _sha256(path),
        "guarded_cells": guarded,
        "columns": [asdict(one.column) | {"form": one.form} for one in told],
    }


def _finish(settings: Settings, order: Order, manifest: dict[str, Any], part: Path) -> dict[str, Any]:
    """Record the export, then write the manifest with its number."""
    with open_database(settings) as conn:
        number = exports.record_export(conn, manifest, view=order.view, by=order.by, purpose=order.purpose)
    whole = {"export": number, **manifest}
    text = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    (part / "manifest.json").write_text(text, encoding="utf-8")
    return whole


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
