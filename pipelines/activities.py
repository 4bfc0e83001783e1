"""Records of processing (处理活动记录): every published column's purpose, basis, sources, readers and retention.

Made from contracts and the matrix of access, for 个人信息保护法 art. 55 and 56 and GDPR art. 30. Nothing is made up: what
nobody declared is told as missing. Columns that popbase counts by itself have no source.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.contract.load import load_contracts
from pipelines.contract.scaffold import TO_DO
from pipelines.dictionary import dictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pipelines.contract.model import Bilingual, Contract
    from pipelines.settings import Settings

    Row = dict[str, Any]

Language = Literal["zh", "en"]
STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
SENSITIVITIES: Final = ("general", "personal", "sensitive")
HEADS: Final = (
    "table", "column", "meaning", "sensitivity", "purpose", "basis", "sources", "readers", "shared_for",
    "retention",
)  # fmt: skip
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("个人信息处理活动记录", "Records of processing"),
    "table": ("表", "table"),
    "column": ("列", "column"),
    "meaning": ("含义", "meaning"),
    "sensitivity": ("类别", "class"),
    "purpose": ("处理目的", "purpose"),
    "basis": ("法律依据", "legal basis"),
    "sources": ("来源", "sources"),
    "readers": ("接收部门及形式", "who receives it, in which form"),
    "shared_for": ("共享用途", "shared for"),
    "retention": ("保存年限", "years kept"),
    "missing": ("【缺失】", "MISSING"),
    "computed": ("系统汇总", "counted by popbase"),
    "general": ("一般", "general"),
    "personal": ("个人信息", "personal"),
    "sensitive": ("敏感个人信息", "sensitive"),
    "every": ("各部门", "every department"),
    "plain": ("原值", "plain"),
    "masked": ("脱敏", "masked"),
    "pseudonym": ("假名", "pseudonym"),
    "some_rows": ("限本辖区", "own divisions only"),
    "undeclared": ("未声明的内容", "Not declared"),
}


def activities(settings: Settings) -> list[Row]:
    """A row for each published column; None where nobody declared a thing, and its name in `missing`."""
    contracts = load_contracts(settings.contracts)
    return [
        _activity(table, column, contracts) for table in dictionary(settings) for column in table["columns"]
    ]


def _activity(table: Row, column: Row, contracts: Mapping[str, Contract]) -> Row:
    sources = [_source(contracts[feed]) for feed in column["sources"]]
    told = {reader["to"] for reader in column["readers"]}
    missing = {f"{key} ({source['feed']})" for source in sources for key in source if source[key] is None}
    return {
        "table": table["name"],
        "column": column["name"],
        "title": column["title"],
        "sensitivity": _sensitivity(column["name"], column["sources"], contracts),
        "sources": sources,
        "readers": column["readers"],
        "shared_for": [purpose for purpose in table["purposes"] if purpose["to"] in told],
        "missing": sorted(missing),
    }


def _source(contract: Contract) -> Row:
    declared = "retention_years" in contract.model_fields_set
    return {
        "feed": contract.feed,
        "office": contract.owner.model_dump(include={"zh", "en"}),
        "purpose": _said(contract.purpose),
        "legal_basis": _said(contract.legal_basis),
        "retention_years": contract.retention_years if declared else None,
    }


def _said(text: Bilingual | None) -> dict[str, str] | None:
    return None if text is None or text == TO_DO else text.model_dump()


def _sensitivity(name: str, feeds: Iterable[str], contracts: Mapping[str, Contract]) -> str | None:
    """The strictest that any source says of it."""
    said = [c.protection for feed in feeds for c in contracts[feed].columns if c.name == name]
    return max(said, key=SENSITIVITIES.index) if said else None


def as_json(rows: Sequence[Row], _: Language) -> str:
    """All of it, in both languages."""
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def as_csv(rows: Sequence[Row], language: Language) -> str:
    """A line for each column; no cell begins like a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_say(head, language) for head in HEADS])
    for row in rows:
        cells = _cells(row, language)
        writer.writerow([f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell for cell in cells])
    return text.getvalue()


def as_markdown(rows: Sequence[Row], language: Language) -> str:
    """A page with a table, and below it what nobody declared."""
    lines = [f"# {_say('title', language)}", "", _line([_say(head, language) for head in HEADS])]
    lines += [_line(["---"] * len(HEADS)), *(_line(_cells(row, language)) for row in rows)]
    missing = sorted({fault for row in rows for fault in row["missing"]})
    if missing:
        lines += ["", f"{_say('undeclared', language)}: {'; '.join(missing)}"]
    return "\n".join(lines) + "\n"


RENDERERS: Final[Mapping[str, Callable[[Sequence[Row], Language], str]]] = {
    "markdown": as_markdown,
    "csv": as_csv,
    "json": as_json,
}


def _cells(row: Row, language: Language) -> list[str]:
    return [
        f"shared.{row['table']}",
        row["column"],
        row["title"][language],
        _say(row["sensitivity"] or "computed", language),
        _each(row, "purpose", language),
        _each(row, "legal_basis", language),
        "; ".join(f"{s['feed']} ({s['office'][language]})" for s in row["sources"])
        or _say("computed", language),
        "; ".join(_reader(reader, language) for reader in row["readers"]) or "—",
        "; ".join(f"{_to(p['to'], language)}: {p[language]}" for p in row["shared_for"]) or "—",
        _each(row, "retention_years", language),
    ]


def _each(row: Row, key: str, language: Language) -> str:
    """What the sources say, each thing once, in their order."""
    told = [
        _say("missing", language) if said is None else str(said[language] if isinstance(said, dict) else said)
        for said in (source[key] for source in row["sources"])
    ]
    return "; ".join(dict.fromkeys(told)) or _say("computed", language)


def _reader(reader: Row, language: Language) -> str:
    limited = f" ({_say('some_rows', language)})" if reader["some_rows"] else ""
    return f"{_to(reader['to'], language)} {_say(reader['form'], language)}{limited}"


def _to(name: str, language: Language) -> str:
    return _say(name, language) if name == "every" else name


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _say(word: str, language: Language) -> str:
    return WORDS[word][language == "en"]
