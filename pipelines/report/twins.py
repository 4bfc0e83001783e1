"""The report for machines: one JSON file of the whole model, one CSV file a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, Final

from pipelines.report.basics import Feed
from pipelines.report.model import Report

STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def report_json(report: Report) -> str:
    """The model as JSON, its fields in their order; times as ISO 8601, texts in both languages."""
    return json.dumps(_plain(report), ensure_ascii=False, indent=1) + "\n"


def report_tables(report: Report) -> dict[str, str]:
    """CSV texts by table name; a table without rows is left out."""
    flow_lines = [{"feed": flow.feed.name, **_flat(line)} for flow in report.flows for line in flow.lines]
    tables: dict[str, list[dict[str, Any]]] = {
        "feeds": _flat_all(report.feeds),
        "conservation": flow_lines,
        "deliveries": _flat_all(report.incidents),
        "scores": [{**_flat(s), "share": s.share} for s in report.scores],
        "rules": [_flat(line) for sheet in report.sheets for line in sheet.lines],
        "faults": _flat_all(report.faults),
        "quarantine": _flat_all(report.quarantine),
        "links": _flat_all(report.links),
        "events": _flat_all(report.events),
        "linkage_quality": _flat_all(report.quality),
        "conflicts": _flat_all(report.conflicts),
        "changes": _flat_all(report.changes),
        "decided": _flat_all(report.decided),
        "publications": _flat_all(report.history),
        "audit": [_flat(line) for sheet in report.audit for line in sheet.lines],
        "unchecked": _flat_all(report.unchecked),
        "seconds": _flat_all(report.seconds),
        "signatures": _flat_all(report.signatures),
        "hashes": _flat_all(report.hashes),
        "versions": [{"name": name, "version": version} for name, version in report.versions],
    }
    return {name: csv_table(rows) for name, rows in tables.items() if rows}


def csv_table(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV, a header first; several words of a cell are joined by blanks."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(STARTS_A_FORMULA):
        return f"'{value}"
    if isinstance(value, list):
        return " ".join("" if item is None else str(item) for item in value)
    return "" if value is None else value


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(value[name]) for name in sorted(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _flat_all(values: Iterable[object]) -> list[dict[str, Any]]:
    return [_flat(value) for value in values]


def _flat(value: object, prefix: str = "") -> dict[str, Any]:
    """A frozen value as one row: `sentence_zh`, `rows_received`, several words joined by blanks."""
    row: dict[str, Any] = {}
    for part in fields(value):  # type: ignore[arg-type]
        name, cell = f"{prefix}{part.name}", getattr(value, part.name)
        if isinstance(cell, Feed):
            row[name] = cell.name
        elif is_dataclass(cell):
            row.update(_flat(cell, f"{name}_"))
        elif isinstance(cell, tuple):
            row[name] = " ".join("=".join(i) if isinstance(i, tuple) else str(i) for i in cell)
        else:
            row[name] = cell.isoformat() if isinstance(cell, date) else cell
    return row
