"""The demo's story: a county, two delivery dates, everything through Airflow; then what to look at."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.contract.model import Contract
from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.store.database import airflow_database_url, front_database_url, open_database
from pipelines.store.embedded import stop_server
from pipelines.store.front import load_front_folder
from pipelines.synthetic.generate import generate
from scripts.demo.api import Api, wait_until_ready
from scripts.demo.deliveries import Sent, by_date, deliver, oddities
from scripts.demo.services import Airflow
from scripts.demo.tables import print_tables
from scripts.demo.watch import Watch, over

POPULATION = "population"
MARK = ".demo"  # a folder without it is never deleted
DEMO_ONLY = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "POPBASE_LOOK_EVERY": "15",
    "POPBASE_CUT_OFF": "0 0 29 2 *",  # the demo says itself when the cut-off has come
}
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 110)


def demo(settings: Settings, persons: int) -> None:
    """Everything, from an empty home; an earlier demo's is deleted.

    Raises:
        RuntimeError: a service or a task failed, or rows are not accounted for.
    """
    started = time.monotonic()
    contracts = load_contracts(settings.contracts)
    _begin_anew(settings)
    with services(settings, DEMO_ONLY) as airflow, ThreadPoolExecutor(1) as pool:
        up = pool.submit(airflow.bring_up)
        _generate(settings, persons)
        first, second = by_date(settings.home / "county", contracts)
        _first_deliveries(settings, first)
        with console.status("Airflow starts: API server, scheduler, DAG processor"):
            up.result()
            watch = _watch(airflow, contracts)
        console.print(f"  [dim]Airflow was up after {time.monotonic() - started:.0f} s[/]")
        _first_date(watch)
        _second_date(settings, watch, contracts, (first, second))
        print_tables(settings, console)
    _what_next(settings, contracts, time.monotonic() - started)


def keep_open(settings: Settings) -> None:
    """Airflow on the home of an earlier demo, until Ctrl-C."""
    if not (settings.home / "airflow").exists():
        raise UsageError(f"there is no demo in {settings.home} yet", hint="make demo")
    with services(settings, {}) as airflow:
        with console.status("Airflow starts"):
            airflow.bring_up()
            _watch(airflow, load_contracts(settings.contracts))
        console.print(f"open {airflow.url}   user admin   password {airflow.password()}")
        console.print(f"deliveries go to {settings.home / 'inbox'}; Ctrl-C ends Airflow and the database")
        while True:
            airflow.revive()
            time.sleep(1)


@contextmanager
def services(settings: Settings, overrides: Mapping[str, str]) -> Iterator[Airflow]:
    """The database, prepared, and an Airflow to be brought up; neither outlives the block."""
    airflow: Airflow | None = None
    try:
        with open_database(settings):
            url = airflow_database_url(settings).replace("postgresql:", "postgresql+psycopg2:", 1)
        airflow = Airflow(settings, url, overrides)
        yield airflow
    finally:
        with console.status("stopping"):
            if airflow is not None:
                airflow.stop()
            stop_server(settings)


def _begin_anew(settings: Settings) -> None:
    mark = settings.home / MARK
    if settings.home.exists() and any(settings.home.iterdir()):
        if not mark.exists():
            raise UsageError(
                f"{settings.home} is not an earlier demo's", hint="name an empty folder: --home DIR"
            )
        console.print(f"starting clean: {settings.home} is deleted")
        stop_server(settings)
        shutil.rmtree(settings.home)
    settings.home.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _generate(settings: Settings, persons: int) -> None:
    county = settings.home / "county"
    with Progress(console=console) as progress:
        bar = progress.add_task(f"a county of {persons:,} people", total=persons)
        generate(persons, 1, county, 2, progress=lambda _, done, __: progress.update(bar, completed=done))
    load_front_folder(front_database_url(settings), county / "front")


def _watch(airflow: Airflow, contracts: Mapping[str, Contract]) -> Watch:
    names = {contract.slug: feed for feed, contract in contracts.items()}
    api = Api(airflow)
    wait_until_ready(api, {*names, POPULATION})
    return Watch(api, console, names)


def _first_deliveries(settings: Settings, sent: list[Sent]) -> None:
    console.print("\n[bold]First delivery date[/]: every department sends its whole register")
    for delivery in sent:
        deliver(delivery, settings.home / "inbox")


def _first_date(watch: Watch) -> None:
    """All feeds have brought something, so the population DAG starts by itself."""
    feeds = list(watch.names)
    watch.until("feeds", over(feeds, 1))
    _pause(watch, feeds, paused=True)
    watch.until("population", over([POPULATION], 1))


def _second_date(
    settings: Settings, watch: Watch, contracts: Mapping[str, Contract], sent: tuple[list[Sent], list[Sent]]
) -> None:
    """Not every feed brings something new; the cut-off starts the population DAG."""
    console.print("\n[bold]Second delivery date[/]: whole registers, increments, and")
    inbox, first, second = settings.home / "inbox", *sent
    for oddity in oddities(contracts, first, second, load_aliases()):
        console.print(f"  {oddity.sent.feed}: {oddity.told}")
        second = [d for d in second if d.folder.name != oddity.name or d.feed != oddity.sent.feed]
        deliver(oddity.sent, inbox, oddity.name, change=oddity.change)
        if oddity.is_refused:
            watch.expected.add(f"{contracts[oddity.sent.feed].slug}.refused")
    for delivery in second:
        deliver(delivery, inbox)
    busy = [slug for slug, feed in watch.names.items() if _last_delivery(inbox / feed) > watch.since]
    _pause(watch, list(watch.names), paused=False)
    watch.until("feeds", over(busy, 2))
    _pause(watch, list(watch.names), paused=True)
    watch.api.trigger(POPULATION)
    watch.until("population", over([POPULATION], 2))
    _pause(watch, list(watch.names), paused=False)


def _last_delivery(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.glob("*/manifest.json")), default=0.0)


def _pause(watch: Watch, dag_ids: list[str], *, paused: bool) -> None:
    for dag_id in dag_ids:
        watch.api.pause(dag_id, paused=paused)


def _what_next(settings: Settings, contracts: Mapping[str, Contract], seconds: float) -> None:
    department = next(iter(contracts.values())).owner.department
    home = (
        settings.home.relative_to(Path.cwd()) if settings.home.is_relative_to(Path.cwd()) else settings.home
    )
    popbase = f"POPBASE_HOME={home} .venv/bin/popbase"
    console.print(f"\nDone in {seconds:.0f} s. What to look at:")
    for what, where in (
        ("the report site", settings.reports / "index.html"),
        ("as a department, in SQL", f"{popbase} database psql --as {department}"),
        ("Airflow's own pages", "make airflow"),
        ("how the feeds stand", f"{popbase} status"),
        ("against the truth", f"{popbase} evaluate --truth {home}/county/truth.csv"),
        ("take the last one back", f"{popbase} rollback 1"),
    ):
        console.print(f"  {what:<24} {where}", markup=False)
    console.print(f"Another `make demo` starts clean: it deletes {home}.", markup=False)
