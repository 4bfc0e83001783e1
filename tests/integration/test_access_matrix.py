"""Every department × table × row × column, tried as that department and held against the matrix, read plainly here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Bilingual
from pipelines.errors import ContractError, PopbaseError
from pipelines.settings import ROOT, Settings
from pipelines.store import publication
from pipelines.store.access import departments, ensure_views
from pipelines.store.golden import GoldenTable, golden_tables
from pipelines.store.histories import ensure_histories
from pipelines.store.matrix import Access, Grant, check_access, load_access
from pipelines.store.postgres import Connection, connect, fetch
from pipelines.store.pseudonyms import ensure_pseudonyms, pseudonym, pseudonym_key
from tests.integration.conftest import Server

CONTRACTS = load_contracts()
TABLES = golden_tables(CONTRACTS)
DOMAINS = TABLES[1:]
A, B, C, D, *_ = DEPARTMENTS = departments(CONTRACTS)
SHIPPED = load_access(ROOT / "policies" / "access.yml")
FOR = Bilingual(zh="试验", en="A trial")
HERE, THERE = "511622", "110101"
KNOWN = {
    "citizen_id": "511622199005061234", "name": "测试甲", "former_name": "测试乙", "telephone": "13800001234",
    "registered_address": "四川省武胜县沿口镇测试路1号", "residence_address": "四川省武胜县中心镇2号",
}  # fmt: skip
MASKED = {
    "citizen_id": "511622************", "name": "测**", "former_name": "测**", "telephone": "138****1234",
    "registered_address": "四川省武胜县***", "residence_address": "四川省武胜县***", "born_on": "1990-01-01",
}  # fmt: skip
BY_TYPE = {
    "date": "1990-05-06", "boolean": "true", "bigint": "7", "numeric": "7.50", "timestamp": "2026-01-02 03:04:05",
}  # fmt: skip


def guest_table() -> GoldenTable:
    return next(t for t in DOMAINS if t.departments and A not in t.departments)


def trial() -> Access:
    """Every form, rows by division, a guest on another's table, and a column taken from everybody."""
    guest = guest_table()
    shown = guest.columns[0].name
    grants = (
        Grant(to="every", table="person", form="masked", columns={"sex_code": "none"}, purpose=FOR),
        Grant(to=A, table="person", form="plain", rows="registered_division_code", purpose=FOR),
        Grant(to=B, table="person", form="masked",
              columns={"citizen_id": "pseudonym", "name": "pseudonym"}, purpose=FOR),
        Grant(to=C, table="person", form="none", columns={"sex_code": "plain"}, purpose=FOR),
        Grant(to=A, table=guest.name, form="masked", columns={shown: "plain"}, purpose=FOR),
    )  # fmt: skip
    return Access(masks=SHIPPED.masks, divisions={A: (HERE,)}, grants=grants)


def value(column: str, sql_type: str, division: str) -> str:
    if column == "registered_division_code":
        return division
    return KNOWN.get(column) or BY_TYPE.get(sql_type) or f"v-{column}"


def content(table: GoldenTable) -> pl.DataFrame:
    """Two rows, of two divisions."""
    rows = [
        {"row_key": f"r{n}", "person_id": f"p{n}"}
        | {c.name: value(c.name, c.sql_type, division) for c in table.columns}
        for n, division in enumerate((HERE, THERE))
    ]
    return pl.DataFrame(rows)


@dataclass(frozen=True)
class Ground:
    server: Server
    name: str
    access: Access
    key: bytes


@pytest.fixture(scope="module", params=["shipped", "trial"])
def ground(
    request: pytest.FixtureRequest, database: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    name = database.copy()
    access = SHIPPED if request.param == "shipped" else trial()
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    said = pl.DataFrame(
        schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String)
    )
    with connect(database.url(name)) as conn:
        ensure_views(conn, CONTRACTS, access)
        ensure_histories(conn, CONTRACTS, access)
        publication.stage(conn, "run", {t.name: content(t) for t in TABLES}, said, base=0)
        ensure_pseudonyms(settings, conn, CONTRACTS, access)
        publication.release(conn, 1)
    yield Ground(database, name, access, pseudonym_key(settings))
    database.admin(f"drop database {name} with (force)")


def lines(
    access: Access, department: str, table: GoldenTable
) -> list[tuple[str, dict[str, str], str | None]]:
    """form, columns, rows of each line of the matrix about a department and a table."""
    said: list[tuple[str, dict[str, str], str | None]] = [
        (g.form, {name: str(form) for name, form in g.columns.items()}, g.rows)
        for g in access.grants
        if g.table == table.name and g.to in ("every", department)
    ]
    is_owner = table.departments is not None and table.departments[0] == department
    return [*said, ("plain", {}, None)] if is_owner else said


def cell(ground: Ground, department: str, form: str, column: str, plain: str) -> str | None:
    if form == "plain":
        return plain
    if form == "pseudonym":
        return pseudonym(ground.key, department, column, plain)
    mask = ground.access.masks.get(column, "hidden")
    return None if form == "none" or mask == "hidden" else plain if mask == "shown" else MASKED[column]


def expected(ground: Ground, department: str, table: GoldenTable) -> list[dict[str, Any]]:
    rows = []
    for row in content(table).iter_rows(named=True):
        held = [
            (form, columns)
            for form, columns, limit in lines(ground.access, department, table)
            if limit is None or row[limit].startswith(ground.access.divisions[department])
        ]
        seen = {
            name: min(
                (columns.get(name, form) for form, columns in held),
                key=["plain", "pseudonym", "masked", "none"].index,
            )
            for name in (c.name for c in table.columns)
            if held
        }
        cells = {n: cell(ground, department, form, n, row[n]) for n, form in seen.items()}
        rows += [{"person_id": row["person_id"], **cells}] if held else []
    return rows


