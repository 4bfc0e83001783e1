"""What people judged, from the command to what readers see, and back when it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.explaining import explain_person
from pipelines.privacy import reference
from pipelines.proving import verify
from pipelines.reviewing import cases
from pipelines.running import run_all
from pipelines.settings import Settings
from pipelines.store.database import front_database_url, open_database
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.store.postgres import fetch
from pipelines.synthetic.generate import generate

pytestmark = pytest.mark.long
PERSON = "select person_id, record_count from golden.person where to_publication is null and person_id = any(%s) order by 1"
TWO = """
select a.person_id as one, b.person_id as other, a.record_key as record_a, b.record_key as record_b
from golden.provenance p join resolution.membership a using (record_key)
cross join lateral (
    select m.person_id, m.record_key from golden.provenance q join resolution.membership m using (record_key)
    where q.attribute = 'citizen_id' and m.person_id > a.person_id order by m.person_id limit 1) b
where p.attribute = 'citizen_id' order by a.person_id limit 1
"""
SHARED = """
select min(record_key) as record_a, max(record_key) as record_b, person_id from resolution.membership
where person_id = %s group by person_id
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made, delivered = Settings(home=tmp_path / "home"), tmp_path / "delivered"
    generate(200, 5, delivered, 1)
    load_front_folder(front_database_url(made), delivered / "front")
    run(made, delivered / "inbox")
    yield made
    stop_server(made)


def run(settings: Settings, inbox: Path) -> Any:
    return run_all(settings, inbox, lambda *_: None)


def ask(settings: Settings, sql: str, *params: object) -> list[dict[str, Any]]:
    with open_database(settings) as conn:
        return fetch(conn, sql, params)


def decide(settings: Settings, a: str, b: str, verdict: Any) -> int:
    case = cases.open_case(settings, reference(a), reference(b))["case"]
    return int(cases.decide(settings, case, verdict, by="甲", why="a trial")["judgement"])


def content(settings: Settings) -> str:
    rows = ask(settings, "select content_hash from publication.publication order by number desc limit 1")
    return str(rows[0]["content_hash"])


def test_two_numbers_become_one_person_and_two_again(settings: Settings, tmp_path: Path) -> None:
    first, (pair,) = content(settings), ask(settings, TWO)
    judgement = decide(settings, pair["record_a"], pair["record_b"], "link")
    assert run(settings, tmp_path / "nothing").publication == 2
    (left,) = ask(settings, PERSON, [pair["one"], pair["other"]])
    assert left["person_id"] == pair["one"]
    assert explain_person(settings, pair["other"])["redirected_from"] == pair["other"]
    cases.undo(settings, judgement, by="乙", why="a trial")
    assert run(settings, tmp_path / "nothing").publication == 3
    assert len(ask(settings, PERSON, [pair["one"], pair["other"]])) == 2
    assert content(settings) == first
    events = explain_person(settings, pair["other"])["events"]
    assert [(e["kind"], e["cause"]) for e in events] == [
        ("merged", "judgement"),
        ("restored", "judgement_undone"),
    ]
    assert all(verify(settings, number).altered is None for number in (1, 2, 3))


def test_records_of_one_number_are_parted_for_readers_too(settings: Settings, tmp_path: Path) -> None:
    sql = "select person_id from golden.person where record_count > 2 and citizen_id is not null order by 1 limit 1"
    person = ask(settings, sql)[0]["person_id"]
    (pair,) = ask(settings, SHARED, person)
    decide(settings, pair["record_a"], pair["record_b"], "non-link")
    run(settings, tmp_path / "nothing")
    keys = [pair["record_a"], pair["record_b"]]
    sql = "select distinct person_id from resolution.membership where record_key = any(%s)"
    persons = [row["person_id"] for row in ask(settings, sql, keys)]
    assert len(ask(settings, PERSON, persons)) == 2
    assert person in persons
