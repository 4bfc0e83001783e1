"""What of an address can be compared cheaply: its end, spelt one way."""

from __future__ import annotations

from typing import Final

import polars as pl

_ABOVE_TOWNSHIP: Final = (
    r"^.*?(自治区|省|特别行政区)|^.{2,8}?(自治州|地区|市|盟)|^.{1,8}?(自治县|县|旗)"
    r"|^[^镇乡村路街]{1,6}?[^社小园业]区"  # 城北社区 and 锦绣小区 are no districts
)
_TOWNSHIP: Final = r"^[^0-9]{1,6}?(?:街道|镇|乡)(?P<rest>[^0-9]{2,}[0-9])"
_PARTS: Final = r"(号楼|号院|号|栋|幢|座|单元|室|楼|层|组|社|队|户|房|[-—–－#/\\·,，.、])+"
_DIGITS: Final = r"[0-9]"


def address_keys(addresses: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """(whole, street) of addresses.

    `whole`: without province, city and county, every word for house, unit and room one dash:
    `沿口镇人民路12号3栋2单元501室` and `人民路…12-3-2-501` under one township are equal. Null
    where no number tells the house. `street`: what stands before the first number, without the township, which
    many leave out.
    """
    plain = addresses.str.normalize("NFKC").str.replace_all(r"\s+", "")
    for _ in range(3):
        plain = plain.str.replace(_ABOVE_TOWNSHIP, "")
    parted = plain.str.replace_all(_PARTS, "-").str.strip_chars("-")
    whole = pl.when(parted.str.contains(_DIGITS)).then(parted)
    street = plain.str.replace(_TOWNSHIP, "${rest}").str.extract(r"^([^0-9]{2,})[0-9]", 1)
    return whole, street
