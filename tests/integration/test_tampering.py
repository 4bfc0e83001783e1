"""Random tamperings by a superuser without the signing key: each is found, and what is untouched raises no alarm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.forgetting import forget
from pipelines.proving import Proof, certified, examine
from pipelines.settings import ROOT
from pipelines.stages.publish import publish
from pipelines.stages.report import report
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.store import publication, redacting, signing
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN
from pipelines.store.keys import public_key
from pipelines.store.lake import Lake
from pipelines.store.postgres import Connection, connect, execute, fetch
from tests.integration.conftest import Server
from tests.integration.tampering import TABLES, Tampering, damage, tamper, undone
from tests.office import CONTRACT, FEED, Office, declare, open_office, suite

PUBLISHED = CONTRACT.replace(
    "name: word}",
    "name: name, type: person_name}\n  - {source: DAY, name: registered_on, type: date}\nattributes: {name: 1}",
) + (
    "publishes:\n  table: letters\n  title: {zh: 字母, en: Letters}\n  columns: [letter, name, registered_on]\n  valid: {since: registered_on}\n"
)
DECIDED = """
insert into resolution.judgement_undo (judgement_id, undone_by, reason)
    select judgement_id, 'a chief', 'wrong' from resolution.judgement;
insert into resolution.event_cause (event_id, cause)
    select event_id, 'judgement' from resolution.event on conflict do nothing;
insert into resolution.number_examined (batch_id, version, seen_after)
    select batch_id, 99, 'a trial' from ledger.batch limit 1;
insert into resolution.number_change (batch_id, version, seen_after, record_key, name_key, old_number, new_number)
    select batch_id, 99, 'a trial', 'office/letters|a', 'n', 'one', 'two' from resolution.number_examined
    where version = 99;
insert into resolution.review_case (record_a, record_b, first_run) values ('x', 'y', 'r');
insert into resolution.review_sample (run_id, seed, case_id, stratum, stratum_links, drawn_by)
    select run_id, 1, case_id, 's', 1, 'a clerk' from ledger.run, resolution.review_case limit 1;
insert into ledger.withdrawal (batch_id, was, withdrawn_by, reason)
    select batch_id, 'accepted', 'a clerk', 'a trial' from ledger.batch limit 1;
insert into ledger.export (department, view_name, format, publication, rows, file_sha256, exported_by)
    values ('office', 'person', 'csv', 1, 1, 'h', 'a clerk')
"""
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
    """Four publications with a merge, a rollback and a withdrawn one among them; of two a person was erased since."""
    words = dict(
        zip("abcdefgh", ["王小明", "李四", "张三丰", "odd", "赵六", "钱七", "孙八", "周九"], strict=True)
    )
    words[""] = "no key"
    for sequence, changed in enumerate(({}, {"a": "王大明"}, {"c": "张三"}, {"b": "李五"}), 1):
        gone = {"h"} if sequence > 2 else set()
        office.send(sequence, {key: word for key, word in (words | changed).items() if key not in gone})
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
    with open_database(office.settings) as conn:
        _decide(conn)
        erased = fetch(
            conn, "select person_id from resolution.membership where record_key = 'office/letters|h'"
        )
    forget(office.settings, erased[0]["person_id"], order="2026-17", by="Li", reason="art. 47")
    return certified(office.settings)


def _decide(conn: Connection) -> None:
    """A row of everything that people decide, so that there is something to alter."""
    signing.sign(conn, "1", "preparer", by="a clerk", remark="")
    signing.approve(conn, "2", by="a chief", reason="known")
    signing.waive(conn, FEED, "PB-OFF-003", by="a chief", reason="known", until=date(2030, 1, 1))
    signing.record_unmasking(conn, "publication:1", 1, ["P1"], by="an auditor", purpose="a sample")
    execute(conn, DECIDED)


def _judge(conn: Connection) -> None:
    execute(
        conn,
        "insert into resolution.judgement (record_a, record_b, verdict, judged_by, reason)"
        " values ('office/letters|a', 'office/letters|b', 'positive', 'a clerk', 'known')",
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


@settings(max_examples=40)
@given(draws)
def test_a_tampering_is_found(ground: Ground, one: Tampering) -> None:
    find(ground, one)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_row_that_is_gone_is_found_in_each_table(ground: Ground, table: str) -> None:
    with undone(ground.conn):
        assert tamper(ground.conn, Tampering(table, "delete", 0, 0)), "there is no row to lose"
        assert ground.first_alarm() is not None


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
    lake = Lake(ground.office.settings.lake)
    stored = sorted(p for p in (lake.root / "bytes").rglob("*") if p.is_file())
    stored += [lake.path(f"raw/{batch_id}") for batch_id in redacting.redacted(ground.conn)]
    path = stored[which % len(stored)]
    damage(path, place)
    assert str(ground.first_alarm()).startswith(("bytes of", "rows of"))
    damage(path, place)
    assert ground.first_alarm() is None
