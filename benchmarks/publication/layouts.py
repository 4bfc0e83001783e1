"""Two layouts of a golden table under the same readers: versioned rows, as popbase has them, and a partition for each
publication. Both are released by the same pointer row."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import polars as pl

from benchmarks.publication.copying import CHANGED, mib, wal
from benchmarks.publication.readers import Ask, at_work, latencies
from benchmarks.publication.rows import Content, changed, content
from pipelines.settings import Settings
from pipelines.store import publication
from pipelines.store.access import IS_SEEN
from pipelines.store.database import open_database
from pipelines.store.embedded import ADMIN, server_url
from pipelines.store.golden import PERSON_COLUMNS
from pipelines.store.postgres import Connection, connect, copy_frame, execute, fetch
from pipelines.store.versions import content_hash, row_hashes

PUBLICATIONS = 8
REST_SECONDS = 10.0
Stage = Callable[[Connection, Content, int], None]
_VIEWS = {
    "versioned": f"select g.* from golden.person as g where {IS_SEEN}",  # noqa: S608 - our own condition
    "partitioned": "select * from public.part where publication = (select number from publication.pointer)",
}


def measure(settings: Settings, persons: int) -> dict[str, Any]:
    layouts: dict[str, Stage] = {"versioned": _stage_versioned, "partitioned": _stage_partition}
    figures = {name: _measure(settings, persons, name, stage) for name, stage in layouts.items()}
    return {"persons": persons, "changed_share": CHANGED, "publications": PUBLICATIONS, "layouts": figures}


def _measure(settings: Settings, persons: int, name: str, stage: Stage) -> dict[str, Any]:
    admin = server_url(settings, "popbase", ADMIN)
    with open_database(settings) as conn:
        publication.rollback(conn, 0)
    with connect(admin) as conn:
        _prepare(conn, name)
    base = _persons_only(content(persons))
    first = _publish(settings, base, stage)
    ask = Ask(admin, f"public.seen_{name}", persons, int(persons * CHANGED))
    published = []
    with at_work(ask) as reads:
        time.sleep(REST_SECONDS)
        for _ in range(PUBLICATIONS):
            published.append(_publish(settings, base, stage))
            time.sleep(1)
    spans = [one.pop("span") for one in (first, *published)][1:]
    return {
        "first": first,
        **{key: _median(published, key) for key in ("seconds", "wal_mib", "disk_mib")},
        "reads": {read.kind: latencies(read, spans) for read in reads},
    }


def _median(told: list[dict[str, Any]], key: str) -> float:
    return round(statistics.median(one[key] for one in told), 2)


def _persons_only(whole: Content) -> Content:
    return Content({"person": whole.tables["person"]}, whole.provenance.clear())


def _prepare(conn: Connection, name: str) -> None:
    """Begin with no publication at all: numbers count from 1 for either layout."""
    execute(conn, "truncate golden.person, golden.row_provenance, publication.publication cascade")
    if name == "partitioned":
        execute(
            conn,
            "create table public.part (like golden.person, publication integer not null)"
            " partition by list (publication)",
        )
        execute(conn, "grant all on schema public to popbase_owner")
        execute(conn, "alter table public.part owner to popbase_owner")
    execute(conn, f"create view public.seen_{name} as {_VIEWS[name]}")


def _publish(settings: Settings, base: Content, stage: Stage) -> dict[str, Any]:
    with open_database(settings) as conn:
        number = _next(conn)
        whole = changed(base, CHANGED, number) if number > 1 else base
        size, written, started = _size(conn), wal(conn), time.monotonic()
        stage(conn, whole, number)
        conn.commit()
        publication.release(conn, number)
        conn.commit()
        ended = time.monotonic()
        told = {"wal_mib": mib(wal(conn) - written), "disk_mib": mib(_size(conn) - size)}
    return told | {"seconds": round(ended - started, 3), "span": (started, ended)}


def _next(conn: Connection) -> int:
    sql = "select coalesce(max(number), 0) + 1 as next from publication.publication"
    return int(fetch(conn, sql)[0]["next"])


def _stage_versioned(conn: Connection, whole: Content, number: int) -> None:
    publication.stage(conn, f"run-{number}", whole.tables, whole.provenance, base=number - 1)


def _stage_partition(conn: Connection, whole: Content, number: int) -> None:
    """All rows anew, indexed as golden.person is, then attached; the table's hash is made as it is in the other."""
    frame = whole.tables["person"]
    hashes = row_hashes(frame)
    name = f"public.part_{number}"
    execute(conn, f"set local role popbase_owner; create table {name} (like public.part)")
    execute(conn, f"alter table {name} add check (publication = {number})")
    since = pl.lit(number).alias("from_publication"), pl.lit(number).alias("publication")
    copy_frame(conn, name, frame.select("row_key", "person_id", *PERSON_COLUMNS).with_columns(hashes, *since))
    execute(conn, f"create unique index on {name} (row_key); create index on {name} (person_id)")
    execute(conn, f"alter table public.part attach partition {name} for values in ({number}); reset role")
    _note(conn, number, content_hash({"person": hashes}))


def _note(conn: Connection, number: int, sha256: str) -> None:
    sql = (
        "insert into publication.publication (number, run_id, base, state, content_hash, counts)"
        " values (%s, %s, %s, 'staged', %s, '{}')"
    )
    execute(conn, sql, (number, f"run-{number}", number - 1, sha256))


def _size(conn: Connection) -> int:
    sql = (
        "select sum(pg_total_relation_size(oid)) as bytes from pg_class where relkind = 'r'"
        " and (relname = 'person' or relname like 'part\\_%')"
    )
    return int(fetch(conn, sql)[0]["bytes"])
