"""All columns of a contract together: what one column says of another."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract
from pipelines.kernels.gazetteer import gazetteer_of
from pipelines.kernels.standard import standardise_columns
from pipelines.synthetic.places import gazetteer

AS_OF = date(2026, 6, 30)
NUMBER = "51162219900101001X"


def contract_with(source: str) -> Contract:
    return next(
        contract
        for contract in load_contracts().values()
        if any(column.source == source for column in contract.columns)
    )


def standard(contract: Contract, **cells: str) -> tuple[dict[str, object], list[tuple[str, str]]]:
    rows = pl.DataFrame(
        {"row_number": pl.Series([1], dtype=pl.Int32)} | {f"raw.{n}": [v] for n, v in cells.items()}
    )
    frame, faults = standardise_columns(rows, contract, as_of=AS_OF)
    return frame.row(0, named=True), faults.select("column", "code").rows()


@pytest.mark.parametrize(
    ("kind", "number", "status", "codes"),
    [
        ("1", NUMBER, "valid", []),
        ("1", "91110000600037341L", "not_citizen", ["PB-ID-062"]),
        ("7", "91110000600037341L", "not_citizen", []),
        ("6", "军字第1234567号", "not_citizen", []),
        ("7", "", "blank", []),
    ],
)
def test_the_number_of_another_document_is_no_fault(
    kind: str, number: str, status: str, codes: list[str]
) -> None:
    row, faults = standard(contract_with("ZJZL"), ZJZL=kind, ZJH=number)
    assert row["citizen_id_status"] == status
    assert (row["citizen_id"] == number) == (status == "valid")
    assert [code for column, code in faults if column == "ZJH"] == codes


@pytest.mark.parametrize(
    ("born", "sex", "faults"),
    [
        ("19900101", "1", []),
        ("19900102", "1", [("AAC006", "PB-ID-070")]),
        ("19900101", "2", [("AAC004", "PB-ID-071")]),
        ("19900101", "9", []),
        ("", "", []),
    ],
)
def test_a_number_that_disagrees_with_birth_date_or_sex_is_told_there(
    born: str, sex: str, faults: list[tuple[str, str]]
) -> None:
    assert standard(contract_with("JYZT"), AAC002=NUMBER, AAC006=born, AAC004=sex)[1] == faults


@pytest.mark.parametrize("number", ["", "511622199001010011"])
def test_a_roll_number_stands_in_for_a_number_that_is_not_usable(number: str) -> None:
    row, _ = standard(contract_with("学籍号"), 学籍号="G" + NUMBER, 身份证件号=number)
    assert (row["citizen_id"], row["citizen_id_status"]) == (NUMBER, "carried")
    assert row["citizen_id_born_on"] == date(1990, 1, 1)


def test_a_column_that_did_not_come_is_blank() -> None:
    row, faults = standard(contract_with("JYZT"), AAC001="1")
    assert row["citizen_id_status"] == "blank"
    assert faults == []


def test_an_address_in_another_township_than_the_rows_code_is_told() -> None:
    contract = next(c for c in load_contracts().values() if _has_one_address(c))
    names = {column.name: column.source for column in contract.columns}
    (address,) = (column.source for column in contract.columns if column.type == "address")
    rows = pl.DataFrame(
        {
            "row_number": pl.Series([1, 2, 3], dtype=pl.Int32),
            f"raw.{address}": ["武胜县清溪镇人民路1号", "云台镇人民路1号", "人民路1号"],
            f"raw.{names['township_code']}": ["511622100"] * 3,
        }
    )
    frame, faults = standardise_columns(rows, contract, as_of=AS_OF, gazetteer=gazetteer_of(gazetteer()))
    told = faults.filter(pl.col("code") == "PB-AD-020")
    assert told.rows() == [(2, address, "PB-AD-020")]
    (townships,) = frame.select("^.*address_township_code$")
    assert townships.to_list() == ["511622100", "511622101", None]


def _has_one_address(contract: Contract) -> bool:
    types = [column.type for column in contract.columns]
    return types.count("address") == 1 and any(c.name == "township_code" for c in contract.columns)
