"""What a delivery says before it is written in any form: header and cells, some of them hostile."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pipelines.contract.model import Contract

MARK = "甲某某"
"""Stands in every name; no refusal may repeat it."""

COLUMNS = ("BH", "SFZH", "XM", "CSRQ", "LXDH")
HOSTILE = (
    "", " ", "　", "\0", '"', '""', '"a', 'a"b', ",", "|", "\t", "\r", "\n", "\r\n", "\x1a", "\x0b", "\x85",
    "\u2028", "\ufeff", "\u200b", "\ufffd", "\ue81e", "\U00020087", "\U0010ffff", "倈", "䶮", "联通", "合计",
    "合 计", "=1+1", "-", "NULL", "nan", "1e999", "5.11622E+17", "511622199001010000", "𠮷" * 9,
    "x" * 3999, "x" * 4001, "甲" * 4001, "," * 300, '"' * 301, "&#0;", "<v>", "]]>", "_x0000_", "99999999",
)  # fmt: skip


@dataclass
class Table:
    """Header and rows, changed in place by what makes them worse."""

    header: list[str]
    rows: list[list[str]]


def contract_of(delivery: dict[str, object]) -> Contract:
    """A feed of five columns delivered that way."""
    return Contract.model_validate(
        {
            "feed": "office/register",
            "title": {"zh": "登记", "en": "Register"},
            "owner": {"department": "office", "zh": "某局", "en": "Some office"},
            "legal_basis": {"zh": "某法", "en": "Some act"},
            "cadence": "monthly",
            "authority": 1,
            "delivery": delivery,
            "key": [["BH"]],
            "columns": [
                {"source": "BH", "name": "number"},
                {"source": "SFZH", "name": "citizen_id", "type": "citizen_id"},
                {"source": "XM", "name": "name", "type": "person_name"},
                {"source": "CSRQ", "name": "born_on", "type": "date"},
                {"source": "LXDH", "name": "telephone", "type": "telephone"},
            ],
        }
    )


def table_of(rng: Random, columns: tuple[str, ...]) -> Table:
    """A small sound table."""
    rows = [
        [f"{number}", f"51162219900101{rng.randrange(10**4):04d}", MARK, "19900101", "13900000000", "I"]
        for number in range(rng.choice((0, 1, 2, 5, 9)))
    ]
    return Table(list(columns), [row[: len(columns)] for row in rows])


def worsen(rng: Random, table: Table) -> None:
    """Some hostile cells, ragged rows, and a header as offices change it."""
    for _ in range(rng.choice((0, 0, 1, 2, 6))):
        if table.rows:
            row = rng.choice(table.rows)
            at = rng.randrange(len(row)) if row else 0
            row[at : at + 1] = rng.choice(([rng.choice(HOSTILE)], [], [rng.choice(HOSTILE)] * 2))
    if rng.random() < 0.4:
        rng.choice(HEADERS)(rng, table)


def _renamed(rng: Random, table: Table) -> None:
    at = rng.randrange(len(table.header))
    table.header[at] = rng.choice(
        ("身份证号", "身份 证号", "姓名", "XM", "SFZHM", "row_number", "#2", *HOSTILE)
    )


def _reordered(rng: Random, table: Table) -> None:
    order = rng.sample(range(len(table.header)), len(table.header))
    table.header = [table.header[at] for at in order]
    table.rows = [[row[at] for at in order if at < len(row)] for row in table.rows]


def _more(rng: Random, table: Table) -> None:
    names = rng.choice((["备注"], ["", ""], ["row_number", "", "#7"], ["BH"], ["姓名"], [""] * 1001))
    table.header += names
    table.rows = [[*row, *[""] * len(names)] for row in table.rows]


def _fewer(rng: Random, table: Table) -> None:
    at = rng.randrange(len(table.header))
    del table.header[at]
    table.rows = [row[:at] + row[at + 1 :] for row in table.rows]


def _wide(_rng: Random, table: Table) -> None:
    table.header = [
        "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name) for name in table.header
    ]


def _none(_rng: Random, table: Table) -> None:
    """The first row of data stands where the header should."""
    table.header = table.rows.pop(0) if table.rows else [""]


HEADERS = (_renamed, _reordered, _more, _fewer, _wide, _none)
