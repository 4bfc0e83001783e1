"""Whether a delivery ended as it must: in rows that add up, or in a refusal whose code is known."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contract.load import load_aliases
from pipelines.errors import DeliveryRefused
from pipelines.intake.chunk import LONGEST_FIELD, row_schema
from pipelines.intake.delivery import open_delivery
from pipelines.intake.manifest import LARGEST_NUMBER, Found, Manifest, kept_manifest, read_manifest
from pipelines.reasons import REASONS
from tests.fuzz.cases import Case, contract
from tests.fuzz.tables import MARK

LINES = ("comma", "pipe", "zipped", "table", "fixed")
_HEADERLESS = ("fixed",)


def outcome(case: Case) -> str:
    """`read`, or the code of the refusal.

    Raises:
        AssertionError: when rows do not add up or a code is unknown; anything else a reader raises.
    """
    try:
        if case.form == "manifest":
            _judge_manifest(case)
        else:
            _judge_rows(case)
    except DeliveryRefused as refusal:
        _judge_refusal(refusal)
        return refusal.code
    return "read"


def _judge_refusal(refusal: DeliveryRefused) -> None:
    """A known code, and nothing in it that a log must not or a database cannot hold."""
    assert REASONS[refusal.code].severity == "refuse_delivery", refusal.code
    assert MARK not in str(refusal)
    assert "\0" not in str(refusal)
    str(refusal).encode("utf-8")


def _judge_manifest(case: Case) -> None:
    found = Found("office/register", Path("folder"), case.content)
    told = read_manifest(found)
    json.dumps(kept_manifest(found), ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert max(told.rows, told.sequence, told.replaces or 0) <= LARGEST_NUMBER


def _judge_rows(case: Case) -> None:
    told: dict[str, Any] = {
        "feed": "office/register", "data_date": "2026-06-30", "sequence": 1, "mode": case.mode, "rows": 1,
    }  # fmt: skip
    manifest = Manifest.model_validate(told)
    source = io.BytesIO(case.content)
    with open_delivery(source, contract(case.form), manifest, load_aliases()) as reading:
        numbers: list[int] = []
        for chunk in reading.chunks:
            assert dict(chunk.rows.schema) == row_schema(reading.header.names)
            severities = {REASONS[code].severity for code in chunk.unreadable["code"]}
            assert severities <= {"quarantine_row"}
            assert _longest(chunk.rows) <= LONGEST_FIELD
            numbers += sorted([*chunk.rows["row_number"], *chunk.unreadable["row_number"]])
    assert numbers == list(range(1, len(numbers) + 1))
    _assert_notes(reading.header.notes)
    expected = _expected(case)
    assert expected is None or len(numbers) == expected, (len(numbers), expected)


def _longest(rows: pl.DataFrame) -> int:
    return rows.select(pl.max_horizontal(pl.exclude("row_number").str.len_chars().max())).item() or 0


def _assert_notes(notes: tuple[tuple[str, str], ...]) -> None:
    assert all(REASONS[code].severity in ("warn", "note") for code, _ in notes)
    pl.Series([column for _, column in notes], dtype=pl.String)
    assert not any("\0" in column for _, column in notes)


def _expected(case: Case) -> int | None:
    """Lines that are not blank, counted in another way than the reader's; None for binary forms."""
    if case.form == "utf16":
        text = _utf16(case.content)
    elif case.form in LINES:
        text = _unpacked(case).decode("latin-1")
    else:
        return None
    lines = [line for line in _universal(text).split("\n") if line.rstrip("\r\x1a").strip(" \t\r\n\x0b\x0c")]
    return len(lines) - (case.form not in _HEADERLESS)


def _unpacked(case: Case) -> bytes:
    if case.form != "zipped":
        return case.content
    with zipfile.ZipFile(io.BytesIO(case.content)) as archive:
        return next(archive.read(m) for m in archive.infolist() if not m.is_dir())


def _utf16(content: bytes) -> str:
    little = content[1::2].count(0) >= content[::2].count(0)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        little = content[:2] == b"\xff\xfe"
    return content.decode("utf-16-le" if little else "utf-16-be", "replace")


def _universal(text: str) -> str:
    """CR ends as LF ends, when the first line ends so."""
    start = min((at for at in (text.find("\r"), text.find("\n")) if at >= 0), default=len(text))
    after = text[start:].lstrip("\r")
    return text if after.startswith("\n") else text.replace("\r", "\n")
