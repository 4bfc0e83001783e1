"""Workbooks written part by part, so that their XML can be wrong in any place."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from xml.sax.saxutils import escape

from tests.fuzz.archives import archive
from tests.fuzz.damage import damaged
from tests.fuzz.tables import Table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET, TEXTS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
SKELETON = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" '
    f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><workbookPr date1904="0"/><sheets>'
    '<sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" '
    f'Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
    f'Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" '
    f'Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    STYLES: f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy/m/d"/>'
    '</numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/></cellXfs></styleSheet>',
}
REFERENCES = (
    "A1",
    "XFD1048576",
    "A0",
    "",
    "ZZZZ9",
    "B",
    "7",
    "a1",
    "A1048577",
    "A99999999999",
    "XFE1",
    "$A$1",
)
NUMBERS = (
    "0", "-1", "1", "99", "1e308", "-1e308", "nan", "inf", "", "x", "60", "0.5", "-0.5", "2958466", "1e15",
    "511622199001010000", "99999999999999999999", "45000.999999999", "2026-06-30", "2026-06-30T25:61:61Z", "true",
)  # fmt: skip


def workbook(rng: Random, table: Table) -> bytes:
    """Title, header, rows, total row, footer."""
    rows = [["某学期信息表"], table.header, *table.rows]
    if rng.random() < 0.8:
        rows += [[rng.choice(("合计", "合 计", "合计：")), str(len(table.rows))], ["填表人：某"]]
    if rng.random() < 0.15:
        rng.choice((lambda: rows.pop(0), lambda: rows.insert(0, ["单位"]), lambda: rows.insert(1, [])))()
    texts: list[str] = []
    parts = dict(SKELETON)
    body = "".join(_row(rng, number, row, texts) for number, row in enumerate(rows, 1))
    parts[SHEET] = (
        f'<worksheet xmlns="{MAIN}"><dimension ref="A1:F9"/><sheetData>{body}</sheetData></worksheet>'
    )
    parts[TEXTS] = f'<sst xmlns="{MAIN}">' + "".join(f"<si><t>{_xml(t)}</t></si>" for t in texts) + "</sst>"
    worse = rng.random()
    if worse < 0.5:
        parts = _worse(rng, parts)
    members = {name: part.encode("utf-8", "replace") for name, part in parts.items()}
    if worse > 0.85:
        name = rng.choice((SHEET, SHEET, TEXTS, STYLES, *members))
        if name in members:
            members[name] = damaged(rng, members[name])
    return archive(rng, members, worse=0.15)


def _row(rng: Random, number: int, row: list[str], texts: list[str]) -> str:
    cells = "".join(
        _cell(rng, f"{chr(65 + at % 26)}{number}", cell, texts) for at, cell in enumerate(row[:26])
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(rng: Random, place: str, cell: str, texts: list[str]) -> str:
    kind = rng.random()
    if not cell and kind < 0.8:
        return f'<c r="{place}" s="1"/>'
    if kind < 0.1 and cell.isdigit():
        return f'<c r="{place}" s="{rng.randrange(3)}"><v>{cell}</v></c>'
    if kind < 0.2:
        return f'<c r="{place}" t="inlineStr"><is><t>{_xml(cell)}</t></is></c>'
    if kind < 0.25:
        return f'<c r="{place}" t="str"><f>A1</f><v>{_xml(cell)}</v></c>'
    texts.append(cell)
    return f'<c r="{place}" t="s"><v>{len(texts) - 1}</v></c>'


def _xml(text: str) -> str:
    return escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "_x0000_", text))


Parts = dict[str, str]


def _worse(rng: Random, parts: Parts) -> Parts:
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice(KINDS)(rng, parts)
    return parts


def _substituted(rng: Random, xml: str, pattern: str, words: tuple[str, ...]) -> str:
    """One or all of what the pattern finds replaced."""
    found = list(re.finditer(pattern, xml))
    if not found:
        return xml
    chosen = found if rng.random() < 0.1 else [rng.choice(found)]
    for match in reversed(chosen):
        xml = xml[: match.start()] + rng.choice(words) + xml[match.end() :]
    return xml


def _places(rng: Random, parts: Parts) -> None:
    words = (*(f'r="{reference}"' for reference in REFERENCES), "", "r='A1'", 'r="&#65;1"')
    parts[SHEET] = _substituted(rng, parts[SHEET], r'r="[^"]*"', words)


def _kinds(rng: Random, parts: Parts) -> None:
    words = tuple(f't="{kind}"' for kind in ("s", "str", "inlineStr", "b", "e", "d", "n", "x", ""))
    parts[SHEET] = _substituted(rng, parts[SHEET], r't="[^"]*"', words)


def _values(rng: Random, parts: Parts) -> None:
    words = (*(f"<v>{number}</v>" for number in NUMBERS), "<v/>", "<v>#N/A</v>", "<v>&bad;</v>", "<v>")
    parts[SHEET] = _substituted(rng, parts[SHEET], r"<v>[^<]*</v>", words)


def _styles(rng: Random, parts: Parts) -> None:
    codes = ("[h]:mm", "0;;;@", "yyyy", '"', "\\", "[$-804]m月d日", "General", "[<1]0", "x" * 300, "")
    words = tuple(f'formatCode="{escape(code, {chr(34): "&quot;"})}"' for code in codes)
    parts[STYLES] = _substituted(rng, parts.get(STYLES, ""), r'formatCode="[^"]*"', words)
    parts[SHEET] = _substituted(rng, parts[SHEET], r's="\d*"', ('s="1"', 's="2"', 's="99"', 's="-1"', 's=""'))


def _part(rng: Random, parts: Parts) -> str:
    """Often the sheet or its texts."""
    return rng.choice([name for name in (SHEET, SHEET, TEXTS, *parts) if name in parts])


def _tags(rng: Random, parts: Parts) -> None:
    name = _part(rng, parts)
    words = (
        "",
        "<c>",
        "</c>",
        "<row>",
        "</row>",
        "<x:v>",
        "<![CDATA[<c>]]>",
        "<!-- x -->",
        "<?x?>",
        "<a b=1>",
    )
    parts[name] = _substituted(rng, parts[name], r"<[^>]*>", words)


def _dimension(rng: Random, parts: Parts) -> None:
    words = tuple(f'ref="{a}:{b}"' for a in REFERENCES for b in REFERENCES[:4])
    parts[SHEET] = _substituted(rng, parts[SHEET], r'ref="[^"]*"', words)


def _prologue(rng: Random, parts: Parts) -> None:
    prologues = (
        '<?xml version="1.0" encoding="UTF-16"?>', '<?xml version="1.0" encoding="GBK"?>', "\ufeff", " ",
        '<!DOCTYPE a [<!ENTITY x "y">]>', "<a>" * 500, "x",
    )  # fmt: skip
    name = _part(rng, parts)
    parts[name] = rng.choice(prologues) + parts[name]


def _part_lost(rng: Random, parts: Parts) -> None:
    parts.pop(rng.choice([name for name in parts if name != SHEET]))


def _parts_swapped(rng: Random, parts: Parts) -> None:
    first, second = rng.choice(list(parts)), rng.choice(list(parts))
    parts[first], parts[second] = parts[second], parts[first]


def _far_values(rng: Random, parts: Parts) -> None:
    """A value far out: a rectangle of any size."""
    row, column = rng.choice((50, 5000, 1_048_576, 1_048_577)), rng.choice(("A", "F", "ZZ", "XFD", "XFE"))
    far = f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row></sheetData>'
    parts[SHEET] = parts[SHEET].replace("</sheetData>", far)


KINDS: tuple[Callable[[Random, Parts], None], ...] = (
    _places, _kinds, _values, _styles, _tags, _dimension, _prologue, _part_lost, _parts_swapped, _far_values,
)  # fmt: skip
