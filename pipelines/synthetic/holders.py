"""Properties and tenancies: one row for each holder of each."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.synthetic.columns import NEVER, column
from pipelines.synthetic.dice import Dice, Ints, Mask
from pipelines.synthetic.families import GRANDFATHER, GRANDMOTHER, HUSBAND, TODAY, WIFE, YEAR
from pipelines.synthetic.places import home
from pipelines.synthetic.records import choice
from pipelines.synthetic.states import County

OWN, SECOND_HOME, TENANCY, FIRM = range(4)
_PROPERTIES = 4  # of a family at most
_RATES = {False: (0.62, 0.07, 0.0, 0.012), True: (0.08, 0.0, 0.5, 0.0)}
_PUBLIC_RENTAL = 0.12
_ADULT = 18 * YEAR
_ORDER = {HUSBAND: 0, WIFE: 1, GRANDFATHER: 2, GRANDMOTHER: 3}


def holders(county: County, people: pl.DataFrame, day: int) -> pl.DataFrame:
    """Owners, joint owners and tenants; a few properties belong to firms (`nobody` is true)."""
    dice = county.dice
    adults = _adults(people)
    properties = _properties(dice, adults, day)
    rows = adults.join(properties, on="family", how="inner", maintain_order="left")
    rows = rows.filter((pl.col("rank") < pl.col("holders")) & (pl.col("left_on") > day))
    rows = rows.sort("person", "property", maintain_order=True)
    serial = dice.bits("serial of holder", column(rows, "person"), column(rows, "property"))
    rows = rows.with_columns(serial=pl.Series(serial), record=pl.Series(serial))
    return rows.with_columns(
        *_units(dice, column(rows, "property"), column(rows, "since_on")),
        *_firms(county, rows),
        _lessors(dice, rows, people),
    )


def _adults(people: pl.DataFrame) -> pl.DataFrame:
    """Grown-up members with their rank in the family: first the couple, then the elders."""
    adults = people.filter(pl.col("place").is_in(list(_ORDER)) & (pl.col("born_on") < TODAY - _ADULT))
    order = pl.col("place").replace_strict(_ORDER, return_dtype=pl.Int64)
    return adults.with_columns(rank=(order.rank("ordinal").over("family") - 1).cast(pl.Int64))


def _properties(dice: Dice, adults: pl.DataFrame, day: int) -> pl.DataFrame:
    families = adults.group_by("family", maintain_order=True).agg(
        pl.col("migrant").first(),
        pl.col("arrived_on").max(),
        grown_on=pl.col("born_on").max() + int(_ADULT) + 200,
    )
    each = families.join(pl.DataFrame({"which": list(range(_PROPERTIES))}), how="cross")
    family, which = column(each, "family"), column(each, "which")
    rates = np.array([_RATES[False], _RATES[True]])
    number = family * _PROPERTIES + which
    exists = dice.hit("property", rates[each["migrant"].cast(pl.Int64).to_numpy(), which], number)
    recorded = TODAY + dice.between("property recorded", -6000, 1800, number)
    given_up = np.maximum(TODAY, recorded) + 1 + dice.wait("given up", 9000, number)
    joint = dice.choose("form of ownership", (50, 42, 8), number)
    joint = np.where(which >= TENANCY, 0, joint)
    let = dice.hit("public rental", _PUBLIC_RENTAL, number) + 2
    each = each.with_columns(
        property=pl.Series(number),
        since_on=pl.max_horizontal(pl.Series(recorded), "arrived_on", "grown_on"),
        form=pl.Series(joint).cast(pl.String),
        holders=pl.Series(np.array([1, 2, 3])[joint]),
        tenure=pl.Series(np.where(which == TENANCY, let, 1)).cast(pl.String),
    ).drop("migrant", "arrived_on")
    return each.filter(pl.Series(exists & (given_up > day)) & (pl.col("since_on") <= day))


def _units(dice: Dice, number: Ints, recorded: Ints) -> list[pl.Series]:
    which = number % _PROPERTIES
    place = home(dice, number // _PROPERTIES, np.array([0, 7, 1, 9])[which])
    parcel = dice.below("parcel", 10**5, number)
    use = choice(["10", "20", "90"], dice.choose("use", (92, 6, 2), number))
    area = (600 + dice.below("area", 14_000, number)) / 100 + 50
    until = recorded + 365 * (1 + dice.below("term", 4, number))
    let = which == TENANCY
    year = (recorded.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970).tolist()
    certificate = [
        f"川({y})武胜县不动产权第{n % 10**7:07d}号" for y, n in zip(year, number.tolist(), strict=True)
    ]
    return [
        place["address"].alias("property_address"),
        place["address_code"].alias("property_code"),
        pl.Series(
            "unit",
            [
                f"511622{1 + n % 9:03d}{1 + n % 31:03d}GB{p:05d}F{n % 10**8:08d}"
                for n, p in zip(number.tolist(), parcel.tolist(), strict=True)
            ],
            dtype=pl.String,
        ),
        pl.Series("certificate", certificate, dtype=pl.String),
        use.alias("use"),
        pl.Series("area", area),
        pl.Series("is_let", let),
        pl.Series("term_until", until),
        pl.Series("business_number", [f"{n:011d}" for n in number.tolist()], dtype=pl.String),
    ]


def _firms(county: County, rows: pl.DataFrame) -> list[pl.Series]:
    """Holder's name and number where the holder is a firm, else blank."""
    number, which = column(rows, "property"), column(rows, "which")
    firm = county.dice.below("holding firm", len(county.firms), number)
    nobody: Mask = np.asarray(which == FIRM, dtype=np.bool_)
    officer = county.dice.hit("officer's card", 0.004, column(rows, "person"))
    card = "军字第" + pl.Series(column(rows, "person") % 9_000_000 + 1_000_000).cast(pl.String) + "号"
    kind = np.where(nobody, 7, np.where(officer, 6, 1))
    other = rows["document_code"].replace_strict({"01": 1, "02": 2, "03": 3}, return_dtype=pl.Int64)
    kind = np.where(kind == 1, other.to_numpy(), kind)
    firms = county.firms[firm]
    name, code = firms["firm_name"], firms["firm_code"]
    shown = pl.select(
        holding_firm=pl.when(pl.Series(nobody)).then(name).otherwise(pl.lit("")),
        other_number=pl.when(pl.Series(nobody))
        .then(code)
        .when(pl.Series(officer))
        .then(card)
        .otherwise(pl.lit("")),
    )
    return [
        *shown.get_columns(),
        pl.Series("document_kind", kind).cast(pl.String),
        pl.Series("nobody", nobody),
        pl.Series("sex_known", np.where(nobody, 0, column(rows, "sex"))),
        pl.Series("birth_known", np.where(nobody, NEVER, column(rows, "born_on"))),
        (column_text(rows, "rank")).alias("order"),
        share_text(rows).alias("share"),
    ]


