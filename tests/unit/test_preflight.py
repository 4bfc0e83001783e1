"""A department's check of a file beforehand finds what the stages find, in every form, and shows no value."""

from __future__ import annotations

import csv
import io
import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.preflight import Preflight, preflight
from pipelines.settings import ROOT, Settings
from pipelines.synthetic.generate import generate
from tests.acceptance.receiving import received

FILES = [contract for contract in load_contracts().values() if contract.delivery.form != "table"]
TEXT = next(contract for contract in FILES if contract.slug == "labour-employment")
SETTINGS = Settings(home=Path("/nonexistent"))
WIDTH = 90


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    generate(900, 8, folder, 1)
    return folder


def first_file(county: Path, feed: str) -> Path:
    return next(p for p in sorted((county / "inbox" / feed).glob("*/*")) if p.name != "manifest.json")


def counted(found: Preflight) -> dict[tuple[str, str], int]:
    return {(line.code, line.column): line.rows for line in found.faults if line.rows}


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["validate", *map(str, arguments)])


def test_every_feed_that_comes_as_a_file_is_told_what_the_stages_tell(county: Path) -> None:
    told, _ = received(county)
    for contract in FILES:
        path = first_file(county, contract.feed)
        sequence = json.loads(path.with_name("manifest.json").read_text(encoding="utf-8"))["sequence"]
        of_file = told.filter((pl.col("feed") == contract.feed) & (pl.col("sequence") == sequence))
        rows = of_file.filter(pl.col("row") > 0).group_by("code", "column").agg(pl.col("row").n_unique())
        found = preflight(SETTINGS, path, contract.feed)
        assert counted(found) == {(code, column): count for code, column, count in rows.iter_rows()}
        assert found.has_manifest
        assert found.reason_code is None
        assert found.rules


def declared(folder: Path, delivery: dict[str, Any]) -> Settings:
    """The shipped declarations with one feed that comes in another form."""
    for name in ("contracts", "expectations"):
        shutil.copytree(ROOT / name, folder / name)
    path = folder / "contracts" / f"{TEXT.feed}.yml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    changed = contract | {"delivery": delivery}
    path.write_text(yaml.safe_dump(changed, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return replace(SETTINGS, declarations=folder)


def as_fixed_width(rows: list[list[str]]) -> bytes:
    cells = [b"".join(cell.encode("gb18030").ljust(WIDTH) for cell in row) for row in rows[1:]]
    return b"".join(line + b"\r\n" for line in cells)


def as_dbf(rows: list[list[str]]) -> bytes:
    fields = b"".join(struct.pack("<11sc4xBB14x", name.encode(), b"C", WIDTH, 0) for name in rows[0])
    sizes = (len(rows) - 1, 32 + len(fields) + 1, 1 + WIDTH * len(rows[0]))
    head = struct.pack("<BBBBIHH20x", 3, 126, 6, 30, *sizes)
    cells = [b" " + b"".join(cell.encode("gb18030").ljust(WIDTH) for cell in row) for row in rows[1:]]
    return head + fields + b"\r" + b"".join(cells) + b"\x1a"


LAYOUT = {c.source: [1 + n * WIDTH, (n + 1) * WIDTH] for n, c in enumerate(TEXT.columns)}


@pytest.mark.parametrize(
    ("delivery", "written"),
    [
        ({"form": "fixed_width", "encoding": "gb18030", "layout": LAYOUT}, as_fixed_width),
        ({"form": "dbf", "encoding": "gb18030"}, as_dbf),
    ],
)
def test_other_forms_with_the_same_rows_are_told_the_same(
    county: Path, tmp_path: Path, delivery: dict[str, Any], written: Callable[[list[list[str]]], bytes]
) -> None:
    original = first_file(county, TEXT.feed)
    rows = list(csv.reader(io.StringIO(original.read_bytes().decode("gb18030"))))
    width = len(TEXT.columns)
    whole = [row for row in rows if len(row) == width and not any("\0" in c or '"' in c for c in row)]
    sound = [[cell.strip() for cell in row] for row in whole]  # these forms pad cells with blanks
    (tmp_path / "plain.csv").write_text("\r\n".join(map(",".join, sound)) + "\r\n", encoding="gb18030")
    (tmp_path / "other").write_bytes(written(sound))
    usual = preflight(SETTINGS, tmp_path / "plain.csv", TEXT.feed)
    found = preflight(declared(tmp_path, delivery), tmp_path / "other", TEXT.feed)
    assert found.rows == usual.rows == len(sound) - 1
    assert counted(found) == counted(usual)
    assert [vars(line) for line in found.rules] == [vars(line) for line in usual.rules]


def test_an_increment_is_known_by_its_operation_column(county: Path, tmp_path: Path) -> None:
    daily = max((county / "inbox" / TEXT.feed).glob("*/*.csv"))
    alone = shutil.copy(daily, tmp_path / "alone.csv")
    found = preflight(SETTINGS, Path(alone), TEXT.feed)
    assert (found.mode, found.has_manifest) == ("incremental", False)
    assert not any(line.code == "PB-HD-002" for line in found.faults)


def test_a_file_that_differs_from_its_manifest_would_be_refused(county: Path, tmp_path: Path) -> None:
    original = first_file(county, TEXT.feed)
    shutil.copy(original.with_name("manifest.json"), tmp_path)
    (tmp_path / original.name).write_bytes(original.read_bytes() + b"\r\n")
    answer = check(tmp_path / original.name, "--feed", TEXT.feed)
    assert answer.exit_code == 3
    assert "PB-DL-004" in answer.output


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "PB-DL-011"), (b"AAC002,AAC003\r\n1,2\r\n", "PB-HD-003"), (b"\xff\xfe\x00", "PB-DL-015")],
)
def test_a_file_that_cannot_be_read_is_told_why(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    answer = check(tmp_path / "bad.csv", "--feed", TEXT.feed, "--json")
    told = json.loads(answer.stdout)
    assert (answer.exit_code, told["reason_code"], told["verdict"]) == (3, code, "refused")


def test_a_table_is_no_file(county: Path) -> None:
    table = next(c.feed for c in load_contracts().values() if c.delivery.form == "table")
    with pytest.raises(UsageError, match="Hint"):
        preflight(SETTINGS, first_file(county, TEXT.feed), table)


def test_no_value_of_the_file_is_shown(county: Path) -> None:
    path = first_file(county, TEXT.feed)
    answers = [check(path, "--feed", TEXT.feed, *how) for how in ([], ["--lang", "en"], ["--json"])]
    assert [answer.exit_code for answer in answers] == [0, 0, 0]
    rows = path.read_bytes().decode("gb18030").splitlines()[1:]
    values = {cell for row in rows for cell in row.split(",") if len(cell) >= 3 and not cell.isdigit()}
    shown = "".join(answer.output for answer in answers)
    assert {value for value in values if value in shown and value != "不详"} == set()
