from __future__ import annotations

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.kernels.audited import faults_behind
from pipelines.settings import ROOT

CONTRACTS = load_contracts(ROOT / "contracts")
POLICE, LABOUR = "household/registration", "labour/employment"
SAID = pl.DataFrame(
    [
        ("p1", "name", f"{POLICE}|1"),
        ("p1", "born_on", f"{LABOUR}|7"),
        ("p2", "name", f"{LABOUR}|8"),
    ],
    schema=["row_key", "attribute", "record_key"],
    orient="row",
)


def blamed(row_key: str, *attributes: str) -> list[tuple[str, str, str]]:
    failing = pl.DataFrame({"row_key": [row_key], "rule_id": ["PB-PER-001"]})
    found = faults_behind(failing, SAID, {"PB-PER-001": attributes}, CONTRACTS)
    assert set(found["code"]) <= {"PB-PER-001"}
    return [tuple(row) for row in found.select("feed", "record_key", "column_name").rows()]


def test_a_fault_is_that_of_the_record_that_said_the_value() -> None:
    assert blamed("p1", "name") == [(POLICE, f"{POLICE}|1", "XM")]
    assert blamed("p1", "born_on") == [(LABOUR, f"{LABOUR}|7", "AAC006")]


def test_two_values_of_two_departments_are_two_faults() -> None:
    found = blamed("p1", "name", "born_on")
    assert found == [(POLICE, f"{POLICE}|1", "XM"), (LABOUR, f"{LABOUR}|7", "AAC006")]


def test_what_nobody_said_is_asked_of_those_who_spoke_for_the_row_and_could_have() -> None:
    assert blamed("p2", "sex_code", "telephone") == [(LABOUR, f"{LABOUR}|8", "AAC004 + AAE005")]
    assert blamed("p2", "household_number") == []


def test_a_rule_about_no_delivered_attribute_is_nobodys() -> None:
    assert blamed("p1", "person_id") == []
