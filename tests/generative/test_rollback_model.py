"""Publications against a model that keeps a full copy of every number, under random publishing and rolling back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.load import load_contracts
from pipelines.settings import Settings, settings_from_environment
from pipelines.store import publication
from pipelines.store.database import open_database
from pipelines.store.embedded import stop_server
from pipelines.store.golden import golden_tables
from pipelines.store.lake import Lake
from pipelines.store.postgres import Connection, execute, fetch, fetch_frame

Rows = dict[str, str]
Content = dict[str, Rows]
DOMAIN = golden_tables(load_contracts())[1].name
COLUMN = golden_tables(load_contracts())[1].columns[0].name
LAKE = Lake(Path(tempfile.gettempdir()) / f"popbase-model-lake-{os.getpid()}")
SAID = ("table", "row_key", "attribute", "record_key", "rule")

rows = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=3)
contents = st.fixed_dictionaries({"person": rows, DOMAIN: rows})
kinds = st.sampled_from(["publish", "rollback", "publish", "refuse", "publish", "crash", "publish"])
steps = st.lists(st.tuples(kinds, contents, st.integers(1, 3)), min_size=4, max_size=12)


@dataclass
class Model:
    """What every number was, whole; which of them readers could see; and where they are."""

    copies: dict[int, Content] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    pointer: int = 0

    def publish(self, number: int, content: Content) -> None:
        self.copies[number] = content
        self.released.append(number)
        self.pointer = number

    def rollback(self, choice: int) -> int:
        candidates = [0, *self.released]
        self.pointer = candidates[-1 - choice % len(candidates)]
        self.released = [n for n in self.released if n <= self.pointer]
        return self.pointer


@pytest.fixture(scope="module")
def conn() -> Iterator[Connection]:
    folder = Path(tempfile.mkdtemp(prefix="popbase-model-"))
    folder.chmod(0o755)  # the server's account looks in
    home = Settings(home=folder / "home", pg_bin=settings_from_environment().pg_bin)
    with open_database(home) as connection:
        yield connection
    stop_server(home)
    shutil.rmtree(folder)
    shutil.rmtree(LAKE.root, ignore_errors=True)


def frames(content: Content) -> dict[str, pl.DataFrame]:
    columns = {"person": "name", DOMAIN: COLUMN}
    return {
        table: pl.DataFrame(
            {"row_key": list(held), "person_id": list(held), columns[table]: list(held.values())},
            schema=dict.fromkeys(("row_key", "person_id", columns[table]), pl.String),
        )
        for table, held in content.items()
    }


def provenance(content: Content) -> pl.DataFrame:
    said = [("person", key, "name", f"x|{value}", "rank") for key, value in content["person"].items()]
    return pl.DataFrame(said, schema=dict.fromkeys(SAID, pl.String), orient="row")


def held_at(conn: Connection, number: int) -> Content:
    person = publication.rows_at(conn, "person", number)
    domain = publication.rows_at(conn, DOMAIN, number)
    assert person is not None
    assert domain is not None
    return {
        "person": dict(person.select("row_key", "name").iter_rows()),
        DOMAIN: dict(domain.select("row_key", COLUMN).iter_rows()),
    }


def said_at(conn: Connection, number: int) -> set[tuple[Any, ...]]:
    sql = (
        "select table_name, row_key, attribute, record_key, rule from golden.provenance"
        " where from_publication <= %s and (to_publication is null or to_publication > %s)"
    )
    return set(fetch_frame(conn, sql, (number, number)).iter_rows())


def check(conn: Connection, model: Model) -> None:
    empty: Content = {"person": {}, DOMAIN: {}}
    seen = model.copies.get(model.pointer, empty)
    assert publication.pointer(conn) == model.pointer
    assert held_at(conn, model.pointer) == seen
    assert said_at(conn, model.pointer) == set(provenance(seen).iter_rows())
    shared = fetch(conn, f"select row_key, {COLUMN} as value from shared.{DOMAIN}")  # noqa: S608
    assert {row["row_key"]: row["value"] for row in shared} == seen[DOMAIN]
    for number, copy in model.copies.items():
        assert held_at(conn, number) == copy, f"publication {number} is no longer what it was"


def follow(conn: Connection, model: Model, content: Content, whole: publication.Staged, run: str) -> None:
    """Staged again by those who changed alone, it is the same; one who did not change may be among them."""
    before = model.copies.get(model.pointer, {"person": {}, DOMAIN: {}})
    changed = {key for name in content for key, _ in content[name].items() ^ before[name].items()}
    touched = sorted(changed | {"a"})
    part = {name: {k: v for k, v in held.items() if k in touched} for name, held in content.items()}
    again = publication.stage(
        conn, run, frames(part), provenance(part), base=model.pointer, touched=pl.Series(touched), lake=LAKE
    )
    assert again == whole


def take(conn: Connection, model: Model, turn: int, step: str, content: Content) -> None:
    run = f"run-{turn}"
    staged = publication.stage(
        conn, run, frames(content), provenance(content), base=model.pointer, lake=LAKE if turn % 2 else None
    )
    assert staged.number > max(model.copies, default=0)
    if not publication.is_after_rollback(conn):
        follow(conn, model, content, staged, run)
    assert publication.content_hash_of(conn, staged.number) == staged.content_hash
    if step == "publish":
        publication.release(conn, staged.number)
        model.publish(staged.number, content)
    elif step == "refuse":
        publication.refuse(conn, staged.number)


@settings(max_examples=30)
@given(taken=steps)
def test_readers_always_see_what_a_full_copy_would_show(
    conn: Connection, taken: list[tuple[str, Content, int]]
) -> None:
    execute(conn, "savepoint start")
    model = Model()
    for turn, (step, content, back) in enumerate(taken):
        if step == "rollback":
            publication.rollback(conn, model.rollback(back))
        else:
            take(conn, model, turn, step, content)
        check(conn, model)
    execute(conn, "rollback to savepoint start")
