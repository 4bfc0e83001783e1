"""The house keeps its own rules: what a visitor may rely on, checked."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

from pipelines.contract.load import CONTRACTS, load_contracts
from pipelines.reasons import REASONS

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("pipelines", "dags", "sql", "scripts")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file())


def product_files(*endings: str) -> list[Path]:
    return [p for p in tracked() if p.suffix in endings and p.relative_to(ROOT).parts[0] in PRODUCT]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_department_and_no_feed_is_named_in_code() -> None:
    contracts = load_contracts(CONTRACTS).values()
    words = (
        {c.feed for c in contracts} | {c.slug for c in contracts} | {c.owner.department for c in contracts}
    )
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in sorted(words)))
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in product_files(".py", ".sql")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not named


def test_every_contract_has_its_suite() -> None:
    missing = [feed for feed in load_contracts() if not (ROOT / "expectations" / f"{feed}.yml").exists()]
    assert not missing


def test_every_published_table_has_its_audit() -> None:
    tables = ["person", *(c.publishes.table for c in load_contracts().values() if c.publishes)]
    assert [t for t in tables if not (ROOT / "expectations/published" / f"{t}.yml").exists()] == []


def test_no_file_and_no_function_grows_out_of_sight() -> None:
    files = [
        p for p in product_files(".py") if len(p.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE
    ]
    long = [
        f"{path.relative_to(ROOT)}:{f.name}"
        for path in product_files(".py")
        for f in functions(path)
        if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION
    ]
    assert not files
    assert not long


def test_every_reason_code_in_the_code_is_declared() -> None:
    family = re.compile(r'"(PB-(?:ID|UC|NM|DT|CD|TL|AD|NB|TX|RW|HD|DL|DR|SQ|LK)-\d{3})"')
    used = {
        code for path in product_files(".py") for code in family.findall(path.read_text(encoding="utf-8"))
    }
    assert used - set(REASONS) == set()


def test_codes_in_yaml_are_text() -> None:
    """`01` without quotes is the number 1, and 0755 is 493."""
    numbers = [
        f"{path.name}: {code!r}"
        for path in (CONTRACTS / "_reference" / "codes").glob("*.yml")
        for code in yaml.safe_load(path.read_text(encoding="utf-8"))["codes"]
        if not isinstance(code, str)
    ]
    assert not numbers


@pytest.mark.parametrize("folder", ["dags", "pipelines", "expectations", "sql", "tests"])
def test_the_commissioned_top_level_is_there(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert (ROOT / "docker-compose.yml").is_file()


def test_the_lock_pins_every_package_by_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)==\S+ \\$", lock, re.MULTILINE)
    assert {"apache-airflow", "great-expectations", "recordlinkage", "polars", "psycopg2-binary"} <= set(pins)
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "://" not in lock


def test_both_languages_say_every_reason() -> None:
    silent = [r.code for r in REASONS.values() if not (r.zh and r.en and r.hint_zh and r.hint_en)]
    assert not silent
