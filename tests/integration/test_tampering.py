"""Random tamperings by a superuser without the signing key: each is found, and what is untouched raises no alarm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.proving import Proof, certified, examine
from pipelines.settings import ROOT
from pipelines.stages.publish import publish
from pipelines.stages.report import report
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.store import publication
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN
from pipelines.store.keys import public_key
from pipelines.store.lake import Lake
from pipelines.store.postgres import Connection, connect, execute
from tests.integration.conftest import Server
from tests.integration.tampering import TABLES, Tampering, damage, tamper, undone
from tests.office import CONTRACT, Office, declare, open_office, suite

PUBLISHED = CONTRACT.replace(
    "name: word}",
    "name: name, type: person_name}\n  - {source: DAY, name: registered_on, type: date}\nattributes: {name: 1}",
) + (
    "publishes:\n  table: letters\n  title: {zh: 字母, en: Letters}\n  columns: [letter, name, registered_on]\n  valid: {since: registered_on}\n"
)
draws = st.builds(
    Tampering,
    table=st.sampled_from(sorted(TABLES)),
    kind=st.sampled_from(["cell", "cell", "cell", "delete", "copy", "cut"]),
    row=st.integers(0, 40),
    column=st.integers(0, 40),
)


@dataclass
class Ground:
    """An office with publications, seen by a superuser, and what its auditor holds."""

    office: Office
    conn: Connection
    numbers: list[int]

    def first_alarm(self) -> str | None:
        """What the auditor, who verifies every publication, is told first."""
        held = self.office.settings.reports / f"{self.numbers[-1]:06d}" / "certificate.json"
        public = public_key(self.office.settings.signing_key.with_suffix(".pub"))
        lake = Lake(self.office.settings.lake)
        proofs: Iterator[Proof] = (examine(self.conn, lake, n, public, held) for n in self.numbers)
        return next((proof.altered for proof in proofs if proof.altered), None)


def make(office: Office) -> list[int]:
    """Four publications with a merge, a rollback and a withdrawn one among them."""
    words = dict(
        zip("abcdefgh", ["王小明", "李四", "张三丰", "odd", "赵六", "钱七", "孙八", "周九"], strict=True)
    )
    for sequence, changed in enumerate(({}, {"a": "王大明"}, {"c": "张三"}, {"b": "李五"}), 1):
        office.send(sequence, words | changed)
        office.take()
        resolve(office.settings)
        survive(office.settings)
        assert publish(office.settings)["decision"] == "released"
        with open_database(office.settings) as conn:
            if sequence == 1:
                _judge(conn)
            if sequence == 3:
                publication.rollback(conn, 2, by="somebody", reason="a trial")
    report(office.settings)
    return certified(office.settings)


def _judge(conn: Connection) -> None:
    execute(
        conn,
        "insert into resolution.judgement (record_a, record_b, verdict, judged_by, reason)"
        " select min(record_key), max(record_key), 'positive', 'a clerk', 'known' from resolution.membership",
    )


@pytest.fixture(scope="module")
def ground(database: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    name, folder = database.copy(), tmp_path_factory.mktemp("tampering")
    office = open_office(replace(database.settings, database_url=database.url(name)), folder)
    declare(office.settings.declarations, PUBLISHED, suite().replace("column: word", "column: name"))
    shutil.copytree(ROOT / "expectations" / "published", office.settings.expectations / "published")
    numbers = make(office)
    with connect(database.url(name, ADMIN)) as conn:
        yield Ground(office, conn, numbers)
    database.admin(f"drop database {name} with (force)")


def find(ground: Ground, one: Tampering) -> None:
    with undone(ground.conn):
        assume(tamper(ground.conn, one))
        assert ground.first_alarm() is not None
    assert one.row % 8 or ground.first_alarm() is None


@settings(max_examples=60)
@given(draws)
def test_a_tampering_is_found(ground: Ground, one: Tampering) -> None:
    find(ground, one)


@pytest.mark.long
@settings(max_examples=1000, derandomize=False)
@given(draws)
def test_a_thousand_tamperings_are_found(ground: Ground, one: Tampering) -> None:
    find(ground, one)


@pytest.mark.long
def test_a_thousand_looks_at_what_nobody_touched_raise_no_alarm(ground: Ground) -> None:
    assert [ground.first_alarm() for _ in range(1000 // len(ground.numbers) + 1)].count(None) > 250


@settings(max_examples=10)
@given(st.integers(0, 10), st.integers(0, 10_000))
def test_a_delivered_byte_that_is_another_is_found(ground: Ground, which: int, place: int) -> None:
    stored = sorted(p for p in (ground.office.settings.lake / "bytes").rglob("*") if p.is_file())
    path = stored[which % len(stored)]
    damage(path, place)
    assert "bytes of" in str(ground.first_alarm())
    damage(path, place)
    assert ground.first_alarm() is None
