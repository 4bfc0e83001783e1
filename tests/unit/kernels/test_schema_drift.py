"""How columns that are not as agreed are classified, and met by what the contract says."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.contract.model import Contract, Response, SchemaDrift
from pipelines.kernels.schema_drift import CLASS_OF, LOOKS, Retyped, look_of, met_with, retyped
from pipelines.kernels.standard import standardise_columns

LABOUR = load_contracts()["labour/employment"]


def with_policy(**policy: Response) -> Contract:
    return LABOUR.model_copy(update={"schema_drift": SchemaDrift(**policy)})


@pytest.mark.parametrize("code", sorted(CLASS_OF))
def test_each_class_of_change_is_met_as_the_contract_says(code: str) -> None:
    responses: tuple[Response, ...] = ("accept", "reserve", "refuse")
    for response in responses:
        contract = with_policy(**{CLASS_OF[code]: response})
        assert met_with(contract, [code, code, "PB-SQ-003"], response) == [code]


def test_left_alone_a_contract_reserves_only_columns_of_another_type() -> None:
    assert met_with(LABOUR, CLASS_OF, "reserve") == ["PB-HD-014"]
    assert met_with(LABOUR, CLASS_OF, "refuse") == []


def retyped_of(values: list[str]) -> list[Retyped]:
    raw = pl.DataFrame({"row_number": range(1, len(values) + 1), "raw.AAC006": values})
    raw = raw.with_columns(pl.col("row_number").cast(pl.Int32))
    columns, faults = standardise_columns(raw, LABOUR, as_of=dt.date(2026, 6, 30))
    return retyped(pl.concat([raw, columns], how="horizontal"), faults, LABOUR)


def test_a_column_is_retyped_when_most_of_its_values_are_not_of_its_type() -> None:
    assert retyped_of(["19900101"] * 40 + ["汉族"] * 61) == [Retyped("AAC006", "date", "chinese")]
    assert retyped_of(["19900101"] * 51 + ["汉族"] * 50) == []
    assert retyped_of([""] * 900 + ["汉族"] * 100) == [Retyped("AAC006", "date", "chinese")]


def test_a_few_values_say_nothing_of_a_type() -> None:
    assert retyped_of(["汉族"] * 99) == []


@pytest.mark.parametrize(
    ("values", "look"),
    [
        (["1990-02-30", "19901301", "2001年1月1日", "20010101"], "date"),
        (["1", "22", "x"], "digits"), (["1.5", "1,000.25", ""], "decimal"), (["AB-1", "x", "测"], "letters"),
        (["汉族", "维吾尔族·某"], "chinese"), (["1", "x", "汉"], "text"), ([], "text"),
    ],
)  # fmt: skip
def test_a_column_looks_like_what_most_of_its_values_look_like(values: list[str], look: str) -> None:
    assert look_of(pl.Series(values, dtype=pl.String)) == look
    assert look in {*LOOKS, "text"}
