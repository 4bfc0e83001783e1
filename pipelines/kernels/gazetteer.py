"""Addresses by a gazetteer: which township and community an address names, and its parts down to the room.

A county's own extracts mostly leave out province and city, and often the township where the village says it. So the
names are looked up level by level, each at the beginning of what the level above left, longest name first; a level
that is not written is filled in from below where only one place bears the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.errors import ContractError, Fault
from pipelines.kernels.unique_values import on_unique_values

LEVELS: Final = {"province": 2, "city": 4, "division": 6, "township": 9, "community": 12}
"""Digits of a code of each level: GB/T 2260 for the first three, GB/T 10114 and the statistical codes below."""
PARTS: Final = {
    "road": r"^(\p{Han}{1,10}?(?:大道|胡同|路|街|巷|弄|里|坊|道))",
    "group": r"([0-9]+)组",
    "plate": r"(?:^|[^0-9-])([0-9]+(?:-[0-9]+)?)号",
    "building": r"([0-9A-Za-z]+)幢",
    "unit": r"([0-9]+)单元",
    "floor": r"([0-9]+)(?:层|楼)",
    "room": r"([0-9A-Za-z]+)室",
}
"""Below the community, as `addresses.standardise_addresses` spells it."""
COLUMNS: Final = ("division_code", "township_code", "community_code", *PARTS)
_SHORT: Final = {
    "province": ((r"(?:维吾尔|壮族|回族)?自治区$|省$|市$|特别行政区$", ""),),
    "city": ((r"市$|地区$|盟$", ""),),
    "community": ((r"村?村(?:民委员会|委会|民委)$", "村"), (r"(?:社区)?居(?:民委员会|委会|民委)$", "社区")),
}
"""What else a place of a level is called: what to put for which ending."""
_SHORTEST: Final = 2
_GAPS: Final = r"^[,，、\s-]+"


@dataclass(frozen=True)
class Gazetteer:
    """Names of places by level.

    Attributes:
        names: of each level of LEVELS: `name` and `code`, a line each; several names may mean one place, and one name
            several places.
    """

    names: dict[str, pl.DataFrame]


def load_gazetteer(path: Path) -> Gazetteer | None:
    """Read a CSV with the columns `code` (2, 4, 6, 9 or 12 digits) and `name`; None where there is no such file.

    A code may stand on several lines: an old name, another writing.

    Raises:
        ContractError: a column is missing, or a code has another number of digits.
    """
    return _load(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=4)
def _load(path: Path, _written_at: int) -> Gazetteer:
    try:
        places = pl.read_csv(path, infer_schema=False, columns=["code", "name"])
    except pl.exceptions.PolarsError:
        raise ContractError([Fault(path.name, "header", "needs the columns code and name")]) from None
    digits = places["code"].str.len_chars()
    odd = ~places["code"].str.contains("^[0-9]+$") | ~digits.is_in(list(LEVELS.values()))
    if odd.any():
        told = "a code has 2, 4, 6, 9 or 12 digits"
        raise ContractError(
            [Fault(path.name, f"line {row + 2}", told) for row in odd.arg_true().to_list()[:20]]
        )
    return gazetteer_of(places)


def gazetteer_of(places: pl.DataFrame) -> Gazetteer:
    """A gazetteer of `code` and `name`; usual short forms of the names are added."""
    return Gazetteer(
        {
            level: _with_short_forms(places.filter(pl.col("code").str.len_chars() == digits), level)
            for level, digits in LEVELS.items()
        }
    )


def _with_short_forms(places: pl.DataFrame, level: str) -> pl.DataFrame:
    """广安市 is also 广安, 四川省 四川; a committee's name is also its village's or community's."""
    short = pl.col("name")
    for ending, other in _SHORT.get(level, ()):
        short = short.str.replace(ending, other)
    also = places.select(short.alias("name"), "code").filter(pl.col("name").str.len_chars() >= _SHORTEST)
    return pl.concat([places.select("name", "code"), also]).unique().sort("name", "code")


