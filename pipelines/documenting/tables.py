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
_DROPPED: Final = re.compile(r"^drop table ([\w.]+);", re.MULTILINE)
About = tuple[str, str]
"""Kind and name of what a comment is about."""
_NOT_A_COLUMN: Final = ("primary", "unique", "check", "foreign", "constraint", "exclude")
_ABOUT: Final = (
    "Read in the order of the files of `sql/`, which is the way the rows go. The golden tables and the views of"
    " `shared` that departments read are made from the contracts; they stand at the end."
)


def tables_page(folder: Path = ROOT / "sql") -> str:
    """Every table of the numbered SQL files, and every one that the shipped contracts make."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9]*.sql"))}
    said = {about: (name, word) for name, text in texts.items() for about, word in _said(text)}
    gone = {("table", name) for text in texts.values() for name in _DROPPED.findall(text)}
    parts = [part for name, text in texts.items() for part in _file(name, text, said, gone)]
    made = [part for golden in golden_tables(load_contracts()) for part in _golden(golden)]
    return page("Stored tables", "sql/ and contracts/", [_ABOUT, *parts, "## Made from the contracts", *made])


def _said(text: str) -> Iterator[tuple[About, str]]:
    """What a file says of tables, columns and functions; what a later file says takes its place."""
    for kind, name, said in _COMMENT.findall(text):
        yield (kind, name), said.replace("''", "'")


def _file(file: str, text: str, said: dict[About, tuple[str, str]], gone: set[About]) -> Iterator[str]:
    opening = re.match(r"(?:-- .*\n)+", text)
    about = " ".join(line.removeprefix("-- ") for line in opening[0].splitlines()) if opening else ""
    yield f"## {file}\n{about}"
    nothing = ("", "")
    for kind, name, body in _TABLE.findall(text):
        if (kind, name) in gone:
            continue
        yield f"### {name}\n{said.get((kind, name), nothing)[1]}"
        columns = [
            (code(column), code(sql_type), said.get(("column", f"{name}.{column}"), nothing)[1])
            for column, sql_type in _COLUMN.findall(body)
            if column not in _NOT_A_COLUMN
        ]
        if columns:
            yield table(("column", "type", "meaning"), columns)
    functions = [
        (code(name), word)
        for (kind, name), (last, word) in said.items()
        if kind == "function" and last == file
    ]
    if functions:
        yield table(("function", "meaning"), functions)


def _golden(golden: GoldenTable) -> Iterator[str]:
    readers = (
        "every department, masked" if golden.departments is None else ", ".join(map(code, golden.departments))
    )
    yield f"### golden.{golden.name}, shared.{golden.name}\n{golden.title.zh}; {golden.title.en}. Read by: {readers}."
    beside = ("_history", "_as_of(published, about)", "_changes(since, until)", "_version")
    yield f"Beside it {', '.join(code(f'shared.{golden.name}{form}') for form in beside)}. {_held(golden)}"
    columns = [(code(c.name), code(c.sql_type), f"{c.title.zh}; {c.title.en}") for c in golden.columns]
    yield table(("column", "type", "meaning"), columns)


def _held(golden: GoldenTable) -> str:
    since, until = (
        bound.format(t="t").replace('t."', "").replace('"', "").removesuffix("::date")
        for bound in (golden.holds.since, golden.holds.until)
    )
    return f"A row held from {code(since)}" + (
        f" to {code(until)}." if until != "null" else "; no end is told."
    )