def column_text(rows: pl.DataFrame, name: str) -> pl.Series:
    """A counted-from-one number as text."""
    return (rows[name] + 1).cast(pl.String)


def share_text(rows: pl.DataFrame) -> pl.Series:
    """Share of each holder, said only where property is held by shares."""
    count = pl.len().over("property")
    shares = (
        pl.when(count == 1)
        .then(pl.lit("100%"))
        .when(count == 2)
        .then(pl.lit("50%"))
        .otherwise(pl.lit("33.33%"))
    )
    return rows.select(pl.when(pl.col("form") == "1").then(pl.lit("")).otherwise(shares)).to_series()


def _lessors(dice: Dice, rows: pl.DataFrame, people: pl.DataFrame) -> pl.Series:
    """Somebody settled in the county lets the dwelling."""
    settled = people.filter(~pl.col("migrant") & (pl.col("place") == HUSBAND))["present_id"]
    if settled.is_empty():
        return pl.Series("lessor_id", [""] * len(rows), dtype=pl.String)
    drawn = settled.gather(pl.Series(dice.below("lessor", len(settled), column(rows, "property"))))
    shown = pl.when(pl.Series(column(rows, "which") == TENANCY)).then(drawn).otherwise(pl.lit(""))
    return pl.select(shown.alias("lessor_id")).to_series()
