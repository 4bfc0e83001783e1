"""Who signs what, what a waiver lets pass, and which persons an audit looks at."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.sampling import allot, draw
from pipelines.settings import Settings
from pipelines.stages.upkeep import approve
from pipelines.store import signing
from pipelines.store.database import open_database
from tests.office import Office, batch_id, open_office

GOOD = {"a": "one", "b": "two"}
BAD = {"a": "bad", "b": "bad", "c": "one"}


@pytest.fixture
def office(fresh: Settings, tmp_path: Path) -> Office:
    return open_office(fresh, tmp_path)


def test_three_different_people_sign_in_their_order(office: Office) -> None:
    office.send(1, GOOD)
    office.take()
    name = batch_id(1, GOOD)
    with open_database(office.settings) as conn:
        with pytest.raises(UsageError, match="no preparer"):
            signing.sign(conn, name, "reviewer", by="甲", remark="")
        signing.sign(conn, name, "preparer", by="甲", remark="ready")
        with pytest.raises(UsageError, match="one person"):
            signing.sign(conn, name, "reviewer", by="甲", remark="")
        signing.sign(conn, name, "reviewer", by="乙", remark="")
        signing.sign(conn, name, "approver", by="丙", remark="")
    signed = office.ask("select role, signed_by from ledger.signature order by signature_id")
    assert [tuple(row.values()) for row in signed] == [
        ("preparer", "甲"),
        ("reviewer", "乙"),
        ("approver", "丙"),
    ]


def test_an_approval_is_the_approvers_signature(office: Office) -> None:
    office.send(1, dict.fromkeys("abcdefgh", "one"))
    office.send(2, GOOD)
    assert office.take()["waiting"] == [batch_id(2, GOOD)]
    with open_database(office.settings) as conn:
        signing.sign(conn, batch_id(2, GOOD), "preparer", by="甲", remark="")
    with pytest.raises(UsageError, match="does not approve"):
        approve(office.settings, batch_id(2, GOOD), by="甲", reason="checked")
    approve(office.settings, batch_id(2, GOOD), by="乙", reason="checked")
    (line,) = office.ask("select signed_by, remark from ledger.signature where role = 'approver'")
    assert list(line.values()) == ["乙", "checked"]


def waived(office: Office, until: date) -> str:
    with open_database(office.settings) as conn:
        signing.waive(conn, "office/letters", "PB-OFF-001", by="甲", reason="a test", until=until)
    office.send(1, BAD)
    office.take()
    (line,) = office.ask("select decision from quality.verdict")
    return str(line["decision"])


def test_a_waiver_lets_a_delivery_pass_with_a_reservation(office: Office) -> None:
    assert waived(office, until=date(2026, 1, 2)) == "reservations"
    assert office.states() == ["accepted"]
    assert office.ask("select rule_id from quality.rule_waived") == [{"rule_id": "PB-OFF-001"}]


def test_an_expired_waiver_lets_nothing_pass(office: Office) -> None:
    assert waived(office, until=date(2026, 1, 1)) == "stop"
    assert office.states() == ["refused"]


def strata(*sizes: int) -> pl.DataFrame:
    names = [(f"P{s}-{n:04d}", f"s{s}") for s, size in enumerate(sizes) for n in range(size)]
    return pl.DataFrame(names, schema=["person_id", "stratum"], orient="row")


def test_the_same_seed_draws_the_same_persons_whatever_their_order() -> None:
    people = strata(300, 40, 3)
    drawn = draw(people, 20, 7).sort("person_id")
    assert drawn.equals(draw(people.reverse(), 20, 7).sort("person_id"))
    assert not drawn.equals(draw(people, 20, 8).sort("person_id"))
    assert drawn.group_by("stratum").len().sort("stratum")["len"].to_list() == [17, 2, 1]


def test_a_sample_has_its_size_and_no_stratum_more_than_it_holds() -> None:
    assert allot({"a": 3, "b": 1}, 4) == {"a": 3, "b": 1}
    assert allot({"a": 5, "b": 1, "c": 1}, 2) == {"a": 1, "b": 1}
    assert sum(allot({"a": 1000, "b": 10, "c": 1}, 50).values()) == 50
