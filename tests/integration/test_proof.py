"""A publication against its certificate: whoever may write to the database, without the key, is found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.looking_back import seen_on
from pipelines.proving import examine, verify
from pipelines.settings import Settings
from pipelines.stages.publish import publish
from pipelines.stages.replay import replay
from pipelines.stages.report import report
from pipelines.stages.resolve import resolve
from pipelines.stages.survive import survive
from pipelines.store.certificates import spelled
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN
from pipelines.store.facts import facts
from pipelines.store.keys import public_key, signed, signing_key
from pipelines.store.lake import Lake
from pipelines.store.postgres import execute
from tests.integration.conftest import Server
from tests.integration.tampering import undone
from tests.office import CONTRACT, FEED, Office, declare, open_office

ROWS = {"a": "甲一", "b": "乙二", "c": "丙三"}
NAMED = CONTRACT.replace("name: word}", "name: name, type: person_name}\nattributes: {name: 1}")
TAMPERINGS = (
    ("tables", "update golden.person set name = '甲二' where name = '甲一'"),
    ("tables", "delete from golden.person where name = '甲一'"),
    ("tables", "update golden.person set row_hash = '\\x00'"),
    ("content_hash", "update publication.publication set content_hash = 'other'"),
    ("run", "update ledger.run set records = records + 1"),
    ("policies", "update ledger.run set inputs = jsonb_set(inputs, '{policies,linkage}', '\"x\"')"),
    ("deliveries", "update ledger.batch set data_date = data_date + 1"),
    ("conservation", "update ledger.conservation set rows_in = rows_in + 1, rows_on = rows_on + 1"),
    ("deliveries", "delete from quality.rule_result"),
    ("deliveries", "update ledger.batch set version = version + 1"),
    ("deliveries", "update quality.verdict set decision = 'stop'"),
    ("provenance", "update golden.row_provenance set record_keys[1] = record_keys[1] || 'x'"),
    ("memberships", "update resolution.assignment set person_id = 'x'"),
    ("memberships of today", "update resolution.membership set run_id = 'x'"),
    ("person_ids", "update resolution.person set first_run = 'x'"),
    ("movements", "update publication.movement set moved_by = 'x'"),
    ("movements", "delete from publication.movement"),
    ("released_by", "update publication.publication set released_by = 'x'"),
    ("pointer", "update publication.pointer set number = 0"),
    ("pointer", "insert into publication.movement (from_number, to_number, moved_by) values (1, 0, 'x')"),
    ("rows of no publication", "update golden.person set to_publication = 9"),
    ("redirects", "update resolution.person set redirect_to = person_id"),
    ("audit chain", "update audit.event set actor = 'x' where position = 2"),
    ("audit chain", "delete from audit.event where position = 2"),
    ("events", "delete from audit.event where position >= 4"),
    ("audited ledger.batch", "update ledger.batch set status = 'withdrawn'"),
    ("runs", "update ledger.run set stage = 'survived'"),
    ("chain", "update publication.certificate set signature = 'AAAA'"),
    ("chain", "update publication.certificate set previous_sha256 = sha256"),
    ("certificate", "delete from publication.certificate"),
)


@pytest.fixture
def office(database: Server, copy: str, tmp_path: Path) -> Office:
    superuser = replace(database.settings, database_url=database.url(copy, ADMIN))
    office = open_office(superuser, tmp_path)
    declare(office.settings.declarations, NAMED)
    office.send(1, ROWS)
    office.take()
    _publish(office)
    return office


def _publish(office: Office) -> None:
    resolve(office.settings)
    survive(office.settings)
    assert publish(office.settings)["decision"] == "released"


def tampered(office: Office, sql: str) -> str:
    """What is named first after a statement by a superuser, which is undone again."""
    public = public_key(office.settings.signing_key.with_suffix(".pub"))
    with open_database(office.settings) as conn:
        execute(conn, "reset role")
        with undone(conn):
            execute(conn, sql)
            return str(examine(conn, Lake(office.settings.lake), 1, public).altered)


def test_what_nobody_touched_holds_also_after_a_replay(office: Office) -> None:
    proof = verify(office.settings, 1)
    assert (proof.altered, proof.checked[0], proof.checked[-1][:8]) == (None, "chain", "audited ")
    assert seen_on(office.settings, date(2026, 1, 1))["publication"] == 0
    replay(office.settings, feed=FEED)
    office.judge()
    again = verify(office.settings, 1)
    assert (again.altered, len(again.notes)) == (None, 1), "the auditor is told what was judged again"
    with pytest.raises(UsageError, match="no publication 7"):
        verify(office.settings, 7)


def test_every_tampering_is_found_and_named(office: Office) -> None:
    found = [(tampered(office, sql).split(":")[0], sql) for _, sql in TAMPERINGS]
    assert found == list(TAMPERINGS)
    assert verify(office.settings, 1).altered is None
    (stored,) = (path for path in (office.settings.lake / "bytes").rglob("*") if path.is_file())
    stored.write_bytes(stored.read_bytes()[:-1])
    assert "not the delivered ones" in str(verify(office.settings, 1).altered)


def test_only_a_certificate_the_auditor_kept_shows_that_an_older_database_was_put_back(
    office: Office, database: Server, copy: str
) -> None:
    older = f"{copy}_older"
    database.admin(f"create database {older} template {copy}")
    put_back = replace(office.settings, database_url=database.url(older, ADMIN))
    office.send(2, ROWS | {"a": "甲七"})
    office.take()
    _publish(office)
    report(office.settings)
    held = office.settings.reports / "000002" / "certificate.json"
    public = office.settings.signing_key.with_suffix(".pub")
    assert verify(office.settings, 2, key=public, held=held).altered is None
    assert verify(put_back, 1).altered is None, "what is whole in itself looks whole"
    told = verify(put_back, 1, key=public, held=held).altered
    assert told == "held certificate: certificate 2 is gone: the chain was cut"
    kept = json.loads(held.read_text(encoding="utf-8"))
    held.write_text(
        json.dumps(kept | {"body": kept["body"].replace('"base":1', '"base":0')}), encoding="utf-8"
    )
    assert "signature" in str(verify(office.settings, 1, key=public, held=held).altered)
    database.admin(f"drop database {older} with (force)")


def test_a_certificate_of_the_first_form_holds_and_says_what_it_does_not_speak_of(office: Office) -> None:
    with open_database(office.settings) as conn:
        body = spelled(facts(conn, 1, form=1) | {"previous": None})
        said = (body, hashlib.sha256(body.encode()).hexdigest(), signed(signing_key(office.settings), body))
        execute(conn, "update publication.certificate set body = %s, sha256 = %s, signature = %s", said)
    proof = verify(office.settings, 1)
    assert (proof.altered, len(proof.notes)) == (None, 1)
    assert "provenance" in proof.notes[0]
    assert tampered(office, "delete from golden.person") != "None"
    assert tampered(office, "delete from golden.row_provenance") == "None"


def test_a_certificate_has_a_page_in_both_languages_without_a_value(office: Office) -> None:
    report(office.settings)
    folder = office.settings.reports / "000001"
    sha256 = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))["sha256"]
    for page, word in (("certificate.html", "发布证书"), ("certificate.en.html", "Certificate")):
        html = (folder / page).read_text(encoding="utf-8")
        assert sha256 in html
        assert word in html
        assert "甲一" not in html
        assert page in (folder / page.replace("certificate", "index")).read_text(encoding="utf-8")


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert signing_key(settings).private_bytes_raw() == signing_key(settings).private_bytes_raw()
    assert settings.signing_key.stat().st_mode & 0o777 == 0o600
    settings.signing_key.write_text("no key", encoding="utf-8")
    with pytest.raises(UsageError, match="no Ed25519 key"):
        signing_key(settings)
