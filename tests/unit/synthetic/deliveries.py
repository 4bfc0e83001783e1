"""Reads deliveries as a receiver would, without the generator's own code."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def manifests(county: Path) -> list[tuple[Path, dict[str, Any]]]:
    found = sorted((county / "inbox").rglob("manifest.json"))
    return [(path.parent, json.loads(path.read_text(encoding="utf-8"))) for path in found]


def lines(folder: Path, manifest: dict[str, Any]) -> list[str]:
    path = folder / manifest["file"]
    raw = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            raw = archive.read(archive.namelist()[0])
    text: str = raw.decode(str(manifest["encoding"]), errors="replace")  # bytes that are no character occur
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").split("\r\n")


def sheet(folder: Path, manifest: dict[str, Any]) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(folder / manifest["file"])
    return list(book.worksheets[0].iter_rows(values_only=True))


def table(county: Path, manifest: dict[str, Any]) -> pl.DataFrame:
    frame = pl.read_parquet(county / "front" / f"{manifest['table']}.parquet")
    return frame.filter(pl.col("BAO") == str(manifest["package"]))


def count(county: Path, folder: Path, manifest: dict[str, Any]) -> int:
    if "table" in manifest:
        return len(table(county, manifest))
    if manifest["file"].endswith("xlsx"):
        return len(sheet(folder, manifest)) - 4
    return len(lines(folder, manifest)) - 1


def is_valid_id(number: str) -> bool:
    """GB 11643 spelt out by hand."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1]
