"""The demo's two delivery dates, made of a small generated county."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.synthetic.generate import generate
from scripts.demo.deliveries import Oddity, Sent, by_date, deliver, oddities


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    generate(120, 3, folder, 2)
    return folder


@pytest.fixture(scope="module")
def dates(county: Path) -> tuple[list[Sent], list[Sent]]:
    return by_date(county, load_contracts())


@pytest.fixture(scope="module")
def odd(dates: tuple[list[Sent], list[Sent]]) -> tuple[Oddity, Oddity, Oddity]:
    return oddities(load_contracts(), *dates, load_aliases())


def arrived(oddity: Oddity, inbox: Path) -> tuple[dict[str, Any], Path]:
    deliver(oddity.sent, inbox, oddity.name, change=oddity.change)
    folder = inbox / oddity.sent.feed / oddity.name
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest, folder / manifest["file"]


def test_every_feed_sends_on_the_first_date_and_nothing_is_lost(
    county: Path, dates: tuple[list[Sent], list[Sent]]
) -> None:
    first, second = dates
    assert {d.feed for d in first} == set(load_contracts())
    assert second
    assert len(first) + len(second) == len(list((county / "inbox").glob("*/*/*/manifest.json")))


def test_the_damaged_delivery_is_not_what_its_sender_hashed(
    odd: tuple[Oddity, Oddity, Oddity], tmp_path: Path
) -> None:
    manifest, file = arrived(odd[1], tmp_path)
    assert odd[1].is_refused
    assert manifest["sequence"] == odd[1].sent.manifest["sequence"] + 1
    assert hashlib.sha256(file.read_bytes()).hexdigest() != manifest["sha256"]


def test_the_renamed_column_is_the_only_difference(
    odd: tuple[Oddity, Oddity, Oddity], tmp_path: Path
) -> None:
    manifest, file = arrived(odd[2], tmp_path)
    sent = odd[2].sent.folder / manifest["file"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == manifest["sha256"]
    assert file.read_bytes().split(b"\n", 1)[1] == sent.read_bytes().split(b"\n", 1)[1]
    encoding = load_contracts()[odd[2].sent.feed].delivery.encoding
    before, after = (p.read_bytes().split(b"\n", 1)[0].decode(encoding).split(",") for p in (sent, file))
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_the_redelivery_is_the_same_bytes_in_another_folder(
    odd: tuple[Oddity, Oddity, Oddity], tmp_path: Path
) -> None:
    manifest, file = arrived(odd[0], tmp_path)
    assert manifest == odd[0].sent.manifest
    assert file.read_bytes() == (odd[0].sent.folder / manifest["file"]).read_bytes()
    assert odd[0].name != odd[0].sent.folder.name
