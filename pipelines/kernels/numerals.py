"""Chinese numerals up to 999 as Arabic ones."""

from __future__ import annotations

import re
from typing import Final

NUMERAL: Final = "[〇○零一二三四五六七八九十百]"
_DIGITS: Final = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_PLACES: Final = re.compile(r"(?:([1-9])百)?0?(?:([1-9]?)十)?([0-9]?)")


def as_digits(numeral: str) -> str:
    """五〇一 is 501, 十二 is 12, 一百零三 is 103; what is no number stays as it is."""
    text = numeral.translate(_DIGITS)
    if text.isdecimal():
        return text
    found = _PLACES.fullmatch(text)
    if found is None:
        return numeral
    hundreds, tens, ones = found.groups()
    tens = "0" if tens is None else tens or "1"
    return str(int(f"{hundreds or 0}{tens}{ones or 0}"))
