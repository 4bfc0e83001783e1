"""Codes, flags, telephones, addresses, numbers, text and credit codes, by example."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract.code_lists import load_code_list
from pipelines.kernels.addresses import standardise_addresses
from pipelines.kernels.citizen_id import school_rolls, standardise_citizen_ids
from pipelines.kernels.codes import (
    standardise_codes,
    standardise_divisions,
    standardise_flags,
    standardise_townships,
)
from pipelines.kernels.credit_codes import standardise_credit_codes
from pipelines.kernels.dates import standardise_dates
from pipelines.kernels.names import standardise_names
from pipelines.kernels.numbers import standardise_decimals, standardise_integers
from pipelines.kernels.telephones import standardise_telephones
from pipelines.kernels.texts import repair_gb18030, standardise_texts
from pipelines.kernels.times import (
    standardise_date_lists,
    standardise_months,
    standardise_timestamps,
)
from pipelines.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Callable

REMAP = Path(__file__).parents[2] / "data" / "gb18030_pua_remap.csv"
KERNELS = [
    standardise_addresses, standardise_citizen_ids, standardise_credit_codes, standardise_dates,
    standardise_date_lists, standardise_decimals, standardise_divisions, standardise_flags,
    standardise_integers, standardise_months, standardise_names, standardise_telephones,
    standardise_texts, standardise_timestamps, standardise_townships, school_rolls,
]  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__)
@given(texts=st.lists(st.none() | st.text(max_size=12) | st.text("0123456789-年.*+X ", max_size=12)))
def test_no_text_breaks_a_kernel(
    kernel: Callable[[pl.Series], pl.DataFrame], texts: list[str | None]
) -> None:
    answered = kernel(pl.Series(texts, dtype=pl.String))
    assert answered.height == len(texts)
    assert answered.schema["code"] == pl.String
    assert set(answered["code"].drop_nulls()) <= set(REASONS)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__)
def test_blanks_have_neither_value_nor_code(
    kernel: Callable[[pl.Series], pl.DataFrame],
) -> None:
    answered = kernel(pl.Series(["", None, " \u3000", "\u200b"]))
    assert answered["value"].null_count() == answered["code"].null_count() == 4


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("01", "01", None),
        ("1", "01", None),
        ("汉", "01", None),
        ("汉族", "01", None),
        ("０１", "01", "PB-CD-001"),
        ("99", None, "PB-CD-002"),
    ],
)
def test_codes_follow_list_and_lookup(text: str, value: str | None, code: str | None) -> None:
    listed = load_code_list("ethnicity")
    read = standardise_codes(pl.Series([text]), listed.aliases, listed.codes)
    assert read.row(0) == (value, code)


def test_a_lookup_comes_before_the_list() -> None:
    read = standardise_codes(pl.Series(["9", "1"]), {"9": "0"}, ["0", "1", "9"])
    assert read["value"].to_list() == ["0", "1"]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("511622", "511622", None),
        ("512928", "512928", None),
        ("999999", "999999", "PB-CD-011"),
        ("5116", None, "PB-CD-010"),
    ],
)
def test_divisions_of_any_year_are_known(text: str, value: str | None, code: str | None) -> None:
    assert standardise_divisions(pl.Series([text])).row(0) == (value, code)


def test_townships_have_nine_digits() -> None:
    read = standardise_townships(pl.Series(["511622101", "511622101001", "5116"]))
    assert read["value"].to_list() == ["511622101", "511622101", None]


def test_flags_are_yes_or_no() -> None:
    read = standardise_flags(pl.Series(["1", "是", "y", "0", "否", "maybe"]))
    assert read["value"].to_list() == [True, True, True, False, False, None]
    assert read["code"].to_list() == [None] * 5 + ["PB-CD-020"]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("13800138001", "13800138001", None),
        ("+86 138-0013-8001", "13800138001", "PB-TL-001"),
        ("008613800138001", "13800138001", "PB-TL-001"),
        ("013800138001", "13800138001", "PB-TL-001"),
        ("08266201234", "08266201234", None),
        ("(0826)6201234", "08266201234", "PB-TL-001"),
        ("+86 (0826) 6201234", "08266201234", "PB-TL-001"),
        ("010-62012345", "01062012345", "PB-TL-001"),
        ("13800138001/13900139002", "13800138001", "PB-TL-002"),
        ("13800138001 13900139002", "13800138001", "PB-TL-002"),
        ("13800138001 13900139002 13700137003", "13800138001", "PB-TL-002"),
        ("138 0013 8001、0826-6201234", "13800138001", "PB-TL-002"),
        ("+86 13800138001", "13800138001", "PB-TL-001"),
        ("13800138001/", "13800138001", "PB-TL-001"),
        ("0826-6201234-801", "08266201234", "PB-TL-003"),
        ("0826-6201234转801", "08266201234", "PB-TL-003"),
        ("1380013800", None, "PB-TL-010"),
        ("6201234", "6201234", "PB-TL-011"),
        ("11111111111", None, "PB-TL-012"),
        ("无", None, "PB-TL-012"),
        ("138****8001", None, "PB-TL-013"),
    ],
)
def test_telephones(text: str, value: str | None, code: str | None) -> None:
    assert standardise_telephones(pl.Series([text])).row(0) == (value, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("测试县测试镇1组", "测试县测试镇1组", None),
        ("测试县　测试路１２号3栋", "测试县测试路12号3幢", "PB-AD-001"),
        ("三里屯八一路3号", "三里屯八一路3号", None),
        ("八一路三号", "八一路3号", "PB-AD-001"),
        ("测试路12号三栋二单元五〇一室", "测试路12号3幢2单元501室", "PB-AD-001"),
        ("测试路12号3号楼2-402", "测试路12号3幢2单元402室", "PB-AD-001"),
        ("测试村第五社12号", "测试村5组12号", "PB-AD-001"),
        ("二社村一号桥", "二社村一号桥", None),
        ("不详", None, "PB-AD-010"),
        ("123456", "123456", "PB-AD-011"),
        ("测试镇?家村", "测试镇?家村", "PB-AD-012"),
    ],
)
def test_addresses(text: str, value: str | None, code: str | None) -> None:
    assert standardise_addresses(pl.Series([text])).row(0) == (value, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("1234.5", "1234.50", None),
        ("-5", "-5.00", None),
        ("1,234.50", "1234.50", "PB-NB-001"),
        ("¥1234.5", "1234.50", "PB-NB-001"),
        ("0.12345万元", "1234.50", "PB-NB-001"),
        ("12,34", None, "PB-NB-010"),
        ("much", None, "PB-NB-010"),
        ("99999999999999999999", None, "PB-NB-012"),
    ],
)
def test_decimals(text: str, value: str | None, code: str | None) -> None:
    read = standardise_decimals(pl.Series([text])).row(0)
    assert read == (value and Decimal(value), code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [("12", 12, None), ("12.0", 12, None), ("1,200", 1200, "PB-NB-001"), ("12.5", None, "PB-NB-011")],
)
def test_integers(text: str, value: int | None, code: str | None) -> None:
    assert standardise_integers(pl.Series([text])).row(0) == (value, code)


def test_the_codec_s_private_use_characters_become_real() -> None:
    with REMAP.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    decoded = pl.Series([bytes.fromhex(row["gb18030_bytes"]).decode("gb18030") for row in rows])
    real = [chr(int(row["glibc_codepoint"], 16)) for row in rows]
    assert repair_gb18030(decoded).to_list() == real


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("a b", "a b", None),
        (" a \t b\x00", "a b", "PB-TX-001"),
        ("\ue81e", "龴", "PB-TX-002"),
        ("\ue234", "\ue234", "PB-TX-010"),
        ("a\ufffd", "a\ufffd", "PB-TX-011"),
    ],
)
def test_texts(text: str, value: str, code: str | None) -> None:
    assert standardise_texts(pl.Series([text])).row(0) == (value, code)


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("91110000600037341L", None, "valid"),
        ("9111 0000-600037341l", "PB-UC-010", "valid"),
        ("9111000060003734", "PB-UC-030", "invalid"),
        ("9111000060003734IL", "PB-UC-031", "invalid"),
        ("91110000600037341A", "PB-UC-032", "invalid"),
        ("无", None, "blank"),
    ],
)
def test_credit_codes(text: str, code: str | None, status: str) -> None:
    read = standardise_credit_codes(pl.Series([text])).row(0, named=True)
    assert (read["code"], read["status"]) == (code, status)
    assert read["value"] == ("91110000600037341L" if status == "valid" else None)


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=2, max_size=2), st.integers(0, 10**15 - 1))
def test_credit_codes_agree_with_the_sum_written_out(authority: str, rest: int) -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"{authority}{rest:015}"
    total = sum(alphabet.index(sign) * 3**place for place, sign in enumerate(body))
    passing = [sign for sign in alphabet if (total + alphabet.index(sign)) % 31 == 0]
    read = standardise_credit_codes(pl.Series([body + sign for sign in alphabet]))
    assert read["value"].drop_nulls().to_list() == [body + sign for sign in passing]
