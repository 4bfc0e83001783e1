from __future__ import annotations

import io
import zipfile
from typing import Any

import polars as pl
import pytest

from pipelines.contract.load import load_aliases
from pipelines.contract.model import Contract
from pipelines.errors import DeliveryRefused
from pipelines.intake.delivery import open_delivery, package_bytes
from pipelines.intake.manifest import Manifest

LAYOUT = {"BH": [1, 4], "XM": [5, 12], "CZBZ": [13, 13]}


def contract(**delivery: Any) -> Contract:
    return Contract.model_validate(
        {
            "feed": "office/register",
            "title": {"zh": "登记", "en": "Register"},
            "owner": {"department": "office", "zh": "某局", "en": "Some office"},
            "legal_basis": {"zh": "某法", "en": "Some act"},
            "cadence": "monthly",
            "authority": 1,
            "delivery": delivery,
            "key": [["BH"]],
            "columns": [{"source": "BH", "name": "number"}, {"source": "XM", "name": "name"}],
        }
    )


def read(
    content: bytes, agreed: Contract, mode: str = "full"
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    told = {"feed": "office/register", "data_date": "2026-06-30", "sequence": 1, "mode": mode, "rows": 1}
    with open_delivery(io.BytesIO(content), agreed, Manifest.model_validate(told), load_aliases()) as reading:
        rows = [row for chunk in reading.chunks for row in chunk.rows.rows()]
    return reading.header.names, rows


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("delivery", "codec"),
    [
        ({"form": "text", "encoding": "gb18030"}, "gb18030"),
        ({"form": "text", "encoding": "gbk"}, "gbk"),
        ({"form": "text", "encoding": "utf-8"}, "utf-8-sig"),
        ({"form": "text", "encoding": "utf-16"}, "utf-16"),
    ],
)
def test_text_is_read_in_every_agreed_encoding(delivery: dict[str, Any], codec: str) -> None:
    content = "BH,姓名\r\n1,王芳\r\n".encode(codec)
    assert read(content, contract(**delivery)) == (("BH", "XM"), [(1, "1", "王芳")])
    packed = zipped("人口.csv", content)
    assert read(packed, contract(**delivery, archive="zip"))[1] == [(1, "1", "王芳")]


@pytest.mark.parametrize("codec", ["utf-16", "utf-8", "gb18030"])
@pytest.mark.parametrize("agreed", ["utf-16", "utf-8", "gb18030"])
def test_another_encoding_than_agreed_yields_no_other_characters(agreed: str, codec: str) -> None:
    content = "BH,XM\r\n1,王芳\r\n2,欧阳某某\r\n".encode(codec)
    try:
        _, rows = read(content, contract(form="text", encoding=agreed))
    except DeliveryRefused as refusal:
        assert refusal.code in ("PB-DL-015", "PB-HD-003")  # noqa: PT017 - a refusal is one of two good ends
    else:
        assert [row[2] for row in rows] == (["王芳", "欧阳某某"] if codec == agreed else [])


@pytest.mark.parametrize(("mode", "end"), [("full", ""), ("incremental", "U")])
def test_the_operation_stands_last_in_a_record_of_fixed_width(mode: str, end: str) -> None:
    agreed = contract(form="fixed_width", encoding="gbk", layout=LAYOUT)
    content = f"0001王芳    {end}\r\n".encode("gbk")
    expected = (1, "0001", "王芳", *([end] if end else []))
    assert read(content, agreed, mode)[1] == [expected]


def test_an_empty_file_and_a_header_alone_are_told_apart() -> None:
    agreed = contract(form="text")
    assert read(b"BH,XM\r\n", agreed)[1] == []
    with pytest.raises(DeliveryRefused, match="PB-DL-011"):
        read(b"", agreed)


def test_a_package_of_a_table_comes_back_as_it_was() -> None:
    package = pl.DataFrame({"BH": ["1", ""], "XM": ['say "x", y', None]})
    agreed = contract(form="table", table="front.x", package_column="BAO")
    assert read(package_bytes(package), agreed)[1] == [(1, "1", 'say "x", y'), (2, "", "")]
