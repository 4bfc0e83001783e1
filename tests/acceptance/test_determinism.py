"""The same deliveries make the same publication, whatever the machine is set to and in whatever order they come."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipelines.contract.load import load_contracts
from pipelines.settings import ROOT, Settings
from pipelines.steps import FEED_STEPS
from pipelines.store.access import bootstrap_sql
from pipelines.store.database import front_database_url, open_database
from pipelines.store.embedded import ADMIN, server_url
from pipelines.store.front import load_front_folder
from pipelines.store.postgres import connect, execute
from tests.acceptance.ground import Ground, open_ground
from tests.acceptance.rewriting import Cells, rewrite
from tests.acceptance.standing import standing

ELSEWHERE = {
    "POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai",
    "LC_ALL": "C", "PGTZ": "America/New_York",
}  # fmt: skip
ELSEWHERE_AGAIN = {
    "POLARS_MAX_THREADS": "5", "PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LANG": "zh_CN.gb18030",
    "LC_ALL": "", "PYTHONIOENCODING": "gb18030", "PGDATESTYLE": "German",
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A ground with what one run has made of its deliveries."""

    ground: Ground
    usual: dict[str, Any]

    @property
    def inbox(self) -> Path:
        return self.ground.delivered / "inbox"

    def other(self, name: str) -> Settings:
        """Settings of another home, on an empty database of the same server."""
        self.ground.copy_database("empty", name)
        with connect(server_url(self.ground.settings, name, ADMIN)) as conn:
            execute(conn, bootstrap_sql(load_contracts()))
        url = server_url(self.ground.settings, name)
        front = front_database_url(self.ground.settings)
        return replace(
            self.ground.settings, home=self.ground.scratch / name, database_url=url, front_database_url=front
        )


def repeat_keys(feed: str, header: list[str], rows: Cells) -> Cells:
    """Some rows of full deliveries get the key of the row before; of an increment the last row of a key counts."""
    if "CZBZ" in header:
        return rows
    keys = {header.index(source) for source in load_contracts()[feed].key[0] if source in header}
    for earlier, later in zip(rows[::9], rows[1::9], strict=False):
        for place in keys:
            later[place] = earlier[place]
    return rows


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with open_ground(250, 3, 2, prepare=lambda delivered: rewrite(delivered, repeat_keys)) as ground:
        with open_database(ground.settings):
            pass
        ground.keep("empty")
        end = ground.run("run", "--inbox", str(ground.delivered / "inbox"))
        assert end.code == 0, end.said
        usual = standing(ground.settings)
        assert any("#2" in row["record_key"] for row in usual["members"])
        yield Scene(ground, usual)


def start(settings: Settings, inbox: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """`popbase run` in an interpreter of its own."""
    urls = {
        "DATABASE_URL": settings.database_url,
        "FRONT_DATABASE_URL": settings.front_database_url,
        "HOME": settings.home,
    }
    variables = {f"POPBASE_{name}": str(value) for name, value in urls.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "run", "--inbox", str(inbox)], text=True, cwd=ROOT,
        env=os.environ | variables | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_threads_hash_seed_time_zone_and_locale_change_no_byte(scene: Scene) -> None:
    homes = {name: scene.other(name) for name in ("elsewhere", "elsewhere_again")}
    environments = (ELSEWHERE, ELSEWHERE_AGAIN)
    runs = [start(home, scene.inbox, env) for home, env in zip(homes.values(), environments, strict=True)]
    said = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    for settings in homes.values():
        found = standing(settings)
        assert {name for name in found if found[name] != scene.usual[name]} == set()


def test_the_order_in_which_feeds_arrive_changes_nothing(scene: Scene) -> None:
    scene.ground.restore("empty")
    arriving = scene.ground.scratch / "arriving"
    for feed in sorted(load_contracts(), reverse=True):
        shutil.copytree(scene.inbox / feed, arriving / feed)
        for step in FEED_STEPS:
            assert scene.ground.run("step", step, "--feed", feed, "--inbox", str(arriving)).code == 0
    assert scene.ground.run("run", "--inbox", str(arriving)).code == 0
    found = standing(scene.ground.settings)
    assert {name for name in found if found[name] != scene.usual[name]} == set()


def permuted(delivered: Path, copy: Path, seed: int) -> Path:
    """The same deliveries with the rows of every file and package shuffled and folders whose names go backwards."""
    dice = Random(seed)  # noqa: S311 - no secret

    def shuffle(_feed: str, _header: list[str], rows: Cells) -> Cells:
        return dice.sample(rows, len(rows))

    shutil.copytree(delivered, copy)
    rewrite(copy, shuffle)
    for number, manifest in enumerate(sorted(copy.glob("inbox/*/*/*/manifest.json"), reverse=True)):
        manifest.parent.rename(manifest.parent.with_name(f"{number:03d} 送来"))
    return copy


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))])
def test_the_order_of_rows_and_the_names_of_folders_change_nothing_published(scene: Scene, seed: int) -> None:
    scene.ground.restore("empty")
    shuffled = permuted(scene.ground.delivered, scene.ground.scratch / f"permuted {seed}", seed)
    load_front_folder(front_database_url(scene.ground.settings), shuffled / "front")
    end = scene.ground.run("run", "--inbox", str(shuffled / "inbox"))
    load_front_folder(front_database_url(scene.ground.settings), scene.ground.delivered / "front")
    assert end.code == 0, end.said
    found = standing(scene.ground.settings)
    assert {batch["batch_id"] for batch in found["batches"]} != {
        b["batch_id"] for b in scene.usual["batches"]
    }
    assert found["content"] == scene.usual["content"]
    assert belongings(found) == belongings(scene.usual)


def belongings(found: dict[str, Any]) -> dict[str, str]:
    return {row["record_key"]: row["person_id"] for row in found["members"]}
