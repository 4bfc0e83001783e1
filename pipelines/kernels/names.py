"""Names of persons: one spelling, a comparison key, a sound, and whether characters were lost."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.kernels import cleaning
from pipelines.kernels.name_folding import folded_name
from pipelines.kernels.name_sounds import name_sound
from pipelines.kernels.texts import repair_gb18030
from pipelines.kernels.unique_values import on_unique_values

DOTS, WIDTH, BLANKS, INVISIBLE = "PB-NM-001", "PB-NM-002", "PB-NM-003", "PB-NM-004"
VARIANT = "PB-NM-005"
REPLACED, PINYIN, PRIVATE_USE, DESCRIBED = "PB-NM-010", "PB-NM-011", "PB-NM-012", "PB-NM-013"
NEWBORN, UNKNOWN, SINGLE, SIGNS, TOO_LONG = (
    "PB-NM-020", "PB-NM-021", "PB-NM-022", "PB-NM-023", "PB-NM-024"
)  # fmt: skip
NAME_DOT: Final = "·"
LONGEST: Final = 50

# 民委发〔2016〕33号 allows U+00B7 only; these are met in its place between Chinese characters.
_DOTS: Final = r"[·•‧・･∙⋅●.．。,，、\-－—―–_˙▪◦ᐧ᛫\x{10101}|/]"
_SELECTORS: Final = r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]"
_UNKNOWN_NAMES: Final = (
    *cleaning.UNKNOWN_WORDS, "无名", "无名氏", "佚名", "未取名", "未命名", "未起名", "无姓名",
)  # fmt: skip


def standardise_names(raw: pl.Series) -> pl.DataFrame:
    """Standardise names of persons; one row a value, in order.

    Returns:
        `value`: the canonical spelling: NFKC width, the name dot U+00B7, no blanks in Chinese
        names, Latin names in capitals with single blanks; null where nobody is named.
        `code`: the most telling reason code.
        `key`: for comparison: traditional and variant characters folded, no dots, no blanks.
        `sound`: toneless pinyin, syllables joined by a blank.
        `is_degraded`: a character was lost or stands for nobody's name; compare with care.
    """
    return on_unique_values(raw, _standardise)


def _standardise(raw: pl.Series) -> pl.DataFrame:
    given = cleaning.blank_to_null(raw)
    value, tidy_code = cleaning.tidied(
        given,
        (
            (INVISIBLE, _without_invisible),
            (BLANKS, lambda names: names.str.strip_chars()),
            (DOTS, _with_name_dots),  # before NFKC, which splits U+02D9 in two
            (BLANKS, lambda names: names.str.replace_all(r"\s", " ")),
            (WIDTH, lambda names: cleaning.narrowed(repair_gb18030(names))),
            (DOTS, _with_name_dots),
            (BLANKS, _without_spare_blanks),
        ),
    )  # fmt: skip
    value = _with_capitals(value)
    key = pl.Series([name and folded_name(name) for name in value], dtype=pl.String)
    code = pl.select(_code(value, pl.coalesce(tidy_code, _variant_code(value, key)))).to_series()
    is_nobody = (code == UNKNOWN).fill_null(value=False)
    value, key = value.set(is_nobody, None), key.set(is_nobody, None)
    return pl.DataFrame({
        "value": value,
        "code": code,
        "key": key,
        "sound": pl.Series([name and name_sound(name) for name in value], dtype=pl.String),
        "is_degraded": code.is_in(_DEGRADING).fill_null(value=False) & value.is_not_null(),
    })  # fmt: skip


_DEGRADING: Final = (REPLACED, PINYIN, PRIVATE_USE, DESCRIBED, NEWBORN, SINGLE, SIGNS)


def _without_invisible(names: pl.Series) -> pl.Series:
    return cleaning.without_invisible(names.str.replace_all(_SELECTORS, ""))


def _with_name_dots(names: pl.Series) -> pl.Series:
    """Between Chinese characters every spelling is the dot; at the ends it is dirt.

    So is a blank between two names of five characters together: no Han name is that long.
    """
    chinese = names.str.contains(r"\p{Han}").fill_null(value=False)
    dotted = (
        names.str.replace_all(rf"(\p{{Han}})\s*{_DOTS}+\s*", f"${{1}}{NAME_DOT}")
        .str.replace_all(rf"\s*{_DOTS}+\s*(\p{{Han}})", f"{NAME_DOT}${{1}}")
        .str.replace(r"^(\p{Han}{2,})\s+(\p{Han}{3,}|\p{Han}{2,}·)", f"${{1}}{NAME_DOT}${{2}}")
        .str.replace(r"^(\p{Han}{3,})\s+(\p{Han}{2,})", f"${{1}}{NAME_DOT}${{2}}")
        .str.strip_chars(NAME_DOT)
    )
    return names.zip_with(~chinese, dotted)


def _without_spare_blanks(names: pl.Series) -> pl.Series:
    chinese = names.str.contains(r"\p{Han}").fill_null(value=False)
    single = names.str.replace_all(r"\s+", " ").str.strip_chars()
    return single.zip_with(~chinese, cleaning.without_blanks(names))


def _with_capitals(names: pl.Series) -> pl.Series:
    chinese = names.str.contains(r"\p{Han}").fill_null(value=False)
    return names.zip_with(chinese, names.str.to_uppercase())


def _variant_code(names: pl.Series, keys: pl.Series) -> pl.Expr:
    """Where the key has another character than the name: a traditional one, or another glyph."""
    plain = names.str.replace_all(r"[·\-.' ’]", "")
    return pl.when((plain != keys).fill_null(value=False)).then(pl.lit(VARIANT))


def _code(names: pl.Series, tidy_code: pl.Expr) -> pl.Expr:
    """The code of what is wrong with a name, the most telling first."""
    has = names.str.contains
    chinese = has(r"\p{Han}")
    return (
        pl.when(names.is_null() | names.str.to_uppercase().is_in(_UNKNOWN_NAMES)).then(
            pl.when(names.is_not_null()).then(pl.lit(UNKNOWN)))
        .when(has("之(长|次|大|小|双胞)?[子女婴]$|^新生儿|新生儿$")).then(pl.lit(NEWBORN))
        .when(has(r"[?□■▢☐〓\x{FFFD}*#]")).then(pl.lit(REPLACED))
        .when(has(r"\p{Co}")).then(pl.lit(PRIVATE_USE))
        .when(has(r"[()\[\]{}〔〕【】]")).then(pl.lit(DESCRIBED))
        .when(chinese & has("[A-Za-z]")).then(pl.lit(PINYIN))
        .when(has(r"[^\p{L}\p{M}〇·\-.,' ’]")).then(pl.lit(SIGNS))
        .when(names.str.len_chars() > LONGEST).then(pl.lit(TOO_LONG))
        .when(chinese & (names.str.len_chars() == 1)).then(pl.lit(SINGLE))
        .otherwise(tidy_code)
    )  # fmt: skip
