"""The page of stored tables: those of sql/, read from its text, and those made from the contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipelines.contract.load import ROOT, load_contracts
from pipelines.documenting.markdown import code, page, table
from pipelines.store.golden import GoldenTable, golden_tables

_TABLE: Final = re.compile(r"^create (table|view) ([\w.]+)(?: \(\n(.*?)^\);|.*?;$)", re.MULTILINE | re.DOTALL)
_COLUMN: Final = re.compile(r"^    ([a-z_0-9]+)\s+([^\s,]+(?: precision| with time zone)?)", re.MULTILINE)
_COMMENT: Final = re.compile(r"^comment on (\w+) ([\w.]+) is\s+'((?:[^']|'')*)';", re.MULTILINE)
_NOT_A_COLUMN: Final = ("primary", "unique", "check", "foreign", "constraint", "exclude")
_ABOUT: Final = (
    "Read in the order of the files of `sql/`, which is the way the rows go. The golden tables and the views of"
    " `shared` that departments read are made from the contracts; they stand at the end."
)


def tables_page(folder: Path = ROOT / "sql") -> str:
    """Every table of the numbered SQL files, and every one that the shipped contracts make."""
    parts = [part for path in sorted(folder.glob("[0-9]*.sql")) for part in _file(path)]
    made = [part for golden in golden_tables(load_contracts()) for part in _golden(golden)]
    return page("Stored tables", "sql/ and contracts/", [_ABOUT, *parts, "## Made from the contracts", *made])


def _file(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    comments = {(kind, name): said.replace("''", "'") for kind, name, said in _COMMENT.findall(text)}
    opening = re.match(r"(?:-- .*\n)+", text)
    about = " ".join(line.removeprefix("-- ") for line in opening[0].splitlines()) if opening else ""
    yield f"## {path.name}\n{about}"
    for kind, name, body in _TABLE.findall(text):
        yield f"### {name}\n{comments.get((kind, name), '')}"
        columns = [
            (code(column), code(sql_type), comments.get(("column", f"{name}.{column}"), ""))
            for column, sql_type in _COLUMN.findall(body)
            if column not in _NOT_A_COLUMN
        ]
        if columns:
            yield table(("column", "type", "meaning"), columns)
    functions = [(code(name), said) for (kind, name), said in comments.items() if kind == "function"]
    if functions:
        yield table(("function", "meaning"), functions)


def _golden(golden: GoldenTable) -> Iterator[str]:
    readers = (
        "every department, masked" if golden.departments is None else ", ".join(map(code, golden.departments))
    )
    yield f"### golden.{golden.name}, shared.{golden.name}\n{golden.title.zh}; {golden.title.en}. Read by: {readers}."
    columns = [(code(c.name), code(c.sql_type), f"{c.title.zh}; {c.title.en}") for c in golden.columns]
    yield table(("column", "type", "meaning"), columns)
