"""What a blocking rule may name of what units say: whole values, and parts of them that survive a slip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from pipelines.linkage.neighbours import slip_keys

if TYPE_CHECKING:
    from pipelines.linkage.attributes import Attributes
    from pipelines.linkage.policy import Part

Spelling = Literal["none", "whole", "short"]
_NAMES: Final = {"name": "name_key", "sound": "name_sound", "surname": "surname"}
_HEAD, _TAIL = 6, 4  # digits of a telephone number; the last four of a citizen ID too
_YEAR: Final = 4
_DIVISION: Final = 6  # digits of a citizen ID
_ROUNDED: Final = 15  # digits that a spreadsheet keeps of a number


def part(table: Attributes, name: Part, spelled: Spelling) -> pl.DataFrame:
    """unit, value (a text, or a hash of one): one kind of what units say, distinct, without nulls.

    Args:
        table: what the units say.
        name: `name` and former names, `sound` of the name, `surname` by its sound with near ones folded, `birth` date,
            telephone_head and telephone_tail (six and four digits), number_slip (equal for citizen IDs one slip apart),
            number_same (faulty ones as they stand), number_head (15 digits), number_ends (the six and four that masks
            leave); else a comparison's values.
        spelled: which forms of numbers are looked for.
    """
    if name in _NAMES:
        return _distinct(table.names, pl.col(_NAMES[name]))
    if name.startswith("birth"):
        born = pl.col("value").cast(pl.String)
        return _distinct(table.births, born if name == "birth" else born.str.head(_YEAR))
    if name.startswith("number"):
        return _number_part(_numbers(table.numbers, spelled), name)
    if name.startswith("telephone_"):
        digits = pl.col("value")
        return _distinct(
            table.values["telephone"],
            digits.str.head(_HEAD) if name.endswith("head") else digits.str.tail(_TAIL),
        )
    return table.values[name].select("unit", "value")


def spelling(numbers: pl.DataFrame) -> Spelling:
    """Which forms of usable numbers the faulty ones ask for: none, as they are, or of 15 digits too."""
    faulty = numbers.filter(~pl.col("is_usable"))["number"].str.len_bytes()
    if faulty.is_empty():
        return "none"
    return "short" if int(faulty.min()) <= _ROUNDED + 1 else "whole"  # type: ignore[arg-type]


def short_form(numbers: pl.Series) -> pl.Series:
    """The 15 digits that an 18-digit number was before 1999; null where born since 2000."""
    short = numbers.str.slice(0, 6) + numbers.str.slice(8, 9)
    old = (numbers.str.len_bytes() == 18) & (numbers.str.slice(6, 2) == "19")
    return pl.select(pl.when(old).then(short)).to_series()


def _numbers(numbers: pl.DataFrame, spelled: Spelling) -> pl.DataFrame:
    """The numbers in all forms that are looked for."""
    if spelled == "none":
        return numbers.clear()
    if spelled == "whole":
        return numbers
    old = numbers.filter("is_usable").with_columns(pl.col("number").map_batches(short_form, pl.String))
    return pl.concat([numbers, old.drop_nulls()])


def _number_part(numbers: pl.DataFrame, name: Part) -> pl.DataFrame:
    if name == "number_slip":
        return slip_keys(numbers.select("unit", "number")).rename({"key": "value"})
    if name == "number_same":
        return _distinct(numbers.filter(~pl.col("is_usable")), pl.col("number"))
    number = pl.col("number")
    if name == "number_ends":
        whole = numbers.filter(number.str.len_bytes() == 18)
        ends = number.str.head(_DIVISION) + number.str.tail(_TAIL)
        return _distinct(whole, pl.when(~ends.str.contains("*", literal=True)).then(ends))
    return _distinct(numbers.filter(number.str.len_bytes() > _ROUNDED), number.str.head(_ROUNDED))


def _distinct(frame: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    return frame.select("unit", value=value).drop_nulls().unique()
