"""A year of a county: six feeds, twelve months. Every page of the site stays small and asks for nothing outside."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.contract.load import load_contracts
from pipelines.running import run_all
from pipelines.settings import Settings
from pipelines.store.database import front_database_url, open_database
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.store.postgres import fetch
from pipelines.synthetic.generate import generate
from tests.acceptance.conftest import silent

LARGEST = 3 << 20
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def year() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="popbase-test-") as folder:
        base = Path(folder)
        base.chmod(0o755)  # the server's account looks in
        generate(2000, 12, base / "county", 12)
        settings = Settings(home=base / "home")
        load_front_folder(front_database_url(settings), base / "county" / "front")
        run_all(settings, base / "county" / "inbox", silent)
        yield settings
        stop_server(settings)


def test_every_page_of_a_year_is_small_and_whole(year: Settings) -> None:
    pages = list(year.reports.rglob("*.html"))
    assert len({page.parent for page in pages}) > 50
    assert {page.name: size for page in pages if (size := page.stat().st_size) > LARGEST} == {}
    outside = [p for p in pages if re.search(r"(src|href)=\"https?:", p.read_text(encoding="utf-8"))]
    assert outside == []


def test_drift_of_a_year_is_told_with_limits_and_raises_no_false_alarm(year: Settings) -> None:
    with open_database(year) as conn:
        told = fetch(
            conn,
            "select b.feed, count(distinct b.batch_id) as deliveries, count(*) filter (where is_outside) as outside,"
            " count(*) filter (where is_outside is not null) as judged from quality.profile p"
            " join ledger.batch b using (batch_id) group by 1 order by 1",
        )
    assert [row["feed"] for row in told] == sorted(load_contracts())
    judged, outside = (sum(row[name] for row in told) for name in ("judged", "outside"))
    assert judged > 1000
    assert outside / judged < 0.002
