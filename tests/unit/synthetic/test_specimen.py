"""A specimen of every shipped contract is what the contract asks for, without a single fault."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.contract.model import Contract
from pipelines.intake.delivery import open_delivery
from pipelines.intake.manifest import find_deliveries, read_manifest
from pipelines.kernels.standard import standardise_columns
from pipelines.synthetic.specimen import PEOPLE, specimen_rows, write_specimen

DAY = date(2026, 6, 30)
CONTRACTS = load_contracts()
FILES = {feed: contract for feed, contract in CONTRACTS.items() if contract.delivery.form != "table"}


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_values_have_no_fault(contract: Contract) -> None:
    rows = specimen_rows(contract, DAY)
    raw = rows.select(pl.all().name.prefix("raw.")).with_row_index("row_number", 1)
    standard, faults = standardise_columns(
        raw.with_columns(pl.col("row_number").cast(pl.Int32)), contract, as_of=DAY
    )
    assert faults.rows() == []
    assert standard["name"].null_count() == standard["citizen_id"].null_count() == 0


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_keys_tell_the_rows_apart(contract: Contract) -> None:
    rows = specimen_rows(contract, DAY)
    assert rows.select(contract.key[0]).n_unique() == PEOPLE


@pytest.mark.parametrize("contract", FILES.values(), ids=FILES)
def test_files_are_read_as_the_contract_says(tmp_path: Path, contract: Contract) -> None:
    folder = write_specimen(contract, tmp_path / "inbox", DAY)
    manifest = read_manifest(find_deliveries(tmp_path / "inbox", contract.feed)[0])
    with ExitStack() as stack:
        source = stack.enter_context((folder / str(manifest.file)).open("rb"))
        reading = stack.enter_context(open_delivery(source, contract, manifest, load_aliases()))
        chunks = list(reading.chunks)
    assert reading.header.notes == ()
    assert sum(chunk.rows.height for chunk in chunks) == manifest.rows == PEOPLE
    assert not any(chunk.unreadable.height for chunk in chunks)


def test_a_table_leaves_its_package_beside_the_inbox(tmp_path: Path) -> None:
    contract = next(c for c in CONTRACTS.values() if c.delivery.form == "table")
    write_specimen(contract, tmp_path / "inbox", DAY)
    package = pl.read_parquet(tmp_path / "front" / f"{contract.delivery.table}.parquet")
    assert package[str(contract.delivery.package_column)].unique().to_list() == ["1"]


def test_a_specimen_is_the_same_every_time_and_is_not_overwritten(tmp_path: Path) -> None:
    contract = next(iter(FILES.values()))
    written = [write_specimen(contract, tmp_path / side, DAY) for side in ("a", "b")]
    manifests = [(folder / "manifest.json").read_bytes() for folder in written]
    assert manifests[0] == manifests[1]
    with pytest.raises(FileExistsError):
        write_specimen(contract, tmp_path / "a", DAY)
