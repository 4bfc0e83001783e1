"""Removing what a value's form carries by accident; shared by several kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Step = tuple[str, Callable[[pl.Series], pl.Series]]

# Format characters (zero-width, BOM, direction marks) and controls; blanks are none of them.
INVISIBLE: Final = r"[\p{Cf}\x{00}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}]"
NOTHING: Final = r"^[\s\p{Cf}\p{Cc}]*$"
UNKNOWN_WORDS: Final = (
    "无", "不详", "未知", "没有", "暂无", "不明", "未填", "待补", "空", "无此项", "未提供",
    "NULL", "NONE", "NIL", "NA", "N/A", "NAN", "#N/A", "UNKNOWN", "/", "\\", "-", "--", "—", "——",
)  # fmt: skip


def blank_to_null(raw: pl.Series) -> pl.Series:
    """Values that hold nothing but blanks and invisible characters become null."""
    return raw.set(raw.str.contains(NOTHING), None)


def narrowed(values: pl.Series) -> pl.Series:
    """NFKC: full-width and compatibility characters become plain ones."""
    return values.str.normalize("NFKC")


def without_invisible(values: pl.Series) -> pl.Series:
    """Zero-width, BOM, direction marks and control characters removed."""
    return values.str.replace_all(INVISIBLE, "")


def without_blanks(values: pl.Series) -> pl.Series:
    """Every blank removed, inner ones too."""
    return values.str.replace_all(r"\s+", "")


def tidied(raw: pl.Series, steps: Sequence[Step]) -> tuple[pl.Series, pl.Series]:
    """Run `steps`, the code of each and what it does, in their order.

    Returns:
        The tidied values and, of each, the code of the first listed step that changed it.
    """
    values, code = raw, pl.Series([None], dtype=pl.String).new_from_index(0, len(raw))
    for reason, step in steps:
        changed = step(values)
        code = code.zip_with(
            (changed == values).fill_null(value=True) | code.is_not_null(),
            pl.Series([reason]).new_from_index(0, len(raw)),
        )
        values = changed
    return values, code
