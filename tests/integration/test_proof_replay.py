"""A publication made again from the delivered bytes: what a certificate cannot know, because it was signed so."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.proving import Proof, verify
from pipelines.settings import Settings
from pipelines.stages.publish import publish
from pipelines.stages.replay import replay
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.store.database import open_database
from pipelines.store.judging import judge
from pipelines.store.lake import Lake
from pipelines.store.postgres import fetch
from tests.office import CONTRACT, FEED, Office, declare, open_office

NAMED = CONTRACT.replace("name: word}", "name: name, type: person_name}\nattributes: {name: 1}")
ROWS = {"a": "王小明", "b": "李四", "c": "张三丰", "d": "赵六", "e": "钱七", "f": "孙八"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    office = open_office(fresh, tmp_path)
    declare(office.settings.declarations, NAMED)
    return office


def take(office: Office, sequence: int, rows: dict[str, str]) -> None:
    office.send(sequence, rows)
    office.take()
    resolve(office.settings)
    survive(office.settings)


def again(office: Office, number: int) -> Proof:
    return verify(office.settings, number, replay=True)


def test_publications_come_out_again_as_they_were(office: Office) -> None:
    take(office, 1, ROWS)
    publish(office.settings)
    with open_database(office.settings) as conn:
        keys = fetch(conn, "select min(record_key) as a, max(record_key) as b from resolution.membership")[0]
        judge(conn, (keys["a"], keys["b"]), "positive", by="a clerk", reason="known")
    take(office, 2, ROWS | {"b": "李五", "g": "周九"})
    publish(office.settings)
    proofs = [again(office, number) for number in (1, 2)]
    assert [(proof.verdict, proof.checked[-1]) for proof in proofs] == [("holds", "replay")] * 2
    left = {path.name for path in (office.settings.lake).iterdir()}
    assert not [name for name in left if "replay" in name]


def test_what_was_forged_before_it_was_signed_is_found(office: Office) -> None:
    take(office, 1, ROWS)
    lake = Lake(office.settings.lake)
    (name,) = (f"golden/{path.parent.name}/person" for path in lake.root.glob("golden/*/person.parquet"))
    forged = lake.read(name).with_columns(pl.col("name").str.replace("李四", "李五"))
    lake.write(name, forged)
    publish(office.settings)
    assert verify(office.settings, 1).verdict == "holds", "its certificate says so"
    assert again(office, 1).altered == "replay: person: 2 rows differ from what the deliveries make"


def test_what_cannot_be_made_again_says_why(office: Office) -> None:
    take(office, 1, ROWS)
    publish(office.settings)
    declare(office.settings.declarations, NAMED.replace("Letters", "Other letters"))
    assert "contracts" in str(again(office, 1).missing)
    declare(office.settings.declarations, NAMED)
    policies = office.settings.policies
    shipped = policies.resolve()
    policies.unlink()
    policies.mkdir()
    for path in shipped.glob("*.yml"):
        (policies / path.name).write_bytes(path.read_bytes() + b"\n")
    assert "the policy linkage" in str(again(office, 1).missing)
    replay(office.settings, feed=FEED)
    office.judge()
    assert again(office, 1).verdict == "unprovable"