def seen(conn: Connection, table: GoldenTable) -> list[dict[str, Any]]:
    columns = ", ".join(f'"{c.name}"::text' for c in table.columns)
    return fetch(conn, f"select person_id, {columns} from shared.{table.name} order by person_id")  # noqa: S608


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_every_cell_is_seen_as_the_matrix_says(ground: Ground, department: str) -> None:
    with connect(ground.server.reader(ground.name, department)) as conn:
        for table in TABLES:
            if lines(ground.access, department, table):
                rows = expected(ground, department, table)
                assert seen(conn, table) == rows, table.name
                versions = f"select person_id from shared.{table.name}_version order by 1"  # noqa: S608
                assert fetch(conn, versions) == [{"person_id": row["person_id"]} for row in rows]
            else:
                with pytest.raises(PopbaseError, match="permission denied"):
                    fetch(conn, f"select 1 from shared.{table.name}")  # noqa: S608
                conn.rollback()
                with pytest.raises(PopbaseError, match="permission denied"):
                    fetch(conn, f"select 1 from shared.{table.name}_version")  # noqa: S608
                conn.rollback()


LOOKING_BACK = ("{}_history", "{}_as_of(1)", "{}_as_of(1, '2026-01-01')", "{}_changes(0, 1)")


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_who_looks_back_sees_no_other_cell(ground: Ground, department: str) -> None:
    with connect(ground.server.reader(ground.name, department)) as conn:
        for table in TABLES:
            columns = ", ".join(f'"{c.name}"::text' for c in table.columns)
            for place in (f"shared.{form.format(table.name)}" for form in LOOKING_BACK):
                asked = f"select person_id, {columns} from {place} order by person_id"  # noqa: S608
                if not lines(ground.access, department, table):
                    with pytest.raises(PopbaseError, match="permission denied"):
                        fetch(conn, asked)
                    conn.rollback()
                elif "2026" not in place:
                    assert fetch(conn, asked) == expected(ground, department, table), place
                else:
                    rows = fetch(conn, asked)
                    assert all(row in expected(ground, department, table) for row in rows), place


def test_pseudonyms_are_stable_and_join_nothing_between_departments(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    key = pseudonym_key(settings)
    assert settings.pseudonym_key.stat().st_mode & 0o777 == 0o600
    assert pseudonym(key, A, "name", "甲") == pseudonym(pseudonym_key(settings), A, "name", "甲")
    others = {
        pseudonym(key, B, "name", "甲"),
        pseudonym(key, A, "former_name", "甲"),
        pseudonym(b"k" * 32, A, "name", "甲"),
    }
    assert len(others | {pseudonym(key, A, "name", "甲")}) == 4


def test_no_reader_reaches_the_table_of_pseudonyms(ground: Ground) -> None:
    with connect(ground.server.reader(ground.name, B)) as conn:
        with pytest.raises(PopbaseError, match="permission denied"):
            fetch(conn, "select 1 from masking.pseudonym")
        conn.rollback()


def test_a_masked_number_leaves_many_candidates_beside_year_sex_and_division(conn: Connection) -> None:
    """All numbers of one division, year and sex that look like it once masked, by their check characters."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    masked = fetch(conn, "select shared.masked_identity_number('511622199005061234') as m")[0]["m"]
    looks = re.compile(masked.replace("*", "."))
    days = [date(1990, 1, 1) + timedelta(days=n) for n in range(365)]
    bodies = [f"511622{day:%Y%m%d}{sequence:03d}" for day in days for sequence in range(1, 1000, 2)]
    numbers = (
        body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
        for body in bodies
    )
    assert sum(looks.fullmatch(number) is not None for number in numbers) > 100_000


def test_every_shared_column_says_what_it_is_in_both_languages(conn: Connection) -> None:
    silent = fetch(
        conn,
        "select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relnamespace = 'shared'::regnamespace and c.relkind = 'v' and a.attnum > 0"
        " and not a.attisdropped and coalesce(col_description(c.oid, a.attnum), '') !~ '.+; .+'",
    )
    assert silent == []


@pytest.mark.parametrize(
    ("access", "place"),
    [
        (Access(masks={"nonsense": "shown"}), "masks.nonsense"),
        (Access(masks={"born_on": "name"}), "masks.born_on"),
        (Access(grants=(Grant(to=A, table="nothing", form="plain", purpose=FOR),)), "grants.0.table"),
        (Access(grants=(Grant(to="nobody", table="person", form="plain", purpose=FOR),)), "grants.0.to"),
        (Access(grants=(Grant(to=A, table="person", form="plain", rows="name", purpose=FOR),)), "grants.0.rows"),
        (Access(grants=(Grant(to="every", table="person", form="none", columns={"name": "pseudonym"}, purpose=FOR),)),
         "grants.0"),
        (Access(grants=(Grant(to=A, table="person", form="none", columns={"born_on": "pseudonym"}, purpose=FOR),)),
         "grants.0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_contracts_is_a_fault(access: Access, place: str) -> None:
    with pytest.raises(ContractError) as caught:
        check_access(access, TABLES, DEPARTMENTS)
    assert [fault.place for fault in caught.value.faults] == [place]


def test_the_shipped_matrix_fits_and_each_line_has_its_purpose() -> None:
    check_access(SHIPPED, TABLES, DEPARTMENTS)
    assert all(grant.purpose.zh and grant.purpose.en for grant in SHIPPED.grants)
