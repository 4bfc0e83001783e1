"""What the workbooks share that go out to be filled in and come back: no formulas, choices, print, a guide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pipelines.report.basics import Language

NO_FORMULAS: Final = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
"""Options of xlsxwriter's Workbook."""
LONGEST_CELL: Final = 1000
_A4: Final = 9


def finish(
    sheet: Any, header: int, rows: int, columns: Sequence[str], choice: tuple[str, Collection[str]]
) -> None:
    """Offer the choices in their column, filter and keep the header in sight, print on A4 as wide as a page.

    Args:
        sheet: of xlsxwriter.
        header: the header's row from 0.
        rows: rows below it.
        columns: their names.
        choice: the column that is filled in by choosing, and what there is to choose.
    """
    name, choices = choice
    last, place = max(1, rows) + header, columns.index(name)
    sheet.data_validation(header + 1, place, last, place, {"validate": "list", "source": list(choices)})
    sheet.autofilter(header, 0, last, len(columns) - 1)
    sheet.freeze_panes(header + 1, 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(header)


def add_guide(book: Any, words: Mapping[str, Any], language: Language) -> None:
    """A second sheet that says how to fill in the first."""
    sheet = book.add_worksheet(words["guide"][language])
    sheet.set_column(0, 0, 110)
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, line in enumerate(words["lines"]):
        sheet.write_string(place, 0, f"{place + 1}. {line[language]}", wrapped)
