"""`make drill`: a small county is backed up, goes on, loses something at a known moment, and is had back.

Two losses. Somebody drops tables and deletes files: the home is restored to the moment before, from an encrypted copy of
the backups, and every row and file compared. The machine is lost at the worst time, just before the next segment goes to the archive: all there is is
restored, and what is missing is the RPO. The time until `popbase verify --all` has answered is the RTO.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import PopbaseError
from pipelines.settings import ROOT, Settings
from pipelines.store.backup_folder import SECONDS_AT_RISK
from pipelines.store.database import front_database_url
from pipelines.store.digests import digest, read_plainly
from pipelines.store.embedded import ADMIN, server_status, server_url, stop_server
from pipelines.store.mirror import NEVER
from pipelines.store.placement import root_of
from pipelines.store.postgres import compose, connect, execute, fetch

LARGEST_RPO, LARGEST_RTO = 60.0, 600.0
"""Seconds."""
SCHEMAS = ("audit", "feedback", "golden", "ledger", "masking", "publication", "quality", "resolution")


@dataclass
class Drill:
    """The folder of a drill and what it found.

    Attributes:
        folder: homes and backups lie below it.
        found: what is printed in the end.
        beats: whether the heart still beats: a row each fifth of a second, by which the loss is measured.
    """

    folder: Path
    found: dict[str, Any] = field(default_factory=dict)
    beats: threading.Event = field(default_factory=threading.Event)

    def settings(self, name: str) -> Settings:
        """Of the home of that name."""
        return Settings(home=self.folder / name)

    def popbase(self, home: str, *command: str) -> subprocess.CompletedProcess[str]:
        """A command on that home."""
        environment = os.environ | {"POPBASE_HOME": str(self.folder / home)}
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *command],
            env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def must(self, home: str, *command: str) -> str:
        """What a command says that must end well."""
        ended = self.popbase(home, *command)
        if ended.returncode not in (0, 3):
            raise SystemExit(f"popbase {command[0]} ended with {ended.returncode}: {ended.stderr}")
        return ended.stdout


def drill(folder: Path, persons: int) -> dict[str, Any]:
    """The whole drill; returns its figures."""
    one = Drill(folder)
    _publish_first(one, persons)
    with _heartbeat(one):
        for month in ("2026-07", "2026-08"):
            _deliver(one, month)
            one.must("home", "run", "--inbox", str(folder / "inbox"))
        before = contents(one.settings("home"))
        moment = datetime.now(UTC)
        _destroy(one)
        _copy_encrypted(one)
        lost_at = _lose_the_machine(one)
    _have_back(one, before, moment)
    _have_back_the_rest(one, lost_at)
    return one.found


def _publish_first(one: Drill, persons: int) -> None:
    out = one.folder / "county"
    one.must("home", "generate", "--persons", str(persons), "--months", "3", "--out", str(out))
    _deliver(one, "2026-06")
    one.must("home", "run", "--inbox", str(one.folder / "inbox"))
    made = json.loads(one.must("home", "backup", "--to", str(one.folder / "backup"), "--json"))
    one.found |= {"backup_seconds": made["seconds"], "backup_bytes": made["bytes"]}


def _deliver(one: Drill, month: str) -> None:
    """Deliveries up to the end of a month."""
    delivered = one.folder / "county" / "inbox"
    for path in sorted(delivered.glob("*/*/*")):
        target = one.folder / "inbox" / path.relative_to(delivered)
        if path.name[:7] <= month and not target.exists():
            shutil.copytree(path, target)


@contextmanager
def _heartbeat(one: Drill) -> Iterator[None]:
    url = front_database_url(one.settings("home"))
    with connect(url) as conn:
        execute(conn, "create table heartbeat (at timestamptz)")
    one.beats.set()
    beating = threading.Thread(target=_beat, args=(one, url))
    beating.start()
    try:
        yield
    finally:
        one.beats.clear()
        beating.join()


def _beat(one: Drill, url: str) -> None:
    with suppress(PopbaseError):  # the server is killed while it beats
        while one.beats.is_set():
            with connect(url) as conn:
                execute(conn, "insert into heartbeat values (clock_timestamp())")
            time.sleep(0.2)


def _destroy(one: Drill) -> None:
    """Somebody drops what is published and deletes a part of the lake; `popbase verify` must see it."""
    time.sleep(1.0)
    settings = one.settings("home")
    with connect(server_url(settings, "popbase", ADMIN)) as conn:
        execute(conn, "drop schema golden cascade")
        execute(conn, "set session_replication_role = replica")  # the superuser's way past append-only
        execute(conn, "delete from ledger.delivery")
    for name in ("bytes", "accepted"):
        shutil.rmtree(settings.lake / name)
    one.found["destroyed_is_seen"] = one.popbase("home", "verify").returncode != 0


def _copy_encrypted(one: Drill) -> None:
    """The backups with all that was committed until now, encrypted, in another folder."""
    (one.folder / "key").write_text(secrets.token_hex(32), encoding="utf-8")
    with connect(server_url(one.settings("home"), "postgres", ADMIN)) as conn:
        segment = fetch(conn, "select pg_walfile_name(pg_switch_wal()) as name")[0]["name"]
        is_there = "select last_archived_wal >= %s as is_there from pg_stat_archiver"
        while not fetch(conn, is_there, (segment,))[0]["is_there"]:
            conn.commit()
            time.sleep(0.1)
    copy = ("--encrypt-to", str(one.folder / "copy"), "--key", str(one.folder / "key"))
    copied = json.loads(one.must("home", "backup", "--copy-only", *copy))
    one.found |= {"encrypted_files": copied["files"], "encrypted_bytes": copied["bytes"]}


def _lose_the_machine(one: Drill) -> float:
    """Kill the server when most is missing from the archive, and delete the home; returns when, in seconds."""
    settings = one.settings("home")
    with connect(server_url(settings, "postgres", ADMIN)) as conn:
        destroyed_at = fetch(conn, "select clock_timestamp() as at")[0]["at"]
        old = (
            "select last_archived_time > %s and clock_timestamp() - last_archived_time > make_interval(secs => %s)"
            " as is_old from pg_stat_archiver"
        )
        while not fetch(conn, old, (destroyed_at, SECONDS_AT_RISK - 2))[0]["is_old"]:
            conn.commit()
            time.sleep(0.2)
    running, root = server_status(settings), root_of(settings.home)
    if running is None or root is None:
        raise SystemExit("the server was gone before it was killed")
    lost_at = time.time()
    os.kill(running.pid, signal.SIGKILL)
    one.beats.clear()
    time.sleep(0.5)
    shutil.rmtree(root)
    shutil.rmtree(settings.home, ignore_errors=True)
    return lost_at


def _have_back(one: Drill, before: dict[str, Any], moment: datetime) -> None:
    """The home of the moment: as it was, row by row and file by file."""
    started = time.monotonic()
    _restore(one, "restored", "copy", "--to-time", moment.isoformat(), "--key", str(one.folder / "key"))
    verified = one.popbase("restored", "verify", "--all").returncode == 0
    one.found |= {"verify_holds": verified, "rto_seconds": round(time.monotonic() - started, 1)}
    after = contents(one.settings("restored"))
    one.found |= {
        "tables": len(before["tables"]),
        "rows": sum(told["rows"] for told in before["tables"].values()),
        "files": len(before["lake"]),
        "differing": sorted(
            f"{part}: {name}"
            for part, whole in before.items()
            for name in whole.keys() | after[part].keys()
            if whole.get(name) != after[part].get(name)
        ),
    }


def _restore(one: Drill, home: str, source: str, *options: str) -> None:
    places = ("--from", str(one.folder / source), "--into", str(one.folder / home))
    one.must("home", "restore", *places, *options)


def _have_back_the_rest(one: Drill, lost_at: float) -> None:
    """Everything the archive has: what is missing before the loss is what the loss cost."""
    _restore(one, "newest", "backup")
    with connect(front_database_url(one.settings("newest"))) as conn:
        last = fetch(conn, "select extract(epoch from max(at)) as at from heartbeat")[0]["at"]
    one.found["rpo_seconds"] = round(lost_at - float(last), 1)


def contents(settings: Settings) -> dict[str, Any]:
    """{"tables": {name: {"rows", "sha256"}}, "lake": {name: sha256}} of all that a restored home must have."""
    with connect(server_url(settings, "popbase", ADMIN)) as conn:
        read_plainly(conn)
        sql = "select schemaname || '.' || tablename as name from pg_catalog.pg_tables where schemaname = any(%s)"
        names = sorted(row["name"] for row in fetch(conn, sql, (list(SCHEMAS),)))
        whole = "select t::text as told from {table} as t"
        tables = {name: digest(conn, compose(conn, whole, table=name)) for name in names}
    return {"tables": tables, "lake": dict(_files(settings.lake))}


def _files(lake: Path) -> Iterator[tuple[str, str]]:
    """What is kept for speed only is not backed up."""
    for path in lake.rglob("*"):
        name = path.relative_to(lake)
        if path.is_file() and not path.name.startswith(".") and name.parts[0] not in NEVER:
            yield str(name), hashlib.sha256(path.read_bytes()).hexdigest()


def passed(found: dict[str, Any]) -> bool:
    """Whether nothing differs and both times are within their limits."""
    whole = found["differing"] == [] and found["verify_holds"] and found["destroyed_is_seen"]
    in_time = found["rpo_seconds"] <= LARGEST_RPO and found["rto_seconds"] <= LARGEST_RTO
    return bool(whole and in_time)


def main() -> int:
    """Run the drill in a throw-away folder and print what it found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--persons", type=int, default=300, help="people of the county (default 300)")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="popbase-drill-"))
    folder.chmod(0o755)  # the server's account looks in
    try:
        found = drill(folder, arguments.persons)
    finally:
        for home in ("home", "restored", "newest"):
            if (folder / home).exists():
                stop_server(Settings(home=folder / home))
        shutil.rmtree(folder, ignore_errors=True)
    for name, value in found.items():
        print(f"{name:18} {value}")
    print("passed" if passed(found) else "FAILED")
    return 0 if passed(found) else 1


if __name__ == "__main__":
    sys.exit(main())
