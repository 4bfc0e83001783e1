"""Airflow itself, as `make demo` starts it: what it keeps of the people, and what a person's no does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.contract.load import load_contracts
from pipelines.settings import Settings
from pipelines.store.database import front_database_url, open_database
from pipelines.store.front import load_front_folder
from pipelines.store.postgres import fetch
from pipelines.synthetic.generate import generate
from scripts.demo.api import Api, wait_until_ready
from scripts.demo.deliveries import Sent, by_date, deliver
from scripts.demo.services import Airflow
from scripts.demo.story import DEMO_ONLY, POPULATION, services
from scripts.demo.watch import Watch, over
from tests.acceptance.canaries import Flock

pytestmark = pytest.mark.long
CONTRACTS = load_contracts()
NAMES = {contract.slug: feed for feed, contract in CONTRACTS.items()}


@dataclass
class Office:
    """A home whose Airflow is up, the deliveries of its county, and the markers planted in them."""

    settings: Settings
    airflow: Airflow
    watch: Watch
    flock: Flock
    sent: list[Sent]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    settings = Settings(home=tmp_path_factory.mktemp("airflow"))
    county, flock = settings.home / "county", Flock()
    generate(400, 1, county, 1)
    flock.plant(county)
    with services(settings, DEMO_ONLY) as airflow:
        airflow.bring_up()
        load_front_folder(front_database_url(settings), county / "front")
        api = Api(airflow)
        wait_until_ready(api, {*NAMES, POPULATION})
        watch = Watch(api, Console(quiet=True), NAMES)
        sent = by_date(county, CONTRACTS)[0]
        for delivery in sent:
            deliver(delivery, settings.home / "inbox")
        watch.until("feeds", over(NAMES, 1))
        watch.until("population", over([POPULATION], 1))
        yield Office(settings, airflow, watch, flock, sent)


def shrunk(sent: Sent) -> Sent:
    """The next delivery of that feed: a whole register of which one row is left."""
    file = sent.folder / str(sent.manifest["file"])
    content = b"".join(file.read_bytes().splitlines(keepends=True)[:2])
    file.write_bytes(content)
    facts = {
        "sequence": sent.manifest["sequence"] + 1,
        "rows": 1,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return replace(sent, manifest={**sent.manifest, **facts, "control_totals": {}})


def states(settings: Settings, feed: str) -> list[str]:
    with open_database(settings) as conn:
        rows = fetch(conn, "select status from ledger.batch where feed = %s order by sequence", (feed,))
    return [row["status"] for row in rows]


def test_what_a_person_refuses_in_airflow_is_withdrawn(office: Office) -> None:
    sent = next(s for s in office.sent if str(s.manifest["file"]).endswith(".csv"))
    office.watch.answer = "Reject"
    deliver(shrunk(sent), office.settings.home / "inbox", "shrunk")
    office.watch.until("the no", over([CONTRACTS[sent.feed].slug], 2))
    assert states(office.settings, sent.feed) == ["accepted", "withdrawn"]
    with open_database(office.settings) as conn:
        said = fetch(conn, "select withdrawn_by, reason, was from ledger.withdrawal")
    assert said == [{"withdrawn_by": "admin", "reason": "it is only a demo", "was": "waiting"}]


def test_airflows_database_and_logs_hold_nothing_of_the_people(office: Office) -> None:
    url = office.airflow.database_url.replace("postgresql+psycopg2:", "postgresql:", 1)
    assert len(office.flock.numbers) > 400
    assert office.flock.seen_in_database(url) == {}
    assert office.flock.seen_in_files(Path(office.airflow.home).rglob("*")) == {}
