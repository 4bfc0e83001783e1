"""What leaves the database as a file is what the department may read, cell by cell, and is on record."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.exporting import FORMATS, Format, Order, export
from pipelines.settings import ROOT, Settings
from pipelines.store import audit, publication, readers
from pipelines.store.access import departments
from pipelines.store.database import open_database
from pipelines.store.golden import golden_tables
from pipelines.store.matrix import load_access
from pipelines.store.postgres import connect, fetch
from pipelines.store.readers import readable_views, reading_as
from tests.integration.conftest import Server

DEPARTMENTS = departments(load_contracts())
TABLES = golden_tables(load_contracts())
ASKED = next(g.to for g in load_access(ROOT / "policies" / "access.yml").grants if g.ask_purpose)
OTHER = next(name for name in DEPARTMENTS if name != ASKED)
FORMULAS = ['=HYPERLINK("x")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "＝1+1", '="a";"b"']
NO_SAID = pl.DataFrame(
    schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String)
)


@pytest.fixture(scope="module")
def shared(database: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A publication in which every name begins like a formula."""
    name = database.copy()
    home = tmp_path_factory.mktemp("home")
    settings = replace(database.settings, home=home, database_url=database.url(name))
    rows = pl.DataFrame(
        [{"row_key": f"r{n}", "person_id": f"p{n}"} for n in range(len(FORMULAS))]
    ).with_columns(pl.Series("name", FORMULAS), citizen_id=pl.lit("511622199005061234"))
    with open_database(settings) as conn:
        tables = {t.name: rows.select("row_key", "person_id") for t in TABLES} | {"person": rows}
        publication.stage(conn, "run", tables, NO_SAID, base=0)
        publication.release(conn, 1)
    yield settings
    database.admin(f"drop database {name} with (force)")


def order(view: str = "person", department: str = ASKED, form: Format = "parquet", **said: str) -> Order:
    return Order(view, department, form, **({"by": "张三", "purpose": "核对"} | said))


@pytest.mark.parametrize("department", [ASKED, OTHER, DEPARTMENTS[-1]])
def test_a_department_gets_what_its_login_sees_and_nothing_else(
    shared: Settings, database: Server, department: str, tmp_path: Path
) -> None:
    with connect(database.reader(_name(shared), department)) as conn:
        for view in readable_views(conn):
            made = export(shared, order(view, department), tmp_path)
            seen = fetch(conn, f"select * from shared.{view}")  # noqa: S608
            frame = pl.read_parquet(Path(made["folder"]) / made["file"])
            assert _sorted(frame.rows(named=True)) == _sorted(seen), view
            assert made["rows"] == len(seen)


def _name(settings: Settings) -> str:
    assert settings.database_url is not None
    with connect(settings.database_url) as conn:
        return str(fetch(conn, "select current_database() as name")[0]["name"])


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(sorted((name, str(cell)) for name, cell in row.items())) for row in rows)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_export_has_the_same_bytes(shared: Settings, form: Format, tmp_path: Path) -> None:
    one, two = (export(shared, order(form=form), tmp_path / n) for n in ("a", "b"))
    file = Path(one["folder"]) / one["file"]
    assert one["sha256"] == two["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    kept = json.loads((file.parent / "manifest.json").read_text(encoding="utf-8"))
    assert kept | {"folder": one["folder"]} == one
    assert file.stat().st_mode & 0o077 == 0
    assert "公民身份号码" in (file.parent / "person.dictionary.md").read_text(encoding="utf-8")


def test_no_cell_of_a_workbook_is_a_formula_and_ids_are_texts(shared: Settings, tmp_path: Path) -> None:
    made = export(shared, order(form="xlsx"), tmp_path)
    sheet = openpyxl.load_workbook(Path(made["folder"]) / made["file"]).active
    assert sheet is not None
    head = [cell.value for cell in sheet[1]]
    rows = [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for row in rows for cell in row.values()} <= {"s", "n", "b"}
    assert sorted(row["name"].value for row in rows) == sorted(FORMULAS)
    assert {row["citizen_id"].value for row in rows} == {"511622199005061234"}


def test_no_cell_of_a_csv_begins_like_a_formula(shared: Settings, tmp_path: Path) -> None:
    made = export(shared, order(form="csv"), tmp_path)
    text = (Path(made["folder"]) / made["file"]).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert sorted(row["name"] for row in rows) == sorted(f"'{value}" for value in FORMULAS)
    assert made["guarded_cells"] == len(FORMULAS)


def test_rows_come_in_chunks(shared: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "CHUNK", 2)
    made = export(shared, order(), tmp_path)
    file = Path(made["folder"]) / made["file"]
    assert pl.read_parquet(file).height == len(FORMULAS)
    import pyarrow.parquet as pq

    assert pq.ParquetFile(file).metadata.num_row_groups == 4


def test_an_export_is_an_event_without_its_purpose(shared: Settings, tmp_path: Path) -> None:
    made = export(shared, order(purpose="查询王小明"), tmp_path)
    with open_database(shared) as conn:
        assert [fault for _, fault in audit.faults(conn) if fault] == []
        last = audit.events(conn)[-1]
        kept = fetch(conn, "select purpose from ledger.export order by export_id desc limit 1")
    told = {k: last["facts"][k] for k in ("department", "view_name", "publication", "rows", "file_sha256")}
    expected = {"department": ASKED, "view_name": "person", "publication": 1, "rows": len(FORMULAS)}
    assert told == expected | {"file_sha256": made["sha256"]}
    assert (last["kind"], last["actor"], last["subject"]) == ("exported", "张三", str(made["export"]))
    assert kept == [{"purpose": "查询王小明"}]
    assert "王小明" not in str(last)


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        (order(purpose=" "), "--purpose"), (order("person_history", purpose=" "), "--purpose"), (order(by=" "), "--by"), (order(department="nobody"), "dictionary"),
        (order("no_such"), "it reads"), (order("person; select 1"), "it reads"), (order("../golden"), "it reads"),
        (order(next(t.name for t in TABLES if t.departments and OTHER not in t.departments), OTHER), "it reads"),
    ],
)  # fmt: skip
def test_what_is_not_to_be_exported_leaves_no_trace(
    shared: Settings, tmp_path: Path, wanted: Order, hint: str
) -> None:
    before = _count(shared)
    with pytest.raises(UsageError) as caught:
        export(shared, wanted, tmp_path)
    assert hint in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []
    assert _count(shared) == before


def test_an_export_is_not_written_over(shared: Settings, tmp_path: Path) -> None:
    export(shared, order(), tmp_path)
    with pytest.raises(UsageError, match="there already"):
        export(shared, order(), tmp_path)


def test_under_a_departments_role_nothing_can_be_written(shared: Settings) -> None:
    with reading_as(shared, OTHER) as conn:
        told = fetch(
            conn, "select current_user as who, current_setting('transaction_read_only') as read_only"
        )
        conn.rollback()
    assert told == [{"who": f"popbase_reader_{OTHER}", "read_only": "on"}]


def _count(settings: Settings) -> int:
    with open_database(settings) as conn:
        return int(fetch(conn, "select count(*) as n from ledger.export")[0]["n"])


def test_the_manifest_tells_the_form_of_a_history_too(shared: Settings, tmp_path: Path) -> None:
    for view in ("person", "person_history"):
        made = export(shared, order(view, OTHER), tmp_path)
        forms = {column["name"]: column["form"] for column in made["columns"]}
        assert (forms["person_id"], forms["name"], forms["household_number"]) == ("plain", "masked", "none")
