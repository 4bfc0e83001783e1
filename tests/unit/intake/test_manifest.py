from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipelines.errors import DeliveryRefused
from pipelines.intake.manifest import Found, find_deliveries, read_manifest, unknown_feeds

GOOD = {
    "feed": "office/register", "data_date": "2026-06-30", "sequence": 1, "mode": "full",
    "file": "a.csv", "rows": 2, "sha256": "0" * 64, "encoding": "GBK", "whatever": {"else": 1},
}  # fmt: skip


def found(**changes: object) -> Found:
    told = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    return Found("office/register", Path("x"), json.dumps(told).encode())


def test_a_manifest_is_read_and_further_keys_are_kept() -> None:
    manifest = read_manifest(found())
    assert (manifest.sequence, manifest.rows) == (1, 2)
    assert manifest.model_extra is not None
    assert manifest.model_extra["whatever"] == {"else": 1}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rows": ...}, "PB-DL-001"),
        ({"sequence": 0}, "PB-DL-001"),
        ({"data_date": "2026-02-30"}, "PB-DL-001"),
        ({"mode": "sometimes"}, "PB-DL-001"),
        ({"feed": "office/other"}, "PB-DL-003"),
        ({"file": "../a.csv"}, "PB-DL-008"),
    ],
)
def test_a_manifest_that_cannot_be_taken_says_why(change: dict[str, object], code: str) -> None:
    with pytest.raises(DeliveryRefused) as caught:
        read_manifest(found(**change))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "\0"},
        {"sender": "\ud800"},
        {"else": {"\0": 1}},
        {"else": float("nan")},
        {"rows": 10**19},
        {"replaces": 10**12},
        {"sender": "x" * 2000},
        {"control_totals": {"A": {"sum": float("inf")}}},
    ],
)
def test_what_a_database_would_not_keep_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DeliveryRefused, match="PB-DL-001"):
        read_manifest(found(**change))


def test_a_backslash_before_u0000_is_no_nul() -> None:
    manifest = read_manifest(found(sender="\\u0000"))
    assert manifest.sender == "\\u0000"


def test_a_folder_named_in_gbk_has_a_name_one_can_write_down(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/office/register/" + "六月".encode("gbk")))
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    assert [f.name for f in find_deliveries(tmp_path, "office/register")] == ["六月"]
    assert Found("a/b", Path(os.fsdecode(b"\xff\xff")), b"").name == r"\xff\xff"


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(DeliveryRefused, match="PB-DL-001"):
        read_manifest(Found("office/register", Path("x"), text))


def test_a_folder_without_its_manifest_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "office/register/2026-06-30").mkdir(parents=True)
    assert find_deliveries(tmp_path, "office/register") == []


def test_deliveries_that_no_contract_takes_are_counted(tmp_path: Path) -> None:
    for folder in ("office/register/1", "office/other/1", "office/other/2"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "manifest.json").write_text("{}")
    assert unknown_feeds(tmp_path, ["office/register"]) == {"office/other": 2}