def parse_addresses(addresses: pl.Series, gazetteer: Gazetteer) -> pl.DataFrame:
    """Parts of standardised addresses: COLUMNS, all text; null where an address does not say.

    Args:
        addresses: as `addresses.standardise_addresses` gives them.
        gazetteer: the places that are known.
    """
    return on_unique_values(addresses, lambda values: _parse(values, gazetteer))


def _parse(addresses: pl.Series, gazetteer: Gazetteer) -> pl.DataFrame:
    rest = addresses
    said: dict[str, pl.Series] = {}
    for level in LEVELS:
        said[level] = _said_here(rest, level, gazetteer)
        rest = _behind(rest, said[level])
    codes = _codes(said, gazetteer, addresses.len())
    parts = pl.DataFrame({"rest": rest}).select(
        pl.col("rest").str.extract(pattern).alias(name) for name, pattern in PARTS.items()
    )
    return pl.concat([codes, parts], how="horizontal").select(COLUMNS)


def _said_here(rest: pl.Series, level: str, gazetteer: Gazetteer) -> pl.Series:
    """The level's name at the beginning of each text, unless a longer one of a level below stands there: 广安 in 广安区."""
    found = _longest(rest, gazetteer.names[level]["name"])
    below = [gazetteer.names[name]["name"] for name, digits in LEVELS.items() if digits > LEVELS[level]]
    if not below or found.is_null().all():
        return found
    met = rest.filter(found.is_not_null())
    deeper = pl.Series([0] * rest.len(), dtype=pl.UInt32)
    lengths = _longest(met, pl.concat(below)).str.len_chars().fill_null(0)
    deeper = deeper.scatter(found.is_not_null().arg_true(), lengths)
    return found.set((deeper > found.str.len_chars()).fill_null(value=False), None)


def _longest(texts: pl.Series, names: pl.Series) -> pl.Series:
    """The longest of the names each text begins with, or null."""
    found = pl.Series([None] * texts.len(), dtype=pl.String)
    lengths = names.str.len_chars()
    for length in sorted(set(lengths.to_list()), reverse=True):
        start = texts.str.slice(0, length)
        known = start.is_in(names.filter(lengths == length).implode()) & found.is_null()
        found = start.zip_with(known.fill_null(value=False), found)
    return found


def _behind(texts: pl.Series, names: pl.Series) -> pl.Series:
    length = names.str.len_chars().fill_null(0)
    left = pl.select(texts.str.slice(length)).to_series()
    return left.str.replace(_GAPS, "")


def _codes(said: dict[str, pl.Series], gazetteer: Gazetteer, height: int) -> pl.DataFrame:
    """division_code, township_code, community_code: from above where it is written, else from below.

    A name that several places bear counts only within the place that is known above it.
    """
    known = pl.Series([""] * height, dtype=pl.String)
    found: dict[str, pl.Series] = {}
    for level in LEVELS:
        found[level] = _place(said[level], known, gazetteer.names[level])
        known = found[level].fill_null(known)
    return pl.DataFrame(
        {
            f"{level}_code": _cut(known, found[level], LEVELS[level])
            for level in ("division", "township", "community")
        }
    )


def _place(names: pl.Series, above: pl.Series, places: pl.DataFrame) -> pl.Series:
    """The one code of that name below the place above, or null."""
    asked = pl.DataFrame({"name": names, "above": above}).with_row_index("row")
    met = asked.join(places, on="name").filter(pl.col("code").str.starts_with(pl.col("above")))
    alone = met.filter(pl.len().over("row") == 1).select("row", "code")
    return asked.join(alone, on="row", how="left", maintain_order="left")["code"]


def _cut(known: pl.Series, found: pl.Series, digits: int) -> pl.Series:
    """A level's code: its own, or the beginning of the longest code below it."""
    deeper = known.str.slice(0, digits).set(known.str.len_chars() < digits, None)
    return found.fill_null(deeper)
