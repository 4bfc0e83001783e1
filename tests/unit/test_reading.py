"""What a delivery was read by, as one hash."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.contract.load import load_contracts
from pipelines.reading import contract_sha256
from pipelines.settings import ROOT


def test_the_hash_of_a_contract_names_its_code_lists_and_the_list_of_places(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "contracts" / "_reference", tmp_path / "_reference")
    contract = next(c for c in load_contracts().values() if any(column.list for column in c.columns))
    plain = contract_sha256(contract, tmp_path)
    assert plain == contract_sha256(contract, ROOT / "contracts")
    places = tmp_path / "_reference" / "gazetteer.csv"
    places.write_text("one")
    first = contract_sha256(contract, tmp_path)
    places.write_text("two")
    assert len({plain, first, contract_sha256(contract, tmp_path)}) == 3
