"""Text as departments send it: codes of GB 18030-2000, control characters, spare blanks."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.unique_values import on_unique_values

STRIPPED, REMAPPED, PRIVATE_USE, REPLACED = "PB-TX-001", "PB-TX-002", "PB-TX-010", "PB-TX-011"

# CPython's gb18030 codec is the edition of 2000: these 25 codes decode to the private use area
# where glibc (and GB 18030-2005, -2022) give a real character. Measured over all two-byte codes.
GB18030_REMAP: Final = {
    "\ue78d": "\ufe10", "\ue78e": "\ufe12", "\ue78f": "\ufe11", "\ue790": "\ufe13",
    "\ue791": "\ufe14", "\ue792": "\ufe15", "\ue793": "\ufe16", "\ue794": "\ufe17",
    "\ue795": "\ufe18", "\ue796": "\ufe19", "\ue7c7": "\u1e3f",
    "\ue816": "\U00020087", "\ue817": "\U00020089", "\ue818": "\U000200cc",
    "\ue81e": "\u9fb4", "\ue826": "\u9fb5", "\ue82b": "\u9fb6", "\ue82c": "\u9fb7",
    "\ue831": "\U000215d7", "\ue832": "\u9fb8", "\ue83b": "\U0002298f", "\ue843": "\u9fb9",
    "\ue854": "\u9fba", "\ue855": "\U000241fe", "\ue864": "\u9fbb",
}  # fmt: skip
_REMAPPED: Final = f"[{''.join(GB18030_REMAP)}]"


def repair_gb18030(texts: pl.Series) -> pl.Series:
    """The 25 private-use characters of GB 18030-2000 made real; all else is left alone."""
    if not texts.str.contains(_REMAPPED).any():
        return texts
    return texts.str.replace_many(GB18030_REMAP)


def standardise_texts(raw: pl.Series) -> pl.DataFrame:
    """Free text: `value` without controls, zero-width characters and outer blanks; `code`."""
    return on_unique_values(raw, _standardise)


def _standardise(raw: pl.Series) -> pl.DataFrame:
    value, tidy_code = cleaning.tidied(
        cleaning.blank_to_null(raw),
        (
            (REMAPPED, repair_gb18030),
            (STRIPPED, lambda texts: cleaning.without_invisible(spaced(texts))),
        ),
    )
    code = (
        pl.when(value.str.contains("\ufffd")).then(pl.lit(REPLACED))
        .when(value.str.contains(r"\p{Co}")).then(pl.lit(PRIVATE_USE))
        .otherwise(tidy_code)
    )  # fmt: skip
    return pl.select(value=value, code=code)


def spaced(texts: pl.Series) -> pl.Series:
    """Runs of blanks, tabs and line breaks become one blank; outer ones go."""
    return texts.str.replace_all(r"\s+", " ").str.strip_chars()
