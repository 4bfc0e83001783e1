"""What a department's reader can and cannot do, tried as that reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.errors import ContractError, DependencyMissing, PopbaseError, UsageError
from pipelines.settings import ROOT, Settings
from pipelines.store import publication
from pipelines.store.access import (
    bootstrap_sql,
    departments,
    ensure_views,
    load_access,
    reader_role,
    reader_url,
)
from pipelines.store.database import prepare
from pipelines.store.embedded import ADMIN
from pipelines.store.golden import golden_tables
from pipelines.store.postgres import Connection, acting_as, connect, execute, fetch

ACCESS = load_access(ROOT / "policies" / "access.yml")
TABLES = golden_tables(load_contracts())
DEPARTMENTS = departments(load_contracts())
PLAIN = {
    "citizen_id": "511622199005061234", "name": "测试甲", "born_on": "1990-05-06", "telephone": "13800001234",
    "registered_address": "四川省武胜县沿口镇测试路1号", "household_number": "123456789",
}  # fmt: skip
MASKED = {
    "citizen_id": "511622************", "name": "测**", "born_on": "1990-01-01", "telephone": "138****1234",
    "registered_address": "四川省武胜县***", "household_number": None,
}  # fmt: skip


@dataclass(frozen=True)
class Published:
    """A database with one released and one withdrawn person, and how departments log in there."""

    server: object
    name: str

    def url(self, role: str) -> str:
        made: str = self.server.url(self.name, role)  # type: ignore[attr-defined]
        return made

    def reader(self, department: str) -> str:
        made: str = self.server.reader(self.name, department)  # type: ignore[attr-defined]
        return made


@pytest.fixture(scope="module")
def published(database: object) -> Iterator[Published]:
    name = database.copy()  # type: ignore[attr-defined]
    made = Published(database, name)
    rows = {table.name: one_row() for table in TABLES if table.name != "person"}
    no_said = pl.DataFrame(
        schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String)
    )
    with connect(made.url("popbase_pipeline")) as conn:
        for base, person in enumerate((one_row(**PLAIN), one_row(**PLAIN | {"name": "秘密人"}))):
            tables = rows | {"person": person}
            number = publication.stage(conn, f"run-{base}", tables, no_said, base=base).number
            publication.release(conn, number)
        publication.rollback(conn, 1)
    yield made
    database.admin(f"drop database {name} with (force)")  # type: ignore[attr-defined]


def one_row(**values: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"row_key": ["r1"], "person_id": ["p1"], **{name: [value] for name, value in values.items()}}
    )


def masked_reader() -> str:
    return next(name for name in DEPARTMENTS if name not in {grant.to for grant in ACCESS.grants})


@pytest.mark.parametrize(
    "statement",
    [
        "select * from golden.person", "select * from golden.provenance", "select * from publication.pointer",
        "select * from ledger.batch", "select * from quality.quarantine", "select * from resolution.membership",
        "update shared.person set name = 'x'", "delete from shared.publication",
        "update publication.pointer set number = 2", "create table mine (a text)",
        "create temp table mine (a text)", "create schema mine", "create table shared.mine (a text)",
        "create function f() returns text language sql as 'select 1'", "create view v as select 1",
        "set role popbase_owner", "set role popbase_pipeline", "select * from masking.pseudonym",
        "set session authorization popbase", "select * from audit.event",
        "select lo_create(0)", "select pg_advisory_lock(1)", "select pg_read_file('PG_VERSION')",
        "copy (select 1) to program 'true'", "create role another", "select passwd from pg_shadow",
        "select stavalues1 from pg_statistic", "alter view shared.person set (security_barrier = false)",
    ],
)  # fmt: skip
def test_an_attack_is_refused(published: Published, statement: str) -> None:
    with connect(published.reader(masked_reader())) as conn:
        with pytest.raises(PopbaseError, match=r"InsufficientPrivilege|cannot update view"):
            execute(conn, statement)
        conn.rollback()


def test_statistics_show_no_value_of_a_golden_table(published: Published) -> None:
    with connect(published.url(ADMIN)) as conn:
        execute(conn, "analyze golden.person")
    with connect(published.reader(masked_reader())) as conn:
        assert fetch(conn, "select from pg_stats where schemaname = 'golden'") == []


def test_a_leaky_function_sees_only_what_the_reader_may_see(published: Published) -> None:
    """Even where somebody gave readers a cheap function that tells what it is shown."""
    leaky = (
        "create or replace function public.leak(text) returns boolean language plpgsql cost 0.0000001 as"
        " $$ begin raise warning 'seen %', $1; return true; end $$"
    )
    with connect(published.url(ADMIN)) as conn:
        execute(
            conn, f"{leaky}; grant usage on schema public to public; grant execute on function leak to public"
        )
    with connect(published.reader(masked_reader())) as conn:
        fetch(conn, "select person_id from shared.person where public.leak(name) and public.leak(citizen_id)")
        told = "".join(conn.notices)
    assert MASKED["name"] in told  # type: ignore[operator]
    assert PLAIN["name"] not in told
    assert PLAIN["citizen_id"] not in told
    assert "秘" not in told


def test_an_error_in_a_condition_tells_only_masked_values(published: Published) -> None:
    import psycopg2

    conn = psycopg2.connect(published.reader(masked_reader()))
    with pytest.raises(psycopg2.Error) as caught, conn.cursor() as cursor:
        cursor.execute("select 1 from shared.person where citizen_id::bigint > 0 or name::int > 0")
    conn.close()
    assert PLAIN["citizen_id"] not in str(caught.value)
    assert PLAIN["name"] not in str(caught.value)


def test_a_reader_follows_its_rows_from_publication_to_publication(
    published: Published, conn: Connection
) -> None:
    asked = (
        "select person_id, since_publication as since, until_publication as until from shared.person_version"
    )
    first = {"person_id": "p1", "since": 1, "until": None}
    with connect(published.reader(masked_reader())) as reader:
        assert fetch(reader, asked) == [first], "what was withdrawn does not show"
    no_said = pl.DataFrame(
        schema=dict.fromkeys(("table", "row_key", "attribute", "record_key", "rule"), pl.String)
    )
    for base, name in enumerate(("测试甲", "测试乙")):
        number = publication.stage(
            conn, f"run-{base}", {"person": one_row(name=name)}, no_said, base=base
        ).number
        assert len(fetch(conn, asked)) == base, "what is staged does not show"
        publication.release(conn, number)
    assert fetch(conn, f"{asked} order by 2") == [first | {"until": 2}, first | {"since": 2}]


@pytest.mark.parametrize("name", ["front", "airflow", "postgres", "template1"])
def test_a_reader_has_no_other_database(database: object, name: str) -> None:
    url = database.reader(name, masked_reader())  # type: ignore[attr-defined]
    with pytest.raises(DependencyMissing), connect(url):
        pass


def test_a_person_is_found_by_index(published: Published) -> None:
    many = (
        "insert into golden.person (row_key, person_id, row_hash, from_publication)"
        " select n, n, '', 1 from generate_series(1, 5000) as n"
    )
    with connect(published.url(ADMIN)) as conn:
        execute(conn, f"{many}; analyze golden.person; set role {reader_role(masked_reader())}")
        plan = fetch(conn, "explain select name from shared.person where person_id = '77'")
        conn.rollback()
    assert any("person_standing" in row["QUERY PLAN"] for row in plan)


def test_a_reader_a_contract_names_reads_its_table(published: Published) -> None:
    contract = next(contract for contract in load_contracts().values() if contract.publishes)
    assert contract.publishes is not None
    guest = next(name for name in DEPARTMENTS if name != contract.owner.department)
    open_to_guest = contract.publishes.model_copy(update={"readers": (guest,)})
    contracts = load_contracts() | {contract.feed: contract.model_copy(update={"publishes": open_to_guest})}
    with connect(published.url("popbase_pipeline")) as conn:
        assert ensure_views(conn, contracts, ACCESS) == [contract.publishes.table]
        granted = "select has_table_privilege(%s, %s, 'select') as granted"
        table = f"shared.{contract.publishes.table}"
        assert fetch(conn, granted, (reader_role(guest), table)) == [{"granted": True}]
        conn.rollback()
        assert fetch(conn, granted, (reader_role(guest), table)) == [{"granted": False}]


def test_the_pipeline_is_neither_superuser_nor_above_row_security(published: Published) -> None:
    with connect(published.url("popbase_pipeline")) as conn:
        mighty = fetch(
            conn,
            "select rolname from pg_roles where rolname like 'popbase\\_%%'"
            " and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)",
        )
        assert mighty == []
        with acting_as(conn, "popbase_owner"):
            assert fetch(conn, "select current_user as name") == [{"name": "popbase_owner"}]


def test_a_server_nobody_prepared_says_what_the_dba_does(database: object, tmp_path: Path) -> None:
    database.admin("create database bare owner popbase_pipeline")  # type: ignore[attr-defined]
    url = database.url("bare")  # type: ignore[attr-defined]
    with pytest.raises(DependencyMissing, match="popbase database bootstrap"):
        prepare(Settings(home=tmp_path, database_url=url), url)
    admin_url = database.url("bare", ADMIN)  # type: ignore[attr-defined]
    prepare(Settings(home=tmp_path, database_url=admin_url), admin_url)
    prepare(Settings(home=tmp_path, database_url=url), url)
    with connect(url) as conn:
        owners = fetch(conn, "select distinct tableowner from pg_tables where schemaname = 'golden'")
    assert owners == [{"tableowner": "popbase_owner"}]
    database.admin("drop database bare")  # type: ignore[attr-defined]


def test_the_bootstrap_names_every_department() -> None:
    script = bootstrap_sql(load_contracts())
    assert all(f"create role {reader_role(name)} nologin" in script for name in DEPARTMENTS)


def test_readers_log_in_by_themselves_on_another_server(database: object, tmp_path: Path) -> None:
    settings: Settings = database.settings  # type: ignore[attr-defined]
    assert "popbase_login_" in reader_url(settings, DEPARTMENTS[0])
    with pytest.raises(UsageError, match="nobody_knows"):
        reader_url(settings, "nobody_knows")
    with pytest.raises(UsageError, match=reader_role(DEPARTMENTS[0])):
        reader_url(replace(settings, database_url="postgresql://elsewhere/popbase"), DEPARTMENTS[0])


def test_every_fault_of_the_policy_is_told(tmp_path: Path) -> None:
    (tmp_path / "access.yml").write_text("masks: {name: nonsense}\nmore: 1\n", encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_access(tmp_path / "access.yml")
    assert len(caught.value.faults) == 2
