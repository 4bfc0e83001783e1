from __future__ import annotations

import pytest

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Bilingual, Column, Contract
from pipelines.errors import ContractError
from pipelines.settings import Settings
from pipelines.store.access import ensure_views, load_access
from pipelines.store.golden import ensure_tables, golden_tables
from pipelines.store.postgres import Connection, fetch


def gaining(contract: Contract, column: Column) -> dict[str, Contract]:
    """The contracts, one of which now publishes one column more."""
    assert contract.publishes is not None
    published = contract.publishes.model_copy(update={"columns": (*contract.publishes.columns, column.name)})
    update = {"columns": (*contract.columns, column), "publishes": published}
    return load_contracts() | {contract.feed: contract.model_copy(update=update)}


def a_contract() -> Contract:
    return next(contract for contract in load_contracts().values() if contract.publishes)


def test_every_contract_that_publishes_has_its_table(conn: Connection) -> None:
    made = {
        row["tablename"] for row in fetch(conn, "select tablename from pg_tables where schemaname = 'golden'")
    }
    assert made == {table.name for table in golden_tables(load_contracts())} | {"row_provenance"}
    assert ensure_tables(conn, load_contracts()) == []


def test_columns_are_explained_in_both_languages(conn: Connection) -> None:
    rows = fetch(
        conn,
        "select a.attname as name, col_description(a.attrelid, a.attnum) as said from pg_attribute a"
        " where a.attrelid = 'shared.person'::regclass and attnum > 0",
    )
    assert {"name": "born_on", "said": "出生日期; Date of birth"} in rows
    assert [row["name"] for row in rows if row["said"] is None] == []


def test_a_contract_that_gains_a_column_gets_it(conn: Connection, fresh: Settings) -> None:
    contract = a_contract()
    assert contract.publishes is not None
    more = Column(source="MORE", name="more_on", type="date", title=Bilingual(zh="更多", en="more"))
    contracts = gaining(contract, more)
    table = contract.publishes.table
    assert ensure_tables(conn, contracts) == [table]
    assert ensure_views(conn, contracts, load_access(fresh.policies / "access.yml")) == [table]
    assert fetch(conn, f"select more_on from shared.{table}") == []  # noqa: S608


def test_a_published_column_keeps_its_type(conn: Connection) -> None:
    contract = a_contract()
    assert contract.publishes is not None
    name = contract.publishes.columns[0]
    columns = tuple(c.model_copy(update={"type": "date"}) if c.name == name else c for c in contract.columns)
    contracts = load_contracts() | {contract.feed: contract.model_copy(update={"columns": columns})}
    with pytest.raises(ContractError, match=name):
        ensure_tables(conn, contracts)
